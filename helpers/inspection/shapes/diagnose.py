"""The shape doctor: what a weights tensor is, and what is wrong with it."""

from torch import nn

from helpers.inspection.shapes.axis_names import name_axes
from helpers.inspection.shapes.contents import instead_of_weights
from helpers.inspection.shapes.doubts import next_line, open_grid
from helpers.inspection.shapes.facts import Facts, check_counts
from helpers.inspection.shapes.families import family_of, problem
from helpers.inspection.shapes.features import WORDS
from helpers.inspection.shapes.key_axis import find_keys
from helpers.inspection.shapes.open_axes import check_named, open_axes
from helpers.inspection.shapes.proposals import fit_keys
from helpers.inspection.shapes.report import Candidate, Known, Report
from helpers.inspection.shapes.sums import logarithm_of, softmax_axes
from helpers.inspection.shapes.unpack import unpack
from helpers.inspection.shapes.usual_inputs import usual_input
from helpers.inspection.shapes.values import few, look, on_grid


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
    **facts,
):
    """A Report: what a weights tensor is, which layouts fit (a number of keys makes
    proposals, and proves none), and what is wrong.

    weights: a tensor or array; a list, tuple or dict of them, as models return it; what
    `capture_attention` captured; or a bare shape (a tuple of ints), without values.
    image_size: (H, W) of the model's input in pixels (of one tile, if there are tiles).
    patch_size: pixels from one cell to the next, an int or (down, across).
    layout: a TokenLayout, if you know it. batch, heads, queries, layers, words (of a
    text): counts that you know, whichever axis has them.
    facts: merge, frames, tiles, text, input_ids, image_token, grid_thw, spatial_shapes:
    what you know of the run, see `Facts`. model: a name, which tells missing sizes, or
    the module, to be probed; read_tokens: for `probe_layout`. These need image_size.
    Raises TypeError for other weights or facts, ValueError for a size below 1.
    """
    counts = {"images": batch, "heads": heads, "queries": queries, "layers": layers}
    check_counts(*counts.values())
    facts = Facts(image_size, patch_size, name=name_of(model), words=words, **facts)
    found = unpack(weights)
    report = Report(found.shape, notes=found.notes, problems=found.problems)
    if found.shape == () or 0 in (found.shape or ()):
        report.problems.append(problem("empty"))
    elif found.shape:
        examine(report, found.values, facts, layout, counts, (model, read_tokens))
    return report


def examine(report, values, facts, layout, counts, probed):
    """Fill in a report. counts: of axes, by name. probed: (model, read_tokens)."""
    shape, name = report.shape, probed[0]
    if isinstance(name, str) and facts.family == family_of(""):
        report.notes.append(f"{name} is no name that is known here: counted without it")
    if values is not None and shape[-1] not in WORDS and (log := logarithm_of(values)):
        values = log[0] / log[1]  # (..., N)
        report.problems.append(problem("log-softmax", total=log[1]))
    report.sums = None if values is None else softmax_axes(values)
    features = instead_of_weights(report, values, facts, counts)
    if features and features.certain:
        keys, evidence, misplaced = len(shape) - 1, "by its size", []
    else:
        keys, evidence, misplaced = find_keys(shape, values, report.sums, facts, counts)
    if values is not None:
        report.looked_at = "the sums, signs, zeros and spread of the weights"
        values = few(report, values, keys)
    sizes = facts if keys is None else usual_input(shape, keys, facts)
    if sizes.name != facts.name:
        report.notes.append(
            f"no input of {facts.name} has {shape[keys]} keys: counted without the name"
        )
    report.axes, fold = name_axes(shape, keys, evidence, counts, sizes)
    report.problems += misplaced
    if keys is None:
        report.ambiguous = [
            *open_axes(report.axes, counts["queries"]),
            *open_grid(shape, values),
        ]
        values = on_grid(report, values)
    else:
        doubts = fit(report, values, keys, sizes, layout, features, fold, counts)
        doubts = test(report, doubts, shape[keys], facts, *probed)
        report.ambiguous = [*open_axes(report.axes, counts["queries"]), *doubts]
    check_named(report, counts["heads"], counts["queries"])
    if values is not None:
        if report.axes[-1].name == "points":
            values = values.flatten(-2)  # (..., levels * points)
        look(report, values, -1 if keys is None else keys - len(shape), misplaced)
    report.next = next_line(report, keys)


def name_of(model):
    """The name of a model, for its family; a module has it in its configuration."""
    if not isinstance(model, nn.Module):
        return model or ""
    return getattr(getattr(model, "config", None), "model_type", type(model).__name__)


def fit(report, values, keys, facts, layout, features, fold, counts):
    """Put candidates on the report: those of weights, or of what they are instead.

    Returns what stays open.
    """
    N = report.shape[keys]
    if layout is not None:
        if layout.length == N:
            others = f"{N - layout.index.numel()} keys off the grid"
            report.candidates = [Candidate(layout, "", others, Known.NAMED)]
        else:
            numbers = {"N": N, "length": layout.length}
            report.problems.append(problem("other layout", **numbers))
        return []
    doubts = []
    if not features or not features.certain:
        doubts = fit_keys(report, values, keys, facts, fold, counts["images"])
        if not features:
            return doubts
        if any(c.likely for c in report.candidates):
            return [features.text, *doubts]
    report.what = features.what
    report.axes = features.axes(report.shape) if features.names else report.axes
    report.candidates, doubts = [], []
    if features.tokens is not None:
        doubts = fit_keys(report, None, features.tokens, facts)
    return [features.text, *doubts]


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
