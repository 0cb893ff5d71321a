"""What a tensor is, if it is no weights: by its values, then by its shape."""

from math import ceil, isqrt

import torch

from helpers.inspection.shapes import features
from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.readings import exact, fits
from helpers.inspection.shapes.rules import TINY
from helpers.inspection.shapes.softmax import image_block, tolerance

COLORS = (3, 4)  # as a picture has them
CHANNELS = 16  # the fewest that are no heads
OCTAVES = (1, 2, 4, 8, 16, 32)  # strides of convolutions
SMALL, SMALL_LAST = 192, 64  # pixels of a side: below this, colors may be heads


def instead_of_weights(report, values, facts):
    """The Features that the tensor may be; None for weights."""
    shape, signed = report.shape, False
    if points := features.as_points(shape, report.sums, facts):
        return points
    heads, asked = facts.heads, facts.queries
    named = {heads, asked} - {None, 1}
    if values is not None:
        signed = bool((values.nan_to_num() < -1e-6).any())
        if found := two_numbers(values):
            return found
        if len(shape) == 5 and shape[-2:] == (1, 1) and report.sums == (1,):
            return features.features("branches")
        total = values.nan_to_num().double().sum(-1)  # (...)
        cut = total.min() >= 0.5 and total.max() <= 1 + tolerance(values)  # of keys
        if (report.sums or (cut and not signed)) and not features.labels(shape, facts):
            return None
        pixels = None if named & set(shape) else as_pixels(shape, values, facts)
        if found := gate(values, facts) or pixels or whole_numbers(values):
            return found
    placed = facts.in_prompt() or facts.given_grids() or exact(shape[-1], facts)
    if not signed and facts.gives_layout() and placed:
        return None
    if not signed and named & set(shape):
        weights = asked in shape or facts.words == shape[-1]
        return None if weights else features.as_heads(shape, facts, signed)
    found = features.as_features(shape, facts, signed)
    if signed and found and found.what == "queries, keys or values":
        sizes = values.abs().sum(-1)  # (...)
        centred = (values.sum(-1).abs() <= 1e-3 * sizes).all()
        if centred or values.abs().max() <= TINY:  # gradients
            return None
    axes_named = heads in shape[:-2] or asked == shape[-2:][0]
    return None if axes_named and found and found.what == "tokens" else found


def two_numbers(values):
    """Features of a mask, 0 and 1 or 0 and far less; else None."""
    least, most = values.min().item(), values.max().item()
    two = bool(((values == least) | (values == most)).all()) and least < most
    one = least == 0 and bool((values.sum(-1) == 1).all())  # a key a row: weights
    mask = two and not one and (most == 0 or (least, most) == (0, 1))
    if mask and any(image_block(values == seen) == (0, 0) for seen in (most, least)):
        return features.features("causal mask", tokens=values.dim() - 1)
    return features.features("mask") if mask else None


def whole_numbers(values):
    """Features of ids or counts, not of weights that are scaled to 255; else None."""
    least, most = values.min().item(), values.max().item()
    ids = -100 <= least < most > 1 and (least, most) != (0, 255)
    whole = ids and bool((values % 1 == 0).all())
    return features.features("whole numbers") if whole else None


def gate(values, facts):
    """Features of channels that no softmax made, (B, C, h, w): a gate of each (h = w =
    1), or of each cell, or a feature map; else None."""
    C, h, w = (0, 0, *values.shape)[-3:]
    low, high = values.min(), values.max()
    named = {facts.words, *facts.counts.values()} - {None, 1}
    if not 0 <= low < high or C < CHANNELS or named & {C, h, w}:
        return None
    if h == w == 1:
        return features.features("channel gate") if high <= 1 else None
    rows, most = values.sum(-1), values.amax((-2, -1))  # (B, C, h), (B, C)
    softmax = rows.max() < 1.2 or (rows.mean() - 1).abs() < 0.2  # and dropout
    softmax |= rows.max() < 1.01 * rows.min()  # a sum of several
    scaled = (most == most.max()).all()  # maps, for drawing
    if values.dim() < 4 or softmax or scaled or facts.family.words:
        return None
    if C % 8 or C < features.PROJECTED or C == h * w or not has_cells(h, w, facts):
        return None
    return features.features("feature map", C=C, h=h, w=w)


def has_cells(h, w, facts):
    """True if a convolution's output is h x w: on this image, or on some."""
    if facts.image_size is None:  # a square of 197 is tokens by tokens
        return max(h, w) <= 2.5 * min(h, w) and (h != w or isqrt(h - 1) ** 2 != h - 1)
    sizes = [tuple(ceil(n / s) for n in facts.image_size) for s in OCTAVES]
    return (h, w) in sizes and (h != w or not fits(w, facts))


def as_pixels(shape, values, facts):
    """Features, if the last axes are rows and columns of pixels; else None."""
    same = facts.image_size and shape[-2:] == tuple(facts.image_size)
    same = same and not fits(shape[-1], facts)
    sizes, ways = values.abs(), ()
    if len(shape) > 2:
        last = (shape[-1], shape[-3:-1], SMALL_LAST, "picture, channels last")
        ways = (shape[-3], shape[-2:], SMALL, "picture"), last
    for C, (h, w), least, kind in ways:
        usual = C in COLORS and min(h, w) >= least and not (h % 8 or w % 8)
        bright = usual and sizes.max() <= 255 and sizes.mean() * w > 8
        if bright and not fits(w, facts):
            return features.features(kind, C=C, h=h, w=w)
    if shape[-1] == 4 and len(shape) == 3 and values.min() >= 0:
        return features.features("boxes")
    return enlarged(values) if same else None


def enlarged(values):
    """Features of maps over the pixels (..., H, W): how often each value stands there,
    and whether each map was scaled by itself."""
    found = features.features("enlarged maps")
    H, W = values.shape[-2:]
    for s in (s for s in range(min(H, W), 1, -1) if H % s == W % s == 0):
        cells = values[..., ::s, ::s]  # (..., h, w)
        if torch.equal(cells.repeat_interleave(s, -2).repeat_interleave(s, -1), values):
            text = say("repeated", s=s, h=H // s, w=W // s)
            found = found._replace(text=f"{found.text}; {text}")
            break
    low, high = values.amin((-2, -1)), values.amax((-2, -1))  # (...)
    if low.numel() > 1 and bool(((low == 0) & (high == 1)).all()):
        found = found._replace(text=f"{found.text}; {say('each scaled')}")
    return found
