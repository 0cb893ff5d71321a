"""Tensors that people bring instead of weights: tokens, feature maps, heads' parts."""

from typing import NamedTuple

from helpers.inspection.shapes.facts import SMALLEST
from helpers.inspection.shapes.families import read_toml
from helpers.inspection.shapes.inputs import other_size
from helpers.inspection.shapes.readings import fits, likeliest
from helpers.inspection.shapes.report import Axis

NARROWEST, STEP = 192, 64  # widths of models: 192, 384, 768, 1024, ..., of tokens
PROJECTED = 64  # the least width of tokens whose values tell that they are no weights
WIDE, WIDEST = 2048, 16384  # of language models
WORDS = (30522, 30524, 32000, 32064, 32128, 49152, 49408, 50257, 50265, 128256, 151936)
WORDS += (152064, 250002, 256000, 257152)  # that language models know
LEAST_WORDS = 4000
CLASSES = (1000, 1001, 21841, 21843)  # of ImageNet
HEADS = (32, 64, 72, 80, 88, 96, 128)  # widths of one head
LARGEST_MAP = 128  # cells of a side of a feature map, where the image is not known
MOST_LEVELS, MOST_POINTS = 5, 8
FEW = 64  # tokens beside those of the cells


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
        second = "frames" if "channels" in self.names else "heads"
        first = ("images", second, "queries", "layers")
        names = first[: max(left, 0)] + self.names[max(-left, 0) :]
        named = zip(names, shape, strict=True)
        return [Axis(name, size, "by its size") for name, size in named]


def features(kind, /, certain=True, tokens=None, **numbers):
    """The Features of this kind, its text with the numbers filled in."""
    own = read_toml("doctor.toml")["features"][kind]
    text = own.get("text", "").format(**numbers)
    names = tuple(own.get("names", ()))
    return Features(own.get("what", kind), names, text, bool(certain), tokens)


def as_features(shape, facts, signed):
    """Features, if these may be no weights; else None. shape: of a tensor not known to
    sum to 1. signed: some values are negative, as no weight is."""
    if len(shape) == 2 and shape[-1] in CLASSES and not fits(shape[-1], facts):
        return features("class logits", N=shape[-1])
    if labels(shape, facts) or (signed and shape[-1] > max(WIDEST, shape[-2:][0])):
        return features("logits", N=shape[-1])
    found = as_map(shape, facts, signed) or as_picture(shape, facts, signed)
    if found or not 2 <= len(shape) <= 5 or shape[-1] == shape[-2]:
        return found
    parts = as_heads(shape, facts, signed)
    several = len(shape) > 3 and shape[0] * shape[1] > 1
    if parts or several or not is_width(shape[-1], PROJECTED if signed else NARROWEST):
        return parts
    ways = dict.fromkeys((len(shape) - 2, 0))  # (..., N, D), or (N, B, D)
    found = (as_tokens(shape, n, facts, signed) for n in ways if shape[n] != shape[-1])
    return next(filter(None, found), None)


def labels(shape, facts):
    """True if the last axis is as long as a vocabulary, or as a list of classes; or for
    a few queries, and more keys than the image has cells of 4 x 4 pixels."""
    T, N = (1, *shape)[-2:]
    if N in WORDS or (len(shape) == 2 and N in CLASSES):
        return True
    h, w = facts.image_size or (N, N)
    known = facts.gives_layout() or fits(N, facts) or 8 * T >= N or h * w == N
    return N >= LEAST_WORDS and 16 * N > h * w and not known


def as_tokens(shape, axis, facts, signed):
    """Features with the tokens along this axis, if it has a grid or a text's width."""
    N, width, sized = shape[axis], shape[-1], facts.image_size is not None
    grid = cells_of(N, facts) or other_size(N, facts) or (signed and nearly(N, facts))
    wide = is_width(width, WIDE) and N < width and not fits(width, facts)
    signs = signed and len(shape) < 4 and is_width(width)
    signs = signs and (N >= SMALLEST or not sized)
    if not (grid or wide or signs):
        return None
    why = "some are negative (as scores are, too), and " * signs
    why = f"axis {axis} of size {N} is {grid}, and " if grid else why
    best, last = likeliest(N, facts), likeliest(width, facts)
    cells = last and last.kind == "cells" and last.merge == 1
    if cells and not signed and not cells_of(N, facts):
        return None  # as many as another picture's cells, by chance
    with_class_token = best and best.off_grid  # among queries and not among keys: no
    certain = signed or wide or not cells or with_class_token
    if not grid and not wide:  # more queries than keys: hardly
        certain = N > width or not sized
    kind = "tokens first" if axis < len(shape) - 2 else "tokens"
    return features(kind, certain, axis, why=why, width=width)


def nearly(N, facts):
    """The grid of the image and a few tokens more, in words; or ""."""
    for g in facts.grids():
        more = N - g.h * g.w
        if g.likely and g.merge == 1 and 0 <= more <= FEW < g.h * g.w:
            return f"{g.h} x {g.w}, and {more} more"
    return ""


def as_heads(shape, facts, signed):
    """Queries, keys or values of every head, (B, A, N, d) or (B, N, A, d)."""
    heads, width, T = facts.heads, shape[-1], shape[-2:][0]
    tokens = signed and T != width and fits(T, facts)  # of scores T keys, too
    if width not in HEADS or len(shape) < 3 or (fits(width, facts) and not tokens):
        return None
    behind = len(shape) > 3 and fits(shape[-3], facts) and not fits(shape[-2], facts)
    behind = behind or shape[-2] == heads
    axis = len(shape) - (3 if behind else 2)
    N, count = shape[axis], shape[-2 if behind else -3]
    usual = fits(N, facts) and facts.family.grid
    grouped = bool(heads) and count < heads and heads % count == 0  # share their keys
    if not usual and not ((signed or grouped) and len(shape) > 3 and count > 1):
        return None
    cells = cells_of(N, facts) or "tokens"
    kind = "heads behind" if behind else "heads"
    found = features(kind, signed, axis, axis=axis, N=N, cells=cells, width=width)
    first = "query, key, value" if shape[0] == 3 else "layers"
    return found._replace(names=(first,) * (len(shape) > 4) + found.names)


def is_width(size, least=NARROWEST):
    return least <= size <= WIDEST and size % STEP == 0


def cells_of(N, facts):
    """The likeliest grid of N tokens, in words; "" if there is none."""
    best = likeliest(N, facts) if facts.family.grid else None
    return f"{best.size}, {best.others}" if best and best.cells >= SMALLEST else ""


def as_points(shape, sums, facts):
    """Weights of deformable attention, (..., levels, points); None for others.

    sums: the axes over which they sum to 1, or None for a bare shape.
    """
    known, last = "levels" in facts.family.kinds, len(shape) - 1
    queries, heads = facts.queries, facts.heads
    places = len(shape) == 6 and shape[-1] == 2
    if places and not sums:
        known |= shape[1] == queries or shape[2] == heads
        return features("sampling locations") if known else None
    if len(shape) in (5, 6) and not places and sums in (None, (last - 1, last)):
        known |= shape[-4] == queries or (shape[-3] == heads and shape[-4] != heads)
        few = shape[-2] <= MOST_LEVELS and shape[-1] <= MOST_POINTS
        return features("points") if few and known else None
    flat = len(shape) == 4 and sums in (None, (3,)) and shape[1] > shape[2]
    flat = flat and shape[-1] % 4 == 0 and shape[-1] <= MOST_LEVELS * MOST_POINTS
    return features("flat points") if flat and known else None


def as_map(shape, facts, signed):
    """Features for what has rows and columns among its axes; None for others."""
    if len(shape) < 3:
        return None
    wide = is_width(shape[-3], PROJECTED if signed else NARROWEST)
    (h, w), (r, c), C = shape[-3:-1], shape[-2:], shape[-3]
    if facts.image_size is None:  # no model has so many heads
        if len(shape) == 4 and is_width(shape[-1]) and 4 <= h == w <= LARGEST_MAP:
            return features("channels last", signed, h=h, w=w, C=shape[-1])
        usual = len(shape) == 4 and max(r, c) <= min(LARGEST_MAP, 2 * min(r, c))
        found = usual and is_width(C)
        return features("feature map", signed, C=C, h=r, w=c) if found else None
    if (r, c) == tuple(facts.image_size) and not fits(c, facts):
        return features("image", C in (1, 3, 4), shape=shape[-3:])
    grids = {(g.h, g.w) for g in facts.grids() if g.likely}
    if (h, w) in grids and is_width(shape[-1]):
        certain = not fits(shape[-1], facts)
        return features("channels last", certain, h=h, w=w, C=shape[-1])
    if (r, c) in grids and wide:
        return features("feature map", C=C, h=r, w=c)
    return features("swapped", h=r, w=c) if (c, r) in grids and wide else None


def as_picture(shape, facts, signed):
    """Features for channels in the shape of the image, at any stride; None for others.

    As many rows as columns may be queries and keys: then it stays open.
    """
    if not signed or facts.image_size is None or len(shape) < 3:
        return None
    (H, W), (C, h, w) = facts.image_size, shape[-3:]
    stride, off = divmod(H, h)
    alike = not off and w * stride == W and min(h, w) >= SMALLEST and C != facts.heads
    best = likeliest(w, facts)
    if not alike or (facts.heads in shape and h == w) or (best and not best.free):
        return None
    return features("feature map", h != w, C=C, h=h, w=w)
