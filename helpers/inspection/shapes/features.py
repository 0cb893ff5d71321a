"""Tensors that people bring instead of weights: tokens, feature maps, heads' parts."""

from typing import NamedTuple

from helpers.inspection.shapes.facts import SMALLEST
from helpers.inspection.shapes.readings import fits, likeliest, other_size
from helpers.inspection.shapes.report import Axis

NARROWEST, STEP = 192, 64  # widths of models: 192, 384, 768, 1024, ..., of tokens
WIDE, WIDEST = 2048, 16384  # of language models
HEADS = (32, 64, 72, 80, 88, 96, 128)  # widths of one head
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
        names = ("images", "heads")[: max(left, 0)] + self.names[max(-left, 0) :]
        named = zip(names, shape, strict=True)
        return [Axis(name, size, "by its size") for name, size in named]


def as_features(shape, facts):
    """Features, if these may be no weights; else None.

    shape: that of a tensor whose last axis is not known to sum to 1.
    """
    found = as_map(shape, facts)
    if found or not 2 <= len(shape) <= 4 or shape[-1] == shape[-2]:
        return found
    heads = as_heads(shape, facts)
    several = len(shape) == 4 and shape[0] * shape[1] > 1
    if heads or several or not is_width(shape[-1]):
        return heads
    for axis in (len(shape) - 2, 0):  # (..., N, D), or (N, B, D)
        found = as_tokens(shape, axis, facts) if shape[axis] != shape[-1] else None
        if found:
            return found
    return None


def as_tokens(shape, axis, facts):
    """Features with the tokens along this axis, if it has a grid or a text's width."""
    N, width = shape[axis], shape[-1]
    grid = cells_of(N, facts) or other_size(N, facts)
    wide = is_width(width, WIDE) and N < width and not fits(width, facts)
    if not grid and not wide:
        return None
    text = "these are rather tokens than weights: "
    text += f"axis {axis} of size {N} is {grid}, and " if grid else ""
    text += f"{width} is a usual width. {TAKE}"
    first = axis < len(shape) - 2
    names = ("tokens", "images", "width") if first else ("tokens", "width")
    best, last = likeliest(N, facts), likeliest(width, facts)
    cells = last and last.kind == "cells" and last.merge == 1
    with_class_token = best and best.off_grid  # among queries and not among keys: no
    certain = bool(wide or not cells or with_class_token)
    return Features("tokens", names, text, certain, axis)


def as_heads(shape, facts):
    """Queries, keys or values of every head, (B, A, N, d), as caches keep them."""
    (N, width), axis = shape[-2:], len(shape) - 2
    usual = width in HEADS and fits(N, facts) and not fits(width, facts)
    if not usual or len(shape) < 3 or not facts.family.grid:
        return None
    text = (
        f"axis {axis} of size {N} is {cells_of(N, facts)}, {width} a head's width: "
        "these are rather queries, keys or values (B, A, N, d), unless as many words "
        f"are the keys. {TAKE}"
    )
    names = ("images", "heads", "tokens", "width of a head")
    return Features("queries, keys or values", names, text, False, axis)


def is_width(size, least=NARROWEST):
    return least <= size <= WIDEST and size % STEP == 0


def cells_of(N, facts):
    """The likeliest grid of N tokens, in words; "" if there is none."""
    best = likeliest(N, facts)
    if best is None or best.layout.index.numel() < SMALLEST:
        return ""
    return " x ".join(map(str, best.layout.grid)) + f", {best.others}"


def as_points(shape, sums, facts):
    """Weights of deformable attention, (..., levels, points); None for others.

    sums: the axes over which they sum to 1, or None for a bare shape.
    """
    kind = len(shape) in (5, 6) and "levels" in facts.family.kinds
    if not kind or sums not in (None, (len(shape) - 2, len(shape) - 1)):
        return None
    text = "these belong to points, no keys: sampling_locations says where they are"
    names = ("images", "queries", "heads", "levels", "points")
    return Features("weights", names, text)


def as_map(shape, facts):
    """Features for what has rows and columns among its axes; None for others."""
    if facts.image_size is None or len(shape) < 3:
        return None
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
    if (h, w) in grids and len(shape) > 4:
        text = (
            f"cells look at {shape[-1]} keys: words of a prompt (the map of word k is "
            "weights[..., k]), or a neighbourhood of each cell, which is no map"
        )
        names = ("rows of queries", "columns of queries", "keys")
        return Features("weights", names, text)
    if r != c and (c, r) in grids and (r, c) not in grids and is_width(shape[-3]):
        text = (
            f"this is rather a feature map with rows and columns swapped: {r} x {c}, "
            f"where the image has {c} x {r} cells. Unflatten as ({c}, {r})"
        )
        return Features("feature map", ("channels", "columns", "rows"), text)
    return None
