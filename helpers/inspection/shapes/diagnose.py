"""The shape doctor: what a weights tensor is, and what is wrong with it."""

from dataclasses import replace

from torch import nn

from helpers.inspection.shapes import softmax
from helpers.inspection.shapes.apply_rules import look, map_as_row, sampled
from helpers.inspection.shapes.axis_names import name_axes
from helpers.inspection.shapes.contradictions import check_named, open_axes, other_keys
from helpers.inspection.shapes.entries import add_others
from helpers.inspection.shapes.facts import SMALLEST, Facts
from helpers.inspection.shapes.families import UNKNOWN, problem, say
from helpers.inspection.shapes.features import labels
from helpers.inspection.shapes.inputs import as_views, usual_input
from helpers.inspection.shapes.key_axis import find_keys, over_words
from helpers.inspection.shapes.modules import image_tokens, name_of
from helpers.inspection.shapes.not_weights import instead_of_weights
from helpers.inspection.shapes.proposals import fit_keys
from helpers.inspection.shapes.queries import words_that_ask
from helpers.inspection.shapes.questions import next_line, open_grid
from helpers.inspection.shapes.report import Axis, Candidate, Known
from helpers.inspection.shapes.unpack import unpack


def diagnose(
    weights,
    image_size=None,
    patch_size=None,
    layout=None,
    *,
    batch=None,
    heads=None,
    queries=None,
    layers=None,
    words=None,
    model=None,
    read_tokens=None,
    **run,
):
    """A Report: what a weights tensor is, which layouts fit (a number of keys makes
    proposals, and proves none), and what is wrong.

    weights: a tensor or array; a list, tuple or dict of them, as models return it; what
    `capture_attention` captured; or a bare shape (a tuple of ints), without values.
    image_size: (H, W) of the model's input in pixels (of one tile, if there are tiles).
    patch_size: pixels from one cell to the next, an int or (down, across).
    layout: a TokenLayout, if you know it.
    batch, heads, queries, layers, words (of a text; or a list of them): counts that you
    know, whichever axis has them. model: a name, which tells missing sizes, or the
    module, to be probed; read_tokens: for `probe_layout`. These need image_size.
    run: merge, frames, tiles, text, input_ids, image_token, grid_thw, spatial_shapes:
    what you know of the run, see `Facts`.
    Raises TypeError for other weights or facts, ValueError for a size below 1.
    """
    counts = {"batch": batch, "heads": heads, "queries": queries, "layers": layers}
    words = len(words) if isinstance(words, list | tuple) else words
    known = {"name": name_of(model), "words": words} | counts | run
    facts = as_views(known, image_size) | image_tokens(model, **run)
    facts = Facts(image_size, patch_size, **facts)
    probed, plain = (model, read_tokens, run.get("input_ids")), (facts.name, None, None)
    report = report_of(weights, facts, layout, probed)
    entries = report.others.items()
    add_others(report, {n: report_of(w, facts, None, plain) for n, w in entries})
    return report


def report_of(weights, facts, layout, probed):
    """The Report of a tensor, or of the last of several. probed: (model, read_tokens,
    input_ids)."""
    report, values = unpack(weights)
    values, axis = softmax.without_placeholder(values)
    report.notes += [say("placeholder", axis=axis)] * (axis is not None)
    if report.shape == () or 0 in (report.shape or ()):
        report.problems.append(problem("empty"))
    elif report.shape and report.what == "weights":
        examine(report, values, facts, layout, probed)
    return report


def examine(report, values, facts, layout, probed):
    """Fill in a report. probed: (model, read_tokens, input_ids)."""
    shape, last = report.shape, len(report.shape) - 1
    values = without_logarithm(report, values, facts)
    features = instead_of_weights(report, values, facts)
    keys, evidence, misplaced = last, "by its size", []
    over = over_words(shape, values, report.sums, facts)
    if over is not None:
        keys, evidence = None, "a map of each word"
    elif not (features and features.certain):
        keys, evidence, misplaced = find_keys(shape, values, report.sums, facts)
    facts = words_that_ask(shape, keys, facts)
    if values is not None:
        values = sampled(report, values, keys)
    sizes = facts if keys is None else usual_input(shape, keys, facts)
    if isinstance(probed[0], str) and facts.family == UNKNOWN:
        report.notes.append(say("no name", name=facts.name))
    if sizes.name != facts.name:
        report.notes.append(say("no input", name=facts.name, N=shape[keys]))
    T = facts.queries if over is None else shape[over]
    report.axes, fold = name_axes(shape, keys, evidence, replace(sizes, queries=T))
    if over is not None:
        report.axes[over] = Axis("words", shape[over], "the softmax ran over them")
    report.problems += misplaced
    if keys is None:
        doubts = [*open_grid(shape, values)]
        values = map_as_row(report, values)
    else:
        doubts = fit(report, values, keys, sizes, layout, features, fold)
        doubts = test(report, doubts, shape[keys], facts, *probed)
    asked = [*open_axes(report.axes, facts.queries)]
    first = report.best and report.best.likely
    report.ambiguous = asked + doubts if first else doubts + asked
    check_named(report, facts)
    if values is not None:
        if report.axes[-1].name == "points":
            values = values.flatten(-2)  # (..., levels * points)
        look(report, values, -1 if keys is None else keys - last - 1, misplaced)
    report.notes += other_keys(report, sizes) * (not doubts and not report.problems)
    report.next = next_line(report, keys, sizes)


def without_logarithm(report, values, facts):
    """The values, or the weights whose logarithms they are; the axes that sum to 1."""
    if values is None:
        return None
    report.looked_at = "the sums, signs, zeros and spread of the weights"
    log = None if labels(report.shape, facts) else softmax.logarithm_of(values)
    if log:
        values = log[0] / log[1]  # (..., N)
        report.problems.append(problem("log-softmax", total=log[1]))
    report.sums = softmax.softmax_axes(values)
    return values


def fit(report, values, keys, facts, layout, features, fold):
    """Put candidates on the report: those of weights, or of what they are instead.

    Returns what stays open.
    """
    N = report.shape[keys]
    if layout is not None and layout.length != N:
        report.problems.append(problem("other layout", N=N, length=layout.length))
        return []
    if layout is not None:
        others = f"{N - layout.index.numel()} keys off the grid"
        report.candidates = [Candidate(layout, "", others, Known.NAMED)]
        return []
    if not (features and features.certain):
        notes = [*report.notes]
        doubts = fit_keys(report, values, keys, facts, fold)
        if not features:
            small = len(report.shape) > 1 and report.sums == () and not fold
            return [*doubts, *(open_grid(report.shape, None) if small else ())]
        room = facts.in_prompt() or facts.family.prompt  # for text
        video = facts.frames or facts.family.kinds
        likely = [c for c in report.candidates if c.likely]
        likely = [c for c in likely if video or not c.layout.grid[2:]]
        if any(room or c.off_grid <= c.cells for c in likely):
            return [features.text, *doubts]
        report.notes = notes  # those of weights are none of these
    report.what, report.candidates, doubts = features.what, [], []
    report.axes = features.axes(report.shape) if features.names else report.axes
    if features.tokens is not None and report.shape[features.tokens] >= SMALLEST:
        doubts = fit_keys(report, None, features.tokens, replace(facts, batch=None))
        placed = [c for c in report.candidates if not c.free]
        report.candidates = placed or report.candidates
    return [text for text in (features.text, *doubts) if text]


def test(report, doubts, N, facts, model, read_tokens, input_ids):
    """Run the probe, where there is something to run. Returns what stays open."""
    if read_tokens is None and not isinstance(model, nn.Module):
        return doubts
    from helpers.inspection.shapes.by_probe import by_experiment
    from helpers.inspection.shapes.reader import reader_of

    if facts.image_size is None:
        raise ValueError("model= and read_tokens= need image_size=(H, W)")
    read, why = read_tokens, ""
    if read is None:
        read, why = reader_of(model, N, facts, input_ids)
    if read is None:
        return [*doubts, why]
    tried = by_experiment(N, report.candidates, read, facts, read_tokens is None)
    report.candidates, failed = tried
    return failed if report.proven else doubts + failed
