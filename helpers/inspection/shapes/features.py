"""Tensors that people bring instead of weights: tokens, and feature maps."""

from math import isqrt

from helpers.inspection.shapes.proposals import grids_of, propose

NARROWEST, STEP = 192, 64  # widths of models: 192, 384, 768, 1024, ..., of tokens
USUAL = (14, 16, 24)  # cells on a side, of frames and of tiles
SPECIAL = 5  # tokens in front of the cells, at most: a class token and 4 registers


def as_features(shape, run):
    """(a sentence, whether it is certain by the sizes), if these may be no weights.

    shape: that of a tensor whose last axis is not known to sum to 1. run: a Run.
    """
    map_text = as_map(shape, run.image_size, run.patch_size)
    if map_text:
        return map_text, True
    if len(shape) not in (2, 3) or not is_width(shape[-1]) or shape[-1] == shape[-2]:
        return None
    for axis in (len(shape) - 2, 0):  # (B, N, D), or (N, B, D)
        N = shape[axis]
        fitting = cells_of(N, run.image_size, run.patch_size)
        cells = fitting or squares(N)
        if cells and N != shape[-1]:
            text = (
                f"these are rather tokens than weights: axis {axis} of size {N} is "
                f"{cells}, and {shape[-1]} is a usual width. Weights "
                "have the keys last; take them with capture_attention(model)"
            )
            return text, bool(fitting) and run.patch_size is not None
    return None


def is_width(size):
    return size >= NARROWEST and size % STEP == 0


def cells_of(N, image_size, patch_size):
    """The grid of N tokens on this image, in words; "" if there is none."""
    if image_size is None:
        return ""
    best = next(iter(propose(N, image_size, patch_size)), None)
    if best is None or not best.likely or best.off_grid > SPECIAL:
        return ""
    return " x ".join(map(str, best.layout.grid)) + f", {best.others}"


def squares(N):
    """A square grid of N tokens, or several of a usual size, in words; or ""."""
    side = isqrt(N)
    rest = N - side * side
    if side > 3 and rest <= SPECIAL and rest != 3:
        return f"{side} x {side}" + f" + {rest}" * bool(rest)
    several = [s for s in USUAL if N % (s * s) == 0 and N > s * s]
    return " or ".join(f"{N // (s * s)} x {s} x {s}" for s in several)


def as_map(shape, image_size, patch_size):
    """A sentence for (..., h, w, C), and for (..., w, h); None for others."""
    if image_size is None or len(shape) < 3:
        return None
    grids = {
        g for g, (_, usual, m) in grids_of(image_size, patch_size).items() if usual
    }
    if shape[-3:-1] in grids and is_width(shape[-1]):
        return (
            f"this is rather a feature map, channels last: {shape[-3]} x {shape[-2]} "
            f"cells of {shape[-1]} channels. For (..., C, h, w): movedim(-1, -3)"
        )
    h, w = shape[-2:]
    if h != w and (w, h) in grids and (h, w) not in grids and is_width(shape[-3]):
        return (
            f"this is rather a feature map with rows and columns swapped: {h} x {w}, "
            f"where the image has {w} x {h} cells. Unflatten as ({w}, {h})"
        )
    return None
