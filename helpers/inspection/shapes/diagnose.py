"""The shape doctor: what a weights tensor is, and what is wrong with it."""

import torch
from torch import nn

from helpers.inspection.shapes.axes import find_keys, name_axes, open_axes
from helpers.inspection.shapes.doubts import next_line
from helpers.inspection.shapes.facts import Facts, check_counts
from helpers.inspection.shapes.features import as_features, as_points
from helpers.inspection.shapes.inputs import usual_input
from helpers.inspection.shapes.known import family_of, problem
from helpers.inspection.shapes.layouts import fit_keys
from helpers.inspection.shapes.report import Candidate, Known, Report
from helpers.inspection.shapes.sums import are_cut, softmax_axes
from helpers.inspection.shapes.unpack import unpack
from helpers.inspection.shapes.values import find_problems, find_sinks
from helpers.maps.token_layout import TokenLayout


def diagnose(
    weights,
    image_size=None,
    patch_size=None,
    layout=None,
    *,
    batch=None,
    heads=None,
    queries=None,
    model=None,
    read_tokens=None,
    **facts,
):
    """Say what a weights tensor is, which layouts fit it, and what is wrong with it.

    weights: a tensor or array; a list, tuple or dict of them, as models return it; what
    `capture_attention` captured; or a bare shape (a tuple of ints), without values.
    image_size: (H, W) of the model's input in pixels (of one tile, if there are tiles).
    patch_size: pixels from one cell to the next, an int or (down, across).
    layout: a TokenLayout, if you know it. batch, heads, queries: counts that you know.
    facts: merge, frames, tiles, text, input_ids, image_token, grid_thw, spatial_shapes:
    what you know of the run, see `Facts`. model: a name, which tells missing sizes, or
    the module, to be probed; read_tokens: for `probe_layout`. These need image_size.

    A number of keys proves no layout: it makes proposals. Returns a Report. Raises
    TypeError for other weights or facts, ValueError for a size below 1.
    """
    check_counts(batch, heads, queries)
    facts = Facts(image_size, patch_size, name=name_of(model), **facts)
    found = unpack(weights)
    report = Report(found.shape, notes=found.notes, problems=found.problems)
    if found.shape == () or 0 in (found.shape or ()):
        report.problems.append(problem("empty"))
    elif found.shape:
        named = {"batch": batch, "heads": heads, "queries": queries}
        probed = {"model": model, "read_tokens": read_tokens}
        examine(report, found.values, facts, layout, named, probed)
    return report


def examine(report, values, facts, layout, named, probed):
    """Fill in a report. named: counts of axes. probed: what can be run."""
    shape, name = report.shape, probed["model"]
    if isinstance(name, str) and facts.family == family_of(""):
        report.notes.append(f"{name} is no name that is known here: counted without it")
    report.sums = None if values is None else softmax_axes(values)
    keys, evidence, misplaced = find_keys(shape, values, report.sums, facts)
    report.axes = name_axes(shape, keys, evidence, **named)
    report.problems += misplaced
    if keys is None:
        h, w = shape[-2:]
        words = f"the last two axes: {h} x {w} cells, or queries by keys (words)"
        doubts = [words] if values is None and h == w else []
        report.ambiguous = [*open_axes(report.axes), *doubts]
        values = on_grid(report, values)
    else:
        sizes = usual_input(shape[keys], facts, shape[keys - 1])
        doubts = fit(report, values, keys, sizes, layout, named["batch"])
        doubts = test(report, doubts, shape[keys], facts, **probed)
        report.ambiguous = [*open_axes(report.axes), *doubts]
    check_named(report, named["heads"], named["queries"])
    if values is not None:
        if as_points(shape, report.sums, facts):
            values = values.flatten(-2)  # (..., levels * points)
        report.looked_at = "the sums, signs, zeros and spread of the weights"
        look(report, values, -1 if keys is None else keys - len(shape), misplaced)
    report.next = next_line(report, keys)


def name_of(model):
    """The name of a model, for its family; a module has it in its configuration."""
    if not isinstance(model, nn.Module):
        return model or ""
    return getattr(getattr(model, "config", None), "model_type", type(model).__name__)


def fit(report, values, keys, facts, layout, batch):
    """Put candidates on the report: those of weights, or of what they are instead.

    Returns what stays open.
    """
    shape, N = report.shape, report.shape[keys]
    if layout is not None:
        if layout.length == N:
            others = f"{N - layout.index.numel()} keys off the grid"
            report.candidates = [Candidate(layout, "", others, Known.NAMED)]
        else:
            numbers = {"N": N, "length": layout.length}
            report.problems.append(problem("other layout", **numbers))
        return []
    proof = facts.gives_layout() or report.sums
    proof = proof or (values is not None and are_cut(values, keys))
    proof = proof or any(a.named for a in report.axes if a.name != "images")
    features = as_points(shape, report.sums, facts)
    if not proof and not features:
        features = as_features(shape, facts)
    if not features or not features.certain:
        doubts = fit_keys(report, values, keys, facts, batch)
        if not features:
            return doubts
        if any(c.likely for c in report.candidates):
            return [features.text, *doubts]
    report.what, report.axes = features.what, features.axes(shape)
    report.candidates, doubts = [], []
    if features.tokens is not None:
        doubts = fit_keys(report, None, features.tokens, facts)
    return [features.text, *doubts]


def on_grid(report, values):
    """Maps (..., h, w): their layout, and their values as rows that sum to 1."""
    layout = TokenLayout.from_grid(*report.shape[-2:])
    report.candidates = [Candidate(layout, "the last two axes are the grid already")]
    if values is None:
        return None
    values = values.flatten(-2)  # (..., N)
    total = values.sum(-1, keepdim=True)  # (..., 1)
    if softmax_axes(values) != (values.dim() - 1,):
        report.notes.append(
            f"the cells of a map sum to {total[total > 0].min():.2f} ... "
            f"{total.max():.2f}: keys off the grid (a class token, text) have the rest"
        )
    return values / total.where(total > 0, 1)


def test(report, doubts, N, facts, model, read_tokens):
    """Run the probe, where there is something to run. Returns what stays open."""
    if read_tokens is None and not isinstance(model, nn.Module):
        return doubts
    from helpers.inspection.shapes.experiment import by_experiment, reader_of

    if facts.image_size is None:
        raise ValueError("model= and read_tokens= need image_size=(H, W)")
    inputs = {} if facts.input_ids is None else {"input_ids": facts.input_ids}
    read = read_tokens or reader_of(model, N, facts.image_size, **inputs)
    if read is None:
        none = f"no layer of the model gives {N} tokens for images alone: read_tokens="
        return [*doubts, none]
    report.candidates, failed = by_experiment(N, report.candidates, read, facts)
    return failed if report.proven else doubts + failed


def check_named(report, heads, queries):
    """Counts that the caller knows and that no axis has."""
    if report.what != "weights":
        return
    sizes = {axis.name: axis.size for axis in report.axes}
    named = sizes.get("heads") == heads or "images x heads" in sizes
    if heads is not None and heads > 1 and not named:
        across = report.shape[-2:] == (heads, heads) and len(report.shape) > 3
        kind = "across the heads" if across else "heads"
        report.problems.append(problem(kind, count=heads))
    if queries is not None and sizes.get("queries", queries) != queries:
        if queries in report.shape[:-1]:
            axis = report.shape.index(queries)
            report.ambiguous.append(f"axis {axis} has the {queries} queries you named")
            return
        report.problems.append(problem("queries", count=queries, size=sizes["queries"]))


def look(report, values, keys, misplaced):
    """What the values show: problems, sinks, queries that look at nothing."""
    if not misplaced:
        report.problems += find_problems(values, keys)
    blind = ~values.any(dim=keys)  # (...)
    if blind.any() and not blind.all():
        report.notes.append(
            f"{int(blind.sum())} queries look at nothing: padding, or a mask that "
            "hides every key"
        )
    sinks = [] if report.problems else find_sinks(values, keys)
    report.sinks = [key for key, _ in sinks]
    cells = report.layouts[0].index if report.layouts else torch.empty(0, 0)
    for key, share in sinks:
        place = (cells == key).nonzero().tolist()
        where = f"drawn as cell {tuple(place[0])}" if place else "off the grid"
        report.notes.append(
            f"key {key} holds {share:.0%} of all weight, whatever the query: a sink, "
            f"{where}. To leave it out: weights.index_fill({keys}, torch.tensor("
            f"[{key}]), 0), and say so in the picture"
        )
