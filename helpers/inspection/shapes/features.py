"""Tensors that people bring instead of weights: tokens, feature maps, heads' parts."""

from typing import NamedTuple

from helpers.inspection.shapes.readings import exact, fits
from helpers.inspection.shapes.report import Axis

NARROWEST, STEP = 192, 64  # widths of models: 192, 384, 768, 1024, ..., of tokens
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
        names = ("images", "heads", *self.names)[-len(shape) :]
        names = ("images", *names[1:]) if len(shape) == len(self.names) + 1 else names
        return [
            Axis(n, size, "by its size") for n, size in zip(names, shape, strict=True)
        ]


def as_features(shape, facts):
    """Features, if these may be no weights; else None.

    shape: that of a tensor whose last axis is not known to sum to 1.
    """
    found = as_map(shape, facts)
    if found or len(shape) < 2 or shape[-1] == shape[-2]:
        return found
    heads = as_heads(shape, facts)
    if heads or (len(shape) == 4 and shape[0] * shape[1] > 1):
        return heads
    if len(shape) > 4 or not is_width(shape[-1]):
        return None
    for axis in (len(shape) - 2, 0):  # (..., N, D), or (N, B, D)
        grid = cells_of(shape[axis], facts)
        if grid and shape[axis] != shape[-1]:
            text = (
                f"these are rather tokens than weights: axis {axis} of size "
                f"{shape[axis]} is {grid}, and {shape[-1]} is a usual width. {TAKE}"
            )
            names = ("tokens", "width") if axis else ("tokens", "images", "width")
            last = next(iter(exact(shape[-1], facts)), None)
            cells = last and last.likely and last.kind == "cells" and last.merge == 1
            return Features("tokens", names, text, not cells, axis)
    return None


def as_heads(shape, facts):
    """Queries, keys or values of every head, (B, A, N, d), as caches keep them."""
    (N, width), axis = shape[-2:], len(shape) - 2
    usual = width in HEADS and fits(N, facts) and not fits(width, facts)
    if not usual or len(shape) not in (3, 4) or not facts.family.grid:
        return None
    text = (
        f"axis {axis} of size {N} is {cells_of(N, facts)}, {width} a head's width: "
        "these are rather queries, keys or values (B, A, N, d), unless as many words "
        f"are the keys. {TAKE}"
    )
    names = ("images", "heads", "tokens", "width of a head")
    return Features("queries, keys or values", names, text, False, axis)


def is_width(size):
    return size >= NARROWEST and size % STEP == 0


def cells_of(N, facts):
    """The likeliest grid of N tokens, in words; "" if there is none."""
    best = next(iter(exact(N, facts)), None)
    if best is None or not best.likely:
        return ""
    return " x ".join(map(str, best.layout.grid)) + f", {best.others}"


def as_map(shape, facts):
    """Features for a picture, for (..., h, w, C) and (..., C, w, h), and for cells that
    look at words (..., h, w, N); None for others."""
    if len(shape) in (5, 6) and "levels" in facts.family.kinds:
        text = (
            "weights of deformable attention belong to points, not to keys: put them "
            "where sampling_locations says"
        )
        names = ("images", "queries", "heads", "levels", "points")
        return Features("weights", names, text)
    if facts.image_size is None or len(shape) < 3:
        return None
    if shape[-2:] == tuple(facts.image_size):
        text = f"{shape[-3:]} may be the image itself, (channels, H, W)"
        return Features("picture", ("channels", "rows", "columns"), text)
    grids = {(g.h, g.w) for g in facts.grids() if g.likely}
    h, w = shape[-3:-1]
    if (h, w) in grids and is_width(shape[-1]):
        text = (
            f"this is rather a feature map, channels last: {h} x {w} cells of "
            f"{shape[-1]} channels. For (..., C, h, w): movedim(-1, -3)"
        )
        return Features("feature map", ("rows", "columns", "channels"), text)
    if (h, w) in grids and len(shape) > 4:
        text = (
            f"cells look at {shape[-1]} keys: words of a prompt (the map of word k is "
            "weights[..., k]), or a neighbourhood of each cell, which is no map"
        )
        return Features(
            "weights", ("rows of queries", "columns of queries", "keys"), text
        )
    h, w = shape[-2:]
    if h != w and (w, h) in grids and (h, w) not in grids and is_width(shape[-3]):
        text = (
            f"this is rather a feature map with rows and columns swapped: {h} x {w}, "
            f"where the image has {w} x {h} cells. Unflatten as ({w}, {h})"
        )
        return Features("feature map", ("channels", "columns", "rows"), text)
    return None
