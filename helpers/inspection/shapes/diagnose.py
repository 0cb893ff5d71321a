"""The shape doctor: what a weights tensor is, and what is wrong with it."""

from dataclasses import dataclass, field
from numbers import Integral

from helpers.inspection.shapes.axes import Axis, find_keys, name_axes
from helpers.inspection.shapes.fit import WHICH_WINDOWS, fit_grid, fit_keys, fit_layout
from helpers.inspection.shapes.problems import (
    Problem,
    blind_queries,
    find_problems,
    looks_back_only,
    sums_to_one,
)
from helpers.inspection.shapes.unpack import unpack


@dataclass
class Report:
    """What `diagnose` found; print it.

    axes: an Axis each. layouts: TokenLayouts that fit, best first, and for each a
    reason. problems: Problems. ambiguous: what the numbers leave open, and what would
    settle it. notes: worth knowing, and nothing wrong. values_seen: False where there
    was nothing but a shape to go by.
    """

    shape: tuple
    axes: list = field(default_factory=list)
    layouts: list = field(default_factory=list)
    reasons: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    ambiguous: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    values_seen: bool = True

    def __str__(self):
        lines = [f"weights {self.shape}"]
        for number, axis in enumerate(self.axes):
            lines.append(f"  axis {number}: {axis.size} {axis.name} ({axis.evidence})")
        for number, reason in enumerate(self.reasons[:4], start=1):
            lines.append(f"layout {number}: {reason}")
        if len(self.reasons) > 4:
            lines.append(f"and {len(self.reasons) - 4} more layouts, less likely")
        lines += [f"PROBLEM: {problem}" for problem in self.problems]
        lines += [f"ambiguous: {doubt}" for doubt in self.ambiguous]
        lines += [f"note: {note}" for note in self.notes]
        if not self.problems:
            only = "" if self.values_seen else " in the shape; values were not given"
            lines.append(f"no problem found{only}")
        return "\n".join(lines)


def diagnose(
    weights,
    image_size=None,
    patch_size=None,
    layout=None,
    *,
    batch=None,
    heads=None,
    queries=None,
):
    """Say what a weights tensor is, which layouts fit it, and what is wrong with it.

    weights: a tensor or array; a list, tuple or dict of them, as models return it; or a
    bare shape (a tuple of ints), without values. image_size: (H, W) of the model's
    input in pixels. patch_size: pixels from one cell to the next, an int or (down,
    across). layout: a TokenLayout, if you know it. batch, heads, queries: counts that
    you know; they settle what an axis is. Returns a Report.
    Raises TypeError for other weights, ValueError for a size below 1.
    """
    check_sizes(image_size, patch_size, batch, heads, queries)
    shape, values, notes, problems = unpack(weights)
    report = Report(shape, notes=notes, problems=problems)
    report.values_seen = values is not None
    if shape is None:
        return report
    if not shape or 0 in shape:
        report.problems.append(NO_WEIGHTS)
        return report
    keys, evidence, swapped = find_keys(shape, values, image_size, patch_size)
    report.axes, report.ambiguous = name_axes(
        shape, keys, evidence, batch, heads, queries
    )
    report.problems += swapped
    if keys is None:  # maps on a grid already
        fit = fit_grid(*shape[-2:])
        values, keys = None if values is None else values.flatten(-2), -1
        if values is not None and not sums_to_one(values, -1):
            total = values.sum(-1, keepdim=True)  # (..., 1)
            fit.notes.append(
                f"the cells of a map sum to {total[total > 0].min():.2f} ... "
                f"{total.max():.2f}: keys off the grid (a class token, text) have the "
                "rest"
            )
            values = values / total.where(total > 0, 1)
    elif layout is not None:
        fit = fit_layout(layout, shape[keys])
    else:
        causal = values is not None and looks_back_only(values)
        sure = evidence.startswith("sums to 1")
        fit = fit_keys(shape, keys, image_size, patch_size, batch, causal, sure)
    report.layouts = [candidate.layout for candidate in fit.candidates]
    report.reasons = [candidate.reason for candidate in fit.candidates]
    if WHICH_WINDOWS in fit.ambiguous:
        report.axes[0] = Axis("images x windows", shape[0], "a multiple of the windows")
    report.problems += fit.problems
    report.ambiguous += fit.ambiguous
    report.notes += fit.notes
    if image_size is not None and shape[-2:] == tuple(image_size) and len(shape) > 2:
        report.notes.append(f"{shape[-3:]} may be the image itself, (channels, H, W)")
    check_counts(report, heads, queries)
    if values is not None and not swapped:
        report.problems += find_problems(values, keys)
        report.notes += blind_queries(values, keys)
    return report


NO_WEIGHTS = Problem(
    "there are no weights in it",
    "an empty selection, or a single number",
    "take the tensor that the softmax returns",
)


def check_sizes(image_size, patch_size, *counts):
    pair = isinstance(image_size, tuple | list) and len(image_size) == 2
    if image_size is not None and not pair:
        raise ValueError(f"image_size must be (H, W), got {image_size}")
    patch = patch_size if isinstance(patch_size, tuple | list) else (patch_size,)
    for number in (*(image_size or ()), *patch, *counts):
        if number is not None and (not isinstance(number, Integral) or number < 1):
            raise ValueError(f"sizes and counts are whole numbers from 1, got {number}")


def check_counts(report, heads, queries):
    """Counts that the caller knows and that no axis has."""
    sizes = {axis.name: axis.size for axis in report.axes}
    if heads is not None and heads > 1 and sizes.get("heads") != heads:
        found = f"{heads} heads are expected, and no axis holds them"
        cause = "the heads were averaged: nn.MultiheadAttention does so by default"
        remedy = "average_attn_weights=False, or take the weights before the mean"
        report.problems.append(Problem(found, cause, remedy))
    if queries is not None and sizes.get("queries", queries) != queries:
        found = f"{queries} queries are expected, but the axis has {sizes['queries']}"
        cause = "a start or end token counts on one side only, or axes are mixed"
        remedy = "pair words and maps with zip(words, maps, strict=True)"
        report.problems.append(Problem(found, cause, remedy))
