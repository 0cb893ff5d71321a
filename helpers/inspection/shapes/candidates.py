"""Which layouts a number of keys allows, given the image and perhaps the patch."""

import math
from dataclasses import dataclass

from helpers.maps.tokens import TokenLayout

STRIDES = (16, 14, 32, 8, 28, 4)  # pixels from cell to cell, the most usual first
# Keys that are no cells, as published models have them: how many, and what they are.
USUAL_EXTRAS = {
    0: "no other key",
    1: "1 class token in front",
    2: "class and distillation token in front",
    5: "class token and 4 registers in front",
    4: "4 registers in front",
}
SMALLEST = 16  # cells: below this, any number fits some grid
MOST_OTHERS = 64  # more keys off the grid than this explain nothing any more


@dataclass(frozen=True)
class Candidate:
    """A layout that fits the numbers, and why.

    usual: the keys off the grid are as many as published models have. likely: the grid
    has a usual stride or just the patch size, too.
    """

    layout: TokenLayout
    reason: str
    usual: bool
    likely: bool = True


def candidate_layouts(keys, image_size=None, patch_size=None):
    """Candidates for N keys, best first. image_size is (H, W), patch_size p or (p, q).

    Without an image size, square grids alone are tried. Without a patch size, the usual
    strides come first, then all others up to 32.
    """
    grids = candidate_grids(image_size, patch_size) if image_size else squares(keys)
    found = []
    for (h, w), (why, likely) in grids.items():
        others = keys - h * w
        if others in USUAL_EXTRAS and h * w > others:
            layout = TokenLayout.from_grid(h, w, prefix=others)
            reason = f"{h} x {w} cells ({why}), {USUAL_EXTRAS[others]}"
            found.append(Candidate(layout, reason, True, likely))
    rank = list(USUAL_EXTRAS)
    found.sort(key=lambda c: (not c.likely, rank.index(keys - c.layout.index.numel())))
    if image_size and (not found or keys - found[0].layout.index.numel() > 2):
        found += with_others(keys, grids)
    return without_doubles(found)


def with_others(keys, grids):
    """Cells and more keys than usual, somewhere: text, line breaks, a thumbnail."""
    found = []
    for (h, w), (why, likely) in grids.items():
        others = keys - h * w
        if not 3 <= others <= min(MOST_OTHERS, h * w) or "every" in why and not likely:
            continue
        for prefix, where in [
            (others, "in front"),
            (1, f"1 in front, {others - 1} behind"),
            (0, "behind"),
        ]:
            layout = TokenLayout.from_grid(h, w, prefix, others - prefix)
            reason = f"{h} x {w} cells ({why}), {others} other keys: {where}"
            found.append(Candidate(layout, reason, False, likely))
    found.sort(key=lambda c: keys - c.layout.index.numel())
    return found


def without_doubles(candidates):
    """The same grid at the same place counts once."""
    first = {}
    for candidate in candidates:
        layout = candidate.layout
        first.setdefault((layout.grid, int(layout.index[0, 0])), candidate)
    return list(first.values())


def squares(keys):
    """Square grids of `keys` cells, or of some fewer."""
    sides = [math.isqrt(keys - others) for others in USUAL_EXTRAS if keys > others]
    return {(side, side): ("a square grid", True) for side in sides if side > 1}


def candidate_grids(image_size, patch_size=None):
    """{(h, w): (how it comes about, whether that is usual)}, the likeliest first."""
    H, W = image_size
    if patch_size is None:
        steps = [(s, s, f"a cell every {s} pixels") for s in (*STRIDES, *range(2, 33))]
    else:
        p, q = patch_size if isinstance(patch_size, tuple | list) else (patch_size,) * 2
        steps = [(p, q, f"patch {patch_size}")]
        for m in (2, 4, 8, 3):
            steps.append((p * m, q * m, f"patch {patch_size}, {m} x {m} merged"))
    grids = {}
    for number, (p, q, why) in enumerate(steps):
        likely = number < (len(STRIDES) if patch_size is None else 1)
        # Patches are cut rounding down; padded convolutions round up.
        down, up = (H // p, W // q), (math.ceil(H / p), math.ceil(W / q))
        for (h, w), end in [(down, ""), (up, ", rounded up")]:
            if h * w >= SMALLEST or (likely and min(h, w) > 1):
                grids.setdefault((h, w), (why + end, likely))
    return grids


def candidate_windows(shape, image_size, patch_size=None, batch=None):
    """Layouts of window attention (Liu et al. 2021, Swin): (B * windows, A, n*n, n*n).

    Fits where the last two axes are one window and the first counts windows. Plain
    windows come before shifted ones: which of the two it is, no number tells.
    """
    if image_size is None or len(shape) not in (3, 4) or shape[-1] != shape[-2]:
        return []
    side = math.isqrt(shape[-1])
    if side < 4 or side * side != shape[-1]:
        return []
    plain, shifted = [], []
    stride = patch_size if isinstance(patch_size, int) else 4  # Swin's first grid
    for merge in (1, 2, 4, 8):
        h, w = (math.ceil(n / (stride * merge)) for n in image_size)
        windows = math.ceil(h / side) * math.ceil(w / side)
        images, rest = divmod(shape[0], windows)
        if windows < 2 or rest or batch not in (None, images):
            continue
        text = f"{h} x {w} cells in {windows} windows of {side} x {side}"
        for shift, found in [(0, plain), (side // 2, shifted)]:
            layout = TokenLayout.from_windows(h, w, side, shift)
            moved = f", shifted by {shift}" if shift else ""
            reason = f"{text}{moved}, {shape[0]} = {images} x {windows}"
            found.append(Candidate(layout, reason, True))
    return plain + shifted
