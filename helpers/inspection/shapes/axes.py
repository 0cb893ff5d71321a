"""A name for every axis of a weights tensor, each with its evidence."""

from helpers.inspection.shapes.facts import SMALLEST
from helpers.inspection.shapes.features import as_points
from helpers.inspection.shapes.known import problem
from helpers.inspection.shapes.readings import fits
from helpers.inspection.shapes.report import Axis
from helpers.inspection.shapes.sums import tolerance


def find_keys(shape, values, axes, facts):
    """(axis of the keys, evidence, problems); the axis is None for maps on a grid.

    axes: those over which the values sum to 1, see `softmax_axes`.
    """
    last = len(shape) - 1
    if as_points(shape, axes, facts):
        return last, "levels, then points", []
    if values is None:
        if on_grid(shape, facts):
            return None, "the size of a grid on this image", []
        if last and shape[-1] == 1 < shape[-2]:
            return last - 1, "a column of one number a key; no values to check", []
        return last, "by convention the last axis; no values to check", []
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
    """A list of Axis. keys: their axis, None for (h, w). The rest: counts of axes."""
    axes = [None] * len(shape)
    if keys is None:
        sizes = {"rows": shape[-2], "columns": shape[-1]}
        axes[-2:] = [Axis(name, size, evidence) for name, size in sizes.items()]
    else:
        axes[keys] = Axis("keys", shape[keys], evidence)
    *before, last = [None, *(n for n, axis in enumerate(axes) if axis is None)]
    if last is not None:
        known = queries == shape[last]
        why = f"the {queries} queries you named" if known else "by its position"
        axes[last] = Axis("queries", shape[last], why, known)
    for place, axis in enumerate(before[1:]):
        name = leading_name(place, len(before) - 1)
        known = {"images": batch, "heads": heads}
        axes[axis] = leading_axis(name, shape[axis], known, len(before) - 1)
    return axes


def leading_name(place, count):
    """The name of one of so many axes before the queries, by its place."""
    if count == 1:
        return "images or heads"
    known = ("layers", "images", "heads")
    return known[place - count] if count - place <= 3 else f"unknown {place}"


def leading_axis(name, size, known, count):
    """The Axis of this size before the queries. known: the counts that were named."""
    fitting = [other for other, n in known.items() if n == size]
    if name in fitting or len(fitting) == 1:
        name = name if name in fitting else fitting[0]
        return Axis(name, size, f"the {size} {name} you named", True)
    heads = known["heads"]
    if heads and size % heads == 0 and count == 1:
        why = f"{size // heads} x the {heads} heads you named"
        return Axis("images x heads", size, why, True)
    if known.get(name) is not None:
        why = f"{name} you named: {known[name]}, so another axis"
        return Axis("layers or steps", size, why)
    gone = "; could be layers if the batch is gone"
    gone *= name == "images" and count == 2
    return Axis(name, size, "by its position" + gone)


def open_axes(axes):
    """What stays open about the axes before the queries."""
    for number, axis in enumerate(axes):
        if axis.name == "images or heads":
            yield (
                f"axis {number} of size {axis.size}: the images of a batch (the heads "
                "gone, or averaged), or the heads of one image. batch= or heads= "
                "settles it"
            )
        if axis.name == "layers" and not axes[number + 1].named:
            yield (
                f"axes {number} and {number + 1}: layers, then images, or the other "
                "way round. batch= settles it"
            )
