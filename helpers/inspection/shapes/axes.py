"""A name for every axis of a weights tensor, each with its evidence."""

from dataclasses import dataclass

from helpers.inspection.shapes.candidates import (
    SMALLEST,
    candidate_grids,
    candidate_layouts,
)
from helpers.inspection.shapes.problems import Problem, sums_to_one, tolerance

# What stands before (queries, keys), by the number of axes before them.
LEADING = {
    0: [],
    1: ["images or heads"],
    2: ["images", "heads"],
    3: ["layers", "images", "heads"],
}


@dataclass(frozen=True)
class Axis:
    """An axis of the weights: its name, its length, and why it has that name."""

    name: str
    size: int
    evidence: str


def find_keys(shape, values, image_size, patch_size):
    """(axis of the keys, evidence, problems); the axis is None for maps on a grid."""
    last = len(shape) - 1
    if values is None:
        if on_grid(shape, image_size, patch_size):
            return None, "the size of a grid on this image", []
        if last and shape[-1] == 1 < shape[-2]:
            return last - 1, "a column of one number a key; no values to check", []
        return last, "by convention the last axis; no values to check", []
    ones = [axis for axis in range(len(shape)) if sums_to_one(values, axis)]
    if last in ones:
        return last, "sums to 1 along this axis", []
    if last and shape[-1] == 1 and last - 1 in ones:
        return last - 1, "sums to 1 along this axis, a column", []
    if len(shape) > 1 and sums_to_one(values.flatten(-2), -1):
        return None, "the last two axes together sum to 1", []
    if (
        not ones
        and sums_below_one(values)
        and (image_size is None or on_grid(shape, image_size, patch_size))
    ):
        return None, "the last two axes together sum to less than 1", []
    if not ones:
        return last, "by convention the last axis; it does not sum to 1", []
    axis = ones[-1]
    cause = "query and key axes are swapped, or the softmax ran over the wrong axis"
    if axis == 0 and len(shape) > 2:
        cause = "the softmax ran over the images of the batch"
    problem = Problem(
        f"axis {axis} sums to 1 and the last one does not",
        cause,
        f"softmax over the keys; if axis {axis} holds the keys, move it to the end: "
        f"weights.movedim({axis}, -1)",
    )
    return axis, "sums to 1 along this axis, and no other", [problem]


def sums_below_one(values):
    """True for maps (..., h, w) whose keys off the grid were left out.

    Rows of keys would sum to nearly 1 each, and so to much more together.
    """
    h, w = values.shape[-2:] if values.dim() > 1 else (1, 1)
    if h * w < SMALLEST or max(h, w) > 4 * min(h, w):  # no usual grid
        return False
    total = values.double().flatten(-2).sum(-1)  # (...)
    return bool(values.min() >= 0 and 0 < total.max() <= 1 + tolerance(values))


def on_grid(shape, image_size, patch_size):
    """True if the last two axes are a grid on the image and the last is no sequence."""
    if image_size is None or len(shape) < 2:
        return False
    _, likely = candidate_grids(image_size, patch_size).get(shape[-2:], ("", False))
    explained = candidate_layouts(shape[-1], image_size, patch_size)
    return likely and shape[-2] * shape[-1] >= SMALLEST and not explained


def name_axes(shape, keys, evidence, batch=None, heads=None, queries=None):
    """(list of Axis, list of what stays open). keys: their axis, None for (h, w)."""
    names, why, doubts = [""] * len(shape), ["by its position"] * len(shape), []
    others = list(range(len(shape)))
    if keys is None:
        names[-2:], why[-2:] = ["rows", "columns"], [evidence] * 2
        others = others[:-2]
    else:
        names[keys], why[keys] = "keys", evidence
        others.remove(keys)
    if others:
        names[others[-1]] = "queries"
        if queries == shape[others[-1]]:
            why[others[-1]] = f"the {queries} queries you named"
    before = others[:-1]
    for axis, name in zip(before, leading_names(len(before)), strict=True):
        names[axis] = name
    known = {"images": batch, "heads": heads}
    for axis in before:
        fits = [name for name, n in known.items() if n == shape[axis]]
        if len(fits) == 1 or names[axis] in fits:
            names[axis] = names[axis] if names[axis] in fits else fits[0]
            why[axis] = f"the {shape[axis]} {names[axis]} you named"
        elif names[axis] in known and known[names[axis]] is not None:
            wanted = names[axis]
            names[axis] = "layers or steps"
            why[axis] = f"{wanted} you named: {known[wanted]}, so another axis"
        elif names[axis] == "images or heads":
            doubts.append(
                f"axis {axis} of size {shape[axis]}: the images of a batch, or the "
                "heads of one image. Say how many of them there are (batch, heads), or "
                "run two images"
            )
        elif names[axis] == "layers" and batch is None:
            doubts.append(
                f"axes {axis} and {axis + 1}: layers, then images, or the other way "
                "round. Say how many images there are (batch), or run another number"
            )
        elif names[axis] == "images" and len(before) == 2:
            why[axis] = "by its position; could be layers if the batch is gone"
    axes = [Axis(n, size, w) for n, size, w in zip(names, shape, why, strict=True)]
    return axes, doubts


def leading_names(count):
    if count in LEADING:
        return LEADING[count]
    return [f"unknown {i}" for i in range(count - 3)] + LEADING[3]
