"""The shape doctor: what a weights tensor is, and what is wrong with it."""

from numbers import Integral

import torch

from helpers.inspection.shapes.axes import find_keys, name_axes
from helpers.inspection.shapes.features import as_features
from helpers.inspection.shapes.layouts import fit_grid, fit_keys, fit_layout
from helpers.inspection.shapes.remedies import problem
from helpers.inspection.shapes.report import Report
from helpers.inspection.shapes.run import Run
from helpers.inspection.shapes.sums import softmax_axes
from helpers.inspection.shapes.unpack import unpack
from helpers.inspection.shapes.values import find_problems, find_sinks


def diagnose(
    weights,
    image_size=None,
    patch_size=None,
    layout=None,
    *,
    batch=None,
    heads=None,
    queries=None,
    input_ids=None,
    image_token=None,
    grid_thw=None,
    spatial_shapes=None,
    tiles=None,
    model=None,
    read_tokens=None,
):
    """Say what a weights tensor is, which layouts fit it, and what is wrong with it.

    weights: a tensor or array; a list, tuple or dict of them, as models return it; what
    `capture_attention` captured; or a bare shape (a tuple of ints), without values.
    image_size: (H, W) of the model's input in pixels (of one tile, if there are tiles).
    patch_size: pixels from one cell to the next, an int or (down, across).
    layout: a TokenLayout, if you know it. batch, heads, queries: counts that you know;
    they settle what an axis is.

    A number of keys proves no layout: it makes proposals. These prove one:
    input_ids and image_token: the prompt, (B, n) or (n,), and the id of its image
    tokens. grid_thw, spatial_shapes: the grid of every image, (t, h, w) or (h, w), as
    the processor returns it. tiles: (rows, columns) of tiles, the thumbnail not
    counted. read_tokens: a function for `probe_layout`; or model: a module that takes
    images (B, 3, H, W), from which it is made. Both need image_size.

    Returns a Report. Raises TypeError for other weights, ValueError for a size below 1.
    """
    check_sizes(image_size, patch_size, batch, heads, queries)
    run = Run(
        image_size, patch_size, input_ids, image_token, grid_thw, spatial_shapes, tiles
    )
    found = unpack(weights)
    shape, values = found.shape, found.values
    report = Report(shape, notes=found.notes, problems=found.problems)
    if shape is None:
        return report
    if not shape or 0 in shape:
        report.problems.append(problem("empty"))
        return report
    keys, evidence, misplaced = find_keys(shape, values, image_size, patch_size)
    named = name_axes(shape, keys, evidence, batch, heads, queries)
    report.axes, report.ambiguous = named
    report.problems += misplaced
    doubts = []
    if keys is None:
        fit_grid(report)
        values = rows_of(report, values)
    elif layout is not None:
        fit_layout(report, layout, shape[keys])
    else:
        doubts = fit_keys(report, values, keys, run, batch)
        if not softmax_axes(values) if values is not None else not run.gives_layout():
            doubts = no_weights(report, run, doubts)
    if keys is not None and (model is not None or read_tokens is not None):
        doubts = test(report, doubts, shape[keys], run, model, read_tokens)
    report.ambiguous += doubts
    if image_size is not None and shape[-2:] == tuple(image_size) and len(shape) > 2:
        report.notes.append(f"{shape[-3:]} may be the image itself, (channels, H, W)")
    check_counts(report, heads, queries)
    if values is not None:
        report.looked_at = "the sums, signs, zeros and spread of the weights"
        look(report, values, -1 if keys is None else keys - len(shape), misplaced)
    return report


def no_weights(report, run, doubts):
    """What stays open where the sizes say tokens or features: first of all, that."""
    text, certain = as_features(report.shape, run) or ("", False)
    if not text:
        return doubts
    if certain or not any(c.likely for c in report.candidates):
        report.candidates, report.axes, report.ambiguous = [], [], []
        return [text]
    report.ambiguous.insert(0, text)
    return doubts


def check_sizes(image_size, patch_size, *counts):
    pair = isinstance(image_size, tuple | list | torch.Size) and len(image_size) == 2
    if image_size is not None and not pair:
        raise ValueError(f"image_size must be (H, W), got {image_size}")
    patch = patch_size if isinstance(patch_size, tuple | list) else (patch_size,)
    for number in (*(image_size or ()), *patch, *counts):
        if number is not None and (not isinstance(number, Integral) or number < 1):
            raise ValueError(f"sizes and counts are whole numbers from 1, got {number}")


def rows_of(report, values):
    """Maps (..., h, w) as rows of keys (..., N) that sum to 1."""
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


def test(report, doubts, N, run, model, read_tokens):
    """Run the probe; returns what stays open."""
    from helpers.inspection.shapes.experiment import by_experiment, reader_of

    if run.image_size is None:
        raise ValueError("model= and read_tokens= need image_size=(H, W)")
    inputs = {} if run.input_ids is None else {"input_ids": run.input_ids}
    read = read_tokens or reader_of(model, N, run.image_size, **inputs)
    if read is None:
        none = f"no layer of the model gives {N} tokens for images alone: read_tokens="
        return [*doubts, none]
    args = (N, report.candidates, read, run.image_size, run.patch_size)
    report.candidates, failed = by_experiment(*args)
    return failed if report.proven else doubts + failed


def check_counts(report, heads, queries):
    """Counts that the caller knows and that no axis has."""
    sizes = {axis.name: axis.size for axis in report.axes}
    if heads is not None and heads > 1 and sizes.get("heads") != heads:
        report.problems.append(problem("heads", count=heads))
    if queries is not None and sizes.get("queries", queries) != queries:
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
