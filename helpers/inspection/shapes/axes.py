"""A name for every axis of a weights tensor, each with its evidence."""

from helpers.inspection.shapes.facts import SMALLEST
from helpers.inspection.shapes.readings import fits
from helpers.inspection.shapes.remedies import problem
from helpers.inspection.shapes.report import Axis
from helpers.inspection.shapes.sums import softmax_axes, tolerance

# What stands before (queries, keys), by the number of axes before them.
LEADING = {
    0: [],
    1: ["images or heads"],
    2: ["images", "heads"],
    3: ["layers", "images", "heads"],
}


def find_keys(shape, values, facts):
    """(axis of the keys, evidence, problems); the axis is None for maps on a grid."""
    last = len(shape) - 1
    if values is None:
        if on_grid(shape, facts):
            return None, "the size of a grid on this image", []
        if last and shape[-1] == 1 < shape[-2]:
            return last - 1, "a column of one number a key; no values to check", []
        return last, "by convention the last axis; no values to check", []
    axes = softmax_axes(values)
    if axes == (last,):
        return last, "sums to 1 along this axis", []
    if last and shape[-1] == 1 and axes == (last - 1,):
        return last - 1, "sums to 1 along this axis, a column", []
    if looks_like_grid(shape, values, axes, facts):
        total = "1" if axes == (last - 1, last) else "less than 1"
        return None, f"the last two axes together sum to {total}", []
    if not axes or shape[-1] == 1:
        return last, "by convention the last axis; it does not sum to 1", []
    if len(axes) > 1:
        return last, "by convention", [problem("joint softmax", axes=list(axes))]
    axis = axes[0]
    if axis == 0 and len(shape) > 2:
        return last, "by convention", [problem("across images")]
    evidence = "sums to 1 along this axis, and no other"
    return axis, evidence, [problem("wrong axis", axis=axis)]


def looks_like_grid(shape, values, axes, facts):
    """True for maps (..., h, w): they sum to 1, or to less without some of the keys."""
    last = len(shape) - 1
    if last < 1 or axes not in ((), (last - 1, last)):
        return False
    total = values.double().nan_to_num().flatten(-2).sum(-1)  # (...)
    positive = values.nan_to_num().min() >= 0 and total.max() > 0
    if not positive or total.max() > 1 + tolerance(values):
        return False
    if facts.image_size is not None:
        return on_grid(shape, facts)
    h, w = shape[-2:]
    return SMALLEST <= h * w and max(h, w) <= min(64, 2 * min(h, w))


def on_grid(shape, facts):
    """True if the last two axes are a grid on the image and the last is no sequence."""
    if facts.image_size is None or len(shape) < 2 or shape[-2] * shape[-1] < SMALLEST:
        return False
    likely = [(g.h, g.w) for g in facts.grids() if g.likely and g.merge == 1]
    return tuple(shape[-2:]) in likely and not fits(shape[-1], facts)


def name_axes(shape, keys, evidence, batch=None, heads=None, queries=None):
    """(list of Axis, list of what stays open). keys: their axis, None for (h, w)."""
    names, why = [""] * len(shape), ["by its position"] * len(shape)
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
    before, known = others[:-1], {"images": batch, "heads": heads}
    for axis, name in zip(before, leading_names(len(before)), strict=True):
        names[axis], why[axis] = name_leading(name, shape[axis], known, len(before))
    doubts = [doubt for axis in before for doubt in open_axis(axis, names, why, shape)]
    axes = [Axis(n, size, w) for n, size, w in zip(names, shape, why, strict=True)]
    return axes, doubts


def leading_names(count):
    if count in LEADING:
        return LEADING[count]
    return [f"unknown {i}" for i in range(count - 3)] + LEADING[3]


def name_leading(name, size, known, count):
    """(name, evidence) of an axis before the queries. known: counts that were named."""
    fitting = [other for other, n in known.items() if n == size]
    if name in fitting or len(fitting) == 1:
        name = name if name in fitting else fitting[0]
        return name, f"the {size} {name} you named"
    heads = known["heads"]
    if heads and size % heads == 0 and count == 1:
        return "images x heads", f"{size // heads} x the {heads} heads you named"
    if known.get(name) is not None:
        return "layers or steps", f"{name} you named: {known[name]}, so another axis"
    if name == "images" and count == 2:
        return name, "by its position; could be layers if the batch is gone"
    return name, "by its position"


def open_axis(axis, names, why, shape):
    """What stays open about an axis before the queries."""
    if names[axis] == "images or heads":
        return [
            f"axis {axis} of size {shape[axis]}: the images of a batch (the heads "
            "gone, or averaged), or the heads of one image. batch= or heads= "
            "settles it"
        ]
    if names[axis] == "layers" and "you named" not in "".join(why[axis : axis + 2]):
        return [
            f"axes {axis} and {axis + 1}: layers, then images, or the other way "
            "round. batch= settles it"
        ]
    return []
