"""What the values of weights show, once it is known where the keys are."""

from math import prod

from helpers.inspection.shapes import each_image, rules
from helpers.inspection.shapes.families import problem, read_toml, say
from helpers.inspection.shapes.report import BY_PLACE, Candidate
from helpers.inspection.shapes.rows import Rows
from helpers.inspection.shapes.softmax import is_half, sample, softmax_axes, tolerance
from helpers.inspection.shapes.unequal_rules import UNEQUAL
from helpers.maps.token_layout import TokenLayout

PARTS, FALL = 8, 8  # of the keys; how much less the last part has than the first
FEW = 64  # heads or layers
MOST_FRONT = 9  # keys in front that are no cells: class tokens, registers
SINK = 0.3  # share of all weight that makes one key a sink


def sampled(report, values, keys):
    """The values, or a sample of many; whole where some of them are no numbers."""
    square = values.dim() > 1 and values.shape[-1] == values.shape[-2]
    keep = (-2, -1) if keys is None or square else (keys,)
    found = sample(values, keep) if values.sum().isfinite() else values
    if found.numel() < values.numel():
        report.looked_at += f" (a sample of {tuple(found.shape)})"
    return found


def map_as_row(report, values):
    """Maps (..., h, w): their layout, and their values as rows that sum to 1, where
    they may be weights without some of the keys."""
    layout = TokenLayout.from_grid(*report.shape[-2:])
    report.candidates = [Candidate(layout, "the last two axes are the grid already")]
    if values is None:
        return None
    values = values.flatten(-2)  # (..., N)
    total = values.sum(-1, keepdim=True)  # (..., 1)
    low, most = values.nan_to_num().min(), total.nan_to_num().max()
    cut = low >= 0 and 0 < most <= 1 + tolerance(values)
    if not cut or softmax_axes(values) == (values.dim() - 1,):
        return values
    low = total[total > 0].min()
    report.notes.append(say("rest", low=low.item(), high=most.item()))
    return values / total.where(total > 0, 1)


def look(report, values, keys, misplaced):
    """What the values show: problems, sinks, queries that look at nothing."""
    names = [axis.name for axis in report.axes]
    if "words" in names:
        over = names.index("words")
        total = values.nan_to_num().sum(over)  # (..., N)
        low, high = total.min(), total.max()
        kind = "over words" + ", cut" * bool(low < 1 - tolerance(values))
        report.notes.append(say(kind, T=report.shape[over], low=low, high=high))
        return
    rows = Rows(values, keys, names[-1] == "columns", "heads" in names)
    if report.what in read_toml("doctor.toml")["problem"]:
        numbers = {"least": values.min().item(), "most": values.max().item()}
        report.problems.append(problem(report.what, **numbers))
    elif not misplaced:
        report.problems += find_problems(rows)
    asked = [a for a in report.axes if a.name == "queries" and a.evidence != BY_PLACE]
    averaged = not asked and report.queries < FEW  # the axis may hold heads
    if averaged and not report.problems and early_keys(rows):
        report.problems.append(problem("early keys", N=rows.N))
    if report.problems:
        heads = any(found.kind == "folded heads" for found in report.problems)
        report.candidates = [] if heads else report.candidates  # keys and heads count
        return
    if rows.blind.any():
        report.notes.append(say("blind", count=int(rows.blind.sum())))
    if kept := rules.few_kept(rows):
        report.notes.append(say("kept", **kept))
    some = " of the sample" * (values.numel() < prod(report.shape))
    say_sinks(report, rows, keys, some + " where queries see many keys" * report.causal)


def say_sinks(report, rows, axis, some):
    """Put the sinks on the report, and what a few keys off the grid hold together."""
    sinks = find_sinks(rows, report.causal)
    report.sinks = [key for key, *_ in sinks]
    numbers = {"some": some, "axis": axis, "keys": report.sinks}
    for key, share, least in sinks:
        where = drawn_as(key, each_image.each(report.candidates))
        which = "whatever the query" if least > share / 2 else f"at least {least:.0%}"
        own = {"key": key, "share": share, "which": which, "where": where}
        report.notes.append(say("sink", **own, **numbers))
    if not sinks and (share := off_the_grid(report, rows)) > SINK:
        report.notes.append(say("held", n=report.best.off_grid, share=share))


def drawn_as(key, candidates):
    """Where a key is drawn with these layouts, one for each image, in words."""
    found = [(c.layout.index == key).nonzero().tolist() for c in candidates]
    if not any(found):
        return "off the grid"
    if any(place != found[0] for place in found):
        return "elsewhere in each picture"
    return f"drawn as cell {tuple(found[0][0])}"


def find_problems(rows):
    """The Problems of Rows: NaN, and what the first rule that holds says."""
    found = not_finite(rows)
    if not rows.finite.any():
        return found
    if not len(rows.whole):
        return [*found, problem("zeros")]
    off = (rows.sums - 1).abs().max() > rows.allowed
    equal = () if found else rules.EQUAL if len(rows.seen) else rules.NARROW
    fitting = rules.SIGNED if rows.least < -1e-6 else UNEQUAL if off else equal
    for kind, test in (*rules.ALWAYS, *fitting):
        if numbers := test(rows):
            more = numbers if isinstance(numbers, dict) else {}
            return [*found, problem(kind, **(vars(rows) | more))]
    return found


def early_keys(rows):
    """True if key 0 has the most, and the others the less, the later they stand."""
    size = (rows.N - 1) // PARTS
    if rows.grid or size < 4:
        return False
    mean = rows.whole.mean(0)  # (N,)
    parts = mean[1 : 1 + size * PARTS].reshape(PARTS, size).sum(-1)  # (PARTS,)
    fall = bool((parts[1:] < parts[:-1]).all()) and parts[0] > FALL * parts[-1]
    return fall and mean[0] == mean.max()


def off_the_grid(report, rows):
    """The share of all weight on a few keys that are no cells (class token, registers);
    0 where there are none, or many."""
    best = report.best
    if best is None or best.kind != "cells" or not 0 < best.off_grid <= MOST_FRONT:
        return 0
    if best.images:
        return 0  # other keys are the cells of other images
    each = rows.whole.sum(0)  # (N,)
    return 1 - (each[best.layout.index.flatten()].sum() / each.sum()).item()


def not_finite(rows):
    """NaN and infinity: where, and whether half precision can have made them."""
    bad = ~rows.all.isfinite()  # (..., N)
    if not bad.any():
        return []
    count = f"{int(bad.sum())} of {rows.values.numel()}"
    whole = bad.all(-1).sum() == (~rows.finite).sum()
    where = "whole rows of keys" if whole else "single weights"
    which = rows.confined(~rows.finite)
    where += f", at {which}" * bool(which)
    kind = "nan, half precision" if is_half(rows.values) else "nan"
    return [problem(kind, count=count, where=where)]


def find_sinks(rows, causal):
    """Keys that hold much of the weight whatever the query: [(key, share, the least of
    nearly all queries)]; of a causal prompt, of the later half of its queries."""
    whole = rows.whole  # (rows, N)
    if causal and rows.square is not None:  # early queries see few keys
        whole = rows.square[:, rows.N // 2 :].flatten(0, 1)
    whole = whole[whole.sum(-1) > 0.5]  # (rows, N), without NaN
    if rows.all.dim() < 2 or rows.N < 3 or len(whole) < 4:
        return []
    share = whole.mean(0)  # (N,)
    least = whole.double().quantile(0.2, dim=0) if whole.numel() < 2**24 else share
    enough = (share > max(SINK, 10 / rows.N)) & (least > SINK / 3)
    keys = enough.nonzero()[:, 0].tolist()
    return [(key, share[key].item(), whole[:, key].min().item()) for key in keys]
