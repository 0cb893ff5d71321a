"""Tensors that people bring instead of weights: tokens, feature maps, heads' parts."""

from typing import NamedTuple

from helpers.inspection.shapes.facts import SMALLEST
from helpers.inspection.shapes.readings import fits, likeliest, other_size
from helpers.inspection.shapes.report import Axis

NARROWEST, STEP = 192, 64  # widths of models: 192, 384, 768, 1024, ..., of tokens
PROJECTED = 64  # the least width of tokens whose values tell that they are no weights
WIDE, WIDEST = 2048, 16384  # of language models
WORDS = (30522, 30524, 32000, 32064, 32128, 49152, 49408, 50257, 50265, 128256, 151936)
WORDS += (152064, 250002, 256000, 257152)  # that language models know
HEADS = (32, 64, 72, 80, 88, 96, 128)  # widths of one head
LARGEST = 128  # cells of a side of a feature map, where the image is not known
MOST_LEVELS, MOST_POINTS = 5, 8
FEW = 64  # tokens beside those of the cells
TAKE = "Weights have the keys last; take them with capture_attention(model)"


class Features(NamedTuple):
    """what: what the tensor may be. names: of its last axes. text: why, and what to do.
    certain: by the sizes. tokens: the axis that has cells, or None for a map."""

    what: str
    names: tuple
    text: str
    certain: bool = True
    tokens: int | None = None

    def axes(self, shape):
        left = len(shape) - len(self.names)
        first = ("images", "frames" if "channels" in self.names else "heads")
        names = first[: max(left, 0)] + self.names[max(-left, 0) :]
        named = zip(names, shape, strict=True)
        return [Axis(name, size, "by its size") for name, size in named]


def as_features(shape, facts, signed=False, heads=None):
    """Features, if these may be no weights; else None.

    shape: that of a tensor not known to sum to 1. signed: that some values are
    negative, as no weight is. heads: how many, if it is known.
    """
    if shape[-1] in WORDS or (signed and shape[-1] > max(WIDEST, shape[-2:][0])):
        text = f"{shape[-1]} words to choose from: the logits of the next word"
        return Features("logits", ("tokens", "words of the vocabulary"), text)
    found = as_map(shape, facts, signed)
    if found or not 2 <= len(shape) <= 5 or shape[-1] == shape[-2]:
        return found
    parts = as_heads(shape, facts, signed, heads)
    several = len(shape) > 3 and shape[0] * shape[1] > 1
    least = PROJECTED if signed else NARROWEST
    if parts or several or not is_width(shape[-1], least):
        return parts
    ways = dict.fromkeys((len(shape) - 2, 0))  # (..., N, D), or (N, B, D)
    found = (as_tokens(shape, n, facts, signed) for n in ways if shape[n] != shape[-1])
    return next(filter(None, found), None)


def as_tokens(shape, axis, facts, signed):
    """Features with the tokens along this axis, if it has a grid or a text's width."""
    N, width = shape[axis], shape[-1]
    grid = cells_of(N, facts) or other_size(N, facts) or (signed and nearly(N, facts))
    wide = is_width(width, WIDE) and N < width and not fits(width, facts)
    signs = signed and len(shape) < 4 and is_width(width)
    signs &= N >= SMALLEST or facts.image_size is None
    if not grid and not wide and not signs:
        return None
    text = "these are rather tokens than weights: "
    text += f"axis {axis} of size {N} is {grid}, and " if grid else ""
    text += "some are negative (as scores are, too), and " if signs and not grid else ""
    text += f"{width} is a usual width. {TAKE}"
    first = axis < len(shape) - 2
    names = ("tokens", "images", "width") if first else ("tokens", "width")
    best, last = likeliest(N, facts), likeliest(width, facts)
    cells = last and last.kind == "cells" and last.merge == 1
    with_class_token = best and best.off_grid  # among queries and not among keys: no
    long = N > width or facts.image_size is None  # more queries than keys: hardly
    certain = signed or wide or not cells or with_class_token
    certain = bool(certain if grid or wide else long)
    return Features("tokens", names, text, certain, axis)


def nearly(N, facts):
    """The grid of the image and a few tokens more, in words; or ""."""
    for g in facts.grids() if facts.image_size else ():
        more = N - g.h * g.w
        if g.likely and g.merge == 1 and 0 <= more <= FEW < g.h * g.w:
            return f"{g.h} x {g.w}, and {more} more"
    return ""


def as_heads(shape, facts, signed, heads):
    """Queries, keys or values of every head, (B, A, N, d) or (B, N, A, d)."""
    if shape[-1] not in HEADS or len(shape) < 3 or fits(shape[-1], facts):
        return None
    behind = len(shape) > 3 and fits(shape[-3], facts) and not fits(shape[-2], facts)
    axis = len(shape) - 3 if behind or shape[-2] == heads else len(shape) - 2
    N, count = shape[axis], shape[-2] if axis < len(shape) - 2 else shape[-3]
    usual = fits(N, facts) and facts.family.grid
    grouped = bool(heads) and count < heads and heads % count == 0  # share their keys
    if not usual and not ((signed or grouped) and len(shape) > 3 and count > 1):
        return None
    text = (
        f"axis {axis} of size {N} is {cells_of(N, facts) or 'tokens'}, {shape[-1]} a "
        "head's width: these are rather queries, keys or values (B, A, N, d), unless "
        f"as many words are the keys. {TAKE}"
    )
    names = ("images", "heads", "tokens", "width of a head")
    if axis < len(shape) - 2:
        names = ("images", "tokens", "heads", "width of a head")
    first = "query, key, value" if shape[0] == 3 else "layers"
    names = (first,) * (len(shape) > 4) + names
    return Features("queries, keys or values", names, text, signed, axis)


def is_width(size, least=NARROWEST):
    return least <= size <= WIDEST and size % STEP == 0


def cells_of(N, facts):
    """The likeliest grid of N tokens, in words; "" if there is none."""
    best = likeliest(N, facts) if facts.family.grid else None
    if best is None or best.layout.index.numel() < SMALLEST:
        return ""
    return " x ".join(map(str, best.layout.grid)) + f", {best.others}"


def as_points(shape, sums, facts, counts):
    """Weights of deformable attention, (..., levels, points); None for others.

    sums: the axes over which they sum to 1, or None for a bare shape.
    """
    text = "these belong to points, no keys: sampling_locations says where they are"
    known, last = "levels" in facts.family.kinds, len(shape) - 1
    queries, heads = counts["queries"], counts["heads"]
    apart = len(shape) in (5, 6) and sums in (None, (last - 1, last))
    apart = apart and not (len(shape) == 6 and shape[-1] == 2)
    if apart and shape[-2] <= MOST_LEVELS and shape[-1] <= MOST_POINTS:
        known |= shape[-4] == queries or (shape[-3] == heads and shape[-4] != heads)
        names = ("images", "queries", "heads", "levels", "points")
        return Features("weights", names, text) if known else None
    flat = len(shape) == 4 and sums in (None, (3,)) and shape[1] > shape[2]
    flat = flat and shape[-1] % 4 == 0 and shape[-1] <= MOST_LEVELS * MOST_POINTS
    if len(shape) == 6 and shape[-1] == 2 and not sums:  # where the points are
        known |= shape[1] == queries or shape[2] == heads
        text = "these are places of points, x and y as shares of the image: no weights"
        names = ("images", "queries", "heads", "levels", "points", "x, y")
        return Features("sampling locations", names, text) if known else None
    names = ("images", "queries", "heads", "levels x points")
    return Features("weights", names, text) if flat and known else None


def as_map(shape, facts, signed):
    """Features for what has rows and columns among its axes; None for others."""
    if len(shape) < 3:
        return None
    if facts.image_size is None:
        return map_by_size(shape, signed)
    if shape[-2:] == tuple(facts.image_size):
        text = f"{shape[-3:]} may be the image itself, (channels, H, W)"
        certain = shape[-3] in (1, 3, 4) and not fits(shape[-1], facts)
        return Features("picture", ("channels", "rows", "columns"), text, certain)
    grids = {(g.h, g.w) for g in facts.grids() if g.likely}
    (h, w), (r, c) = shape[-3:-1], shape[-2:]
    if (h, w) in grids and is_width(shape[-1]):
        text = (
            f"this is rather a feature map, channels last: {h} x {w} cells of "
            f"{shape[-1]} channels. For (..., C, h, w): movedim(-1, -3)"
        )
        names, certain = ("rows", "columns", "channels"), not fits(shape[-1], facts)
        return Features("feature map", names, text, certain)
    wide = is_width(shape[-3], PROJECTED if signed else NARROWEST)
    if (r, c) in grids and wide:
        return feature_map(shape)
    if (c, r) in grids and wide:
        text = (
            f"this is rather a feature map with rows and columns swapped: {r} x {c}, "
            f"where the image has {c} x {r} cells. Unflatten as ({c}, {r})"
        )
        return Features("feature map", ("channels", "columns", "rows"), text)
    return None


def map_by_size(shape, signed):
    """A feature map (B, C, h, w) of an unknown image: no model has so many heads."""
    usual = len(shape) == 4 and is_width(shape[1]) and max(shape[2:]) <= LARGEST
    usual = usual and max(shape[2:]) <= 2 * min(shape[2:])
    return feature_map(shape, signed) if usual else None


def feature_map(shape, certain=True):
    C, h, w = shape[-3:]
    text = (
        f"this is rather a feature map: {C} channels of {h} x {w} cells. Its cells are "
        f"keys once it is flattened. {TAKE}"
    )
    return Features("feature map", ("channels", "rows", "columns"), text, certain)
