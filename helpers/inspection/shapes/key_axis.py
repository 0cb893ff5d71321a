"""Which axis of a weights tensor holds the keys, and how that is known."""

from helpers.inspection.shapes.facts import SMALLEST
from helpers.inspection.shapes.families import problem
from helpers.inspection.shapes.queries import stride
from helpers.inspection.shapes.readings import fits, likeliest
from helpers.inspection.shapes.softmax import image_block, tolerance

BEHIND = "queries, of which none looks ahead"
CLIP_WORDS = 77  # tokens of a prompt
NEAR = 0.95  # of a cell's softmax, at some cells, where some of its words are cut off


def find_keys(shape, values, axes, facts):
    """(axis of the keys, evidence, problems); the axis is None for maps on a grid.

    axes: those over which the values sum to 1, see `softmax_axes`.
    """
    last = len(shape) - 1
    behind = [n for n in ("queries", "heads") if shape[-1] == facts.counts[n]]
    behind = behind * (shape[-1] != shape[-2:][0])
    if values is None:
        return *of_shape(shape, facts, behind), []
    if axes == (last,):
        return last, "sums to 1 along this axis", []
    if last and shape[-1] == 1 and axes == (last - 1,):
        return last - 1, "sums to 1 along this axis, a column", []
    if len(axes) == 1 and last > 1 and shape[-1] == 1:  # heads, or a score's one unit
        return find_keys(shape[:-1], values.reshape(*shape[:-1]), axes, facts)
    if looks_like_grid(shape, values, axes, facts):
        total = "1" if axes == (last - 1, last) else "less than 1"
        evidence = f"the last two axes together sum to {total}"
        on_image = total != "1" and facts.image_size is not None
        return None, "the size of a grid on this image" if on_image else evidence, []
    if not axes or shape[-1] == 1:
        what = "it has one key" if shape[-1] == 1 else "it does not sum to 1"
        return last, f"by convention the last axis; {what}", []
    if len(axes) > 1:
        return last, "by convention", [problem("joint softmax", axes=list(axes))]
    axis = axes[0]
    if axis == last - 2 and shape[axis] == shape[-2] * shape[-1] >= SMALLEST:
        return axis, "sums to 1 along this axis; as many cells ask", []
    if axis == last - 1 and behind == ["heads"]:
        return axis, "sums to 1 along this axis; the heads stand behind", []
    if axis == 0 and len(shape) > 2:
        return last, "by convention", [problem("across images")]
    back = axis == last - 1 and image_block(values) == (0, 0)  # no row looks ahead
    if name := BEHIND * back or ran_over(shape, axis, facts):
        found = problem("over", axis=axis, count=shape[axis], name=name)
        return last, "by convention the last axis", [found]
    evidence = "sums to 1 along this axis, and no other"
    return axis, evidence, [problem("wrong axis", axis=axis)]


def over_words(shape, values, axes, facts):
    """The axis before maps (..., h, w) over which a softmax ran: each cell's, over the
    words, of which some may be cut off; or None."""
    last, others = len(shape) - 1, (facts.batch, facts.heads, facts.layers)
    if values is None or last < 2 or shape[-1] == 1:
        return None
    known = facts.words or facts.queries
    cells = {shape[-2] * shape[-1]} - {known}  # as many may be looked at
    free = [a for a in range(last - 2, -1, -1) if shape[a] not in {1, *others, *cells}]
    free = [a for a in free if shape[a] != facts.frames]
    free = [a for a in free if shape[a] == known] or free
    if not (on_grid(shape, facts) or facts.family.words or known in shape[:-2]):
        return None
    if axes:
        return axes[0] if len(axes) == 1 and axes[0] in free else None
    maps, most = values.nan_to_num().double(), 1 + tolerance(values)
    if maps.min() < 0 or maps.sum((-2, -1)).max() <= most:
        return None
    sums = {axis: maps.sum(axis) for axis in free}  # (..., h, w)
    below = {axis: total for axis, total in sums.items() if total.max() <= most}
    clear = facts.family.words or known in [shape[axis] for axis in below]
    near = [a for a, s in below.items() if (s > NEAR).double().mean() > 1 - NEAR]
    return next(iter(below if clear else near), None)


def ran_over(shape, axis, facts):
    """The name of an axis over which a softmax ran, if it has no keys; else ""."""
    named = [n for n in ("queries", "heads") if facts.counts[n] == shape[axis]]
    if named and shape.count(shape[axis]) == 1:
        return f"{named[0]} you named"
    own = likeliest(shape[axis], facts) if facts.image_size else None
    if own and not own.off_grid and shape[-1] == CLIP_WORDS:
        return f"cells, and the {CLIP_WORDS} keys are words (CLIP's)"
    if own and not own.off_grid and stride(own.layout.grid, shape[-1]):
        return "queries, of which the keys are as many as pooling leaves"
    cells = fits(shape[-1], facts) and not fits(shape[axis], facts)
    cells = cells and not (on_grid(shape, facts) or facts.family.words)
    if not cells or axis < len(shape) - 3:
        return ""
    first = len(shape) > 3 and axis == len(shape) - 3
    return f"{'heads' if first else 'queries'}, by their position"


def of_shape(shape, facts, behind):
    """(axis of the keys, evidence) of a bare shape. behind: names of the last axis."""
    last = len(shape) - 1
    if on_grid(shape, facts):
        return None, "the size of a grid on this image"
    twice = len(shape) > 3 and shape[-4:-2] == shape[-2:]  # cells look at cells
    if twice and min(shape[-2:]) > 4 and shape[-2] * shape[-1] >= 4 * SMALLEST:
        return None, "the same two sizes as before"
    only = shape[-1] not in shape[:-1] and shape[-1] < SMALLEST
    if behind and (only or fits(shape[-2], facts)):
        return last - 1, f"by its position; the {behind[0]} stand behind"
    if last and shape[-1] == 1 < shape[-2]:
        return last - 1, "a column of one number for each key; no values to check"
    return last, "by convention the last axis; no values to check"


def looks_like_grid(shape, values, axes, facts):
    """True for maps (..., h, w): they sum to 1, or to less without some of the keys."""
    last = len(shape) - 1
    if last < 1 or axes not in ((), (last - 1, last)):
        return False
    if facts.image_size is not None:
        pooled = axes and is_plane(*shape[-2:]) and not fits(shape[-1], facts)
        return on_grid(shape, facts) or bool(pooled)
    stacked = {facts.frames, facts.layers} & set(shape[:-2])  # of maps
    off = (values.sum(-1) - 1).abs() > tolerance(values)  # (...): not all, if edited
    square = shape[-1] == shape[-2] != facts.queries and off.double().mean() > 0.9
    if stacked and square and min(shape[-2:]) > 4:
        return values.nan_to_num().min() >= 0
    total = values.double().nan_to_num().flatten(-2).sum(-1)  # (...)
    positive = values.nan_to_num().min() >= 0 and total.max() > 0
    if not positive or total.max() > 1 + tolerance(values):
        return False
    return is_plane(*shape[-2:])


def is_plane(h, w):
    """True for as many cells as a map has, and about as many rows as columns."""
    return SMALLEST <= h * w and max(h, w) <= min(64, 2 * min(h, w))


def on_grid(shape, facts):
    """True if the last two axes are a grid on the image and the last is no sequence."""
    if facts.image_size is None or len(shape) < 2 or shape[-2] * shape[-1] < SMALLEST:
        return False
    video = facts.family.kinds[:1] == ["frames"] and facts.frames not in shape[:-2]
    if shape[-1] == shape[-2] and video:
        return False  # frames look at frames
    likely = [(g.h, g.w) for g in facts.grids() if g.likely and g.merge == 1]
    merged = fits(shape[-1], facts) and likeliest(shape[-1], facts).merge > 1
    return tuple(shape[-2:]) in likely and (merged or not fits(shape[-1], facts))
