"""Which layouts a number of keys allows. All of them only count: they are proposals."""

import math
from dataclasses import replace

from helpers.inspection.shapes.report import Candidate
from helpers.maps.token_layout import TokenLayout

STRIDES = (16, 14, 32, 8, 28, 4)  # pixels from cell to cell, the most usual first
MERGES = (2, 4, 8, 3)  # cells of a side that become one token, the most usual first
# Keys that are no cells, as published models have them: how many, and what they are.
USUAL_EXTRAS = {
    0: "no other key",
    1: "1 class token in front",
    2: "class and distillation token in front",
    5: "class token and 4 registers in front",
    4: "4 registers in front",
}
BLOCKS = "block by block, 2 x 2 (the encoders of Qwen2-VL and GLM-4V)"
SMALLEST = 16  # cells: below this, any number fits some grid
SMALLEST_MERGED = 36  # cells of more than 2 x 2 patches, for the same reason
MOST_FRAMES = 128


def propose(N, image_size=None, patch_size=None, prompt=False):
    """Candidates for N keys, best first. image_size is (H, W), patch_size p or (p, q).

    Without an image size, grids that are not long are tried. Without a patch size, the
    usual strides come first, then all others up to 32. prompt: the keys are those of a
    language model, so cells alone, or behind a class token, are none.
    """
    if image_size is None:
        grids = {} if prompt else factors(N)
    else:
        grids = grids_of(image_size, patch_size)
    found = [c for grid in grids.items() for c in plain(N, *grid)]
    rank = list(USUAL_EXTRAS.values())
    found.sort(key=lambda c: (not c.likely, rank.index(c.others)))
    found = [] if prompt else found[:1] + in_blocks(found) + found[1:]
    if image_size and (not found or found[0].off_grid > 2):
        for kind in (with_breaks, with_frames, with_text):
            more = [c for grid in grids.items() for c in kind(N, *grid)]
            found += sorted(more, key=lambda c: c.off_grid)
    return without_doubles(found)


def without_doubles(candidates):
    """The same layout counts once."""
    first = {}
    for candidate in candidates:
        first.setdefault(candidate.layout, candidate)
    return list(first.values())


def plain(N, size, origin):
    """Cells, and as many other keys in front as published encoders have."""
    (h, w), (source, likely, m) = size, origin
    extras = N - h * w
    if extras not in USUAL_EXTRAS or h * w <= extras:
        return []
    layout = TokenLayout.from_grid(h, w, prefix=extras)
    same = (BLOCKS,) if extras == 0 and h % 2 == w % 2 == 0 else ()
    others = USUAL_EXTRAS[extras]
    return [Candidate(layout, source, others, same=same, likely=likely, merge=m)]


def in_blocks(candidates):
    """The first layout again, in the order of encoders that merge cells afterwards."""
    if not candidates or BLOCKS not in candidates[0].same:
        return []
    layout = TokenLayout.from_blocks(*candidates[0].layout.grid)
    grid = f"{candidates[0].grid}, {BLOCKS}"
    return [replace(candidates[0], layout=layout, grid=grid, same=("row by row",))]


def with_breaks(N, size, origin):
    """A line break after every row, as in Fuyu and Pixtral."""
    (h, w), (source, likely, m) = size, origin
    extras = N - h * (w + 1)
    if not likely or h * w < SMALLEST or extras not in (0, 1, 2):
        return []
    layout = TokenLayout.from_grid(h, w, min(extras, 1), max(extras - 1, 0), breaks=1)
    same = (f"the cells together, and {N - h * w} words",)
    others = f"{h} line breaks" + (f" and {extras} other keys" if extras else "")
    return [Candidate(layout, source, others, same=same, merge=m)]


def with_frames(N, size, origin):
    """Frames of a video, or tiles of an image, one behind the other."""
    (h, w), (source, likely, m) = size, origin
    cells, found = h * w, []
    if cells < (SMALLEST if m <= 2 else SMALLEST_MERGED) or not likely:
        return []
    for prefix, each in [(0, 0), (1, 0), (0, 1)]:
        t, rest = divmod(N - prefix, cells + each)
        if rest or not 2 <= t <= MOST_FRAMES:
            continue
        layouts = [TokenLayout.from_frames(t, h, w, prefix, 0, each)]
        if not each:
            layouts += [TokenLayout.from_frames(t, h, w, prefix, time_last=True)]
        others = ["no other key", "1 class token in front"][prefix]
        others = "1 class token in front of each" if each else others
        same = (
            f"{t} frames, {t} tiles, or {t - 1} tiles and a thumbnail; or the frames "
            "of a cell together (TimeSformer)",
        )
        found += [Candidate(x, source, others, same=same, merge=m) for x in layouts]
    return found


def with_text(N, size, origin):
    """Cells in one run among words; where it begins, the numbers do not say."""
    (h, w), (source, likely, m) = size, origin
    t, extras = divmod(N, h * w)
    least = SMALLEST if m <= 2 else SMALLEST_MERGED
    if not t or extras < 3 or h * w < least or not likely:
        return []
    layouts = [TokenLayout.from_grid(h, w, 1, N - h * w - 1)]
    if 1 < t <= MOST_FRAMES:
        layouts += [TokenLayout.from_frames(t, h, w, 1, extras - 1)]
    where = "other keys, where is a guess"
    return [
        Candidate(x, source, f"{N - x.index.numel()} {where}", free=True, merge=m)
        for x in layouts
    ]


def factors(N):
    """Grids of N cells, or of some fewer, at most 2.5 times as wide as high."""
    squares, others = {}, {}
    for extras in USUAL_EXTRAS:
        for h in range(math.isqrt(max(N - extras, 0)), 1, -1):
            w, rest = divmod(N - extras, h)
            if w > 2.5 * h:
                break
            if not rest and h == w:
                squares[h, w] = ("a square grid", True, 1)
            elif not rest and h * w >= SMALLEST:
                others[h, w] = ("a grid of this many cells, or on its side", False, 1)
    return squares | others


def grids_of(image_size, patch_size=None):
    """{(h, w): (where it comes from, whether that is usual, patches merged on a side)}.

    The likeliest first.
    """
    H, W = image_size
    if patch_size is None:
        strides = (*STRIDES, *range(2, 33))
        steps = [(s, s, f"a cell every {s} pixels", 1) for s in strides]
    else:
        p, q = patch_size if isinstance(patch_size, tuple | list) else (patch_size,) * 2
        steps = [(p, q, f"patch {patch_size}", 1)]
        for m in MERGES:
            steps.append((p * m, q * m, f"patch {patch_size}, {m} x {m} merged", m))
    grids = {}
    for number, (p, q, why, m) in enumerate(steps):
        likely = number < (len(STRIDES) if patch_size is None else 3)
        # Patches are cut rounding down; padded convolutions round up, and merge none.
        down, up = (H // p, W // q), (math.ceil(H / p), math.ceil(W / q))
        for (h, w), end, usual in [
            (down, "", likely),
            (up, ", rounded up", likely and m == 1),
        ]:
            if h * w >= SMALLEST or (usual and min(h, w) > 1):
                grids.setdefault((h, w), (why + end, usual, m))
    return grids


def windows_of(shape, image_size, patch_size=None, batch=None):
    """Layouts of window attention (Liu et al. 2021, Swin): (B * windows, A, n*n, n*n).

    Fits where the last two axes are one window and the first counts windows. Plain
    windows come before shifted ones: which of the two it is, no number tells.
    """
    side = math.isqrt(shape[-1])
    square = len(shape) in (3, 4) and shape[-1] == shape[-2] == side**2
    if image_size is None or not square or side < 4:
        return []
    plain, shifted = [], []
    stride = patch_size if isinstance(patch_size, int) else 4  # Swin's first grid
    for merge in (1, 2, 4, 8):
        h, w = (math.ceil(n / (stride * merge)) for n in image_size)
        windows = math.ceil(h / side) * math.ceil(w / side)
        images, rest = divmod(shape[0], windows)
        if windows < 2 or rest or batch not in (None, images):
            continue
        grid = (
            f"{windows} windows of {side} x {side}, {shape[0]} = {images} x {windows}"
        )
        for shift, found in [(0, plain), (side // 2, shifted)]:
            layout = TokenLayout.from_windows(h, w, side, shift)
            others = f"shifted by {shift}" if shift else "not shifted"
            found.append(Candidate(layout, grid, others))
    return plain + shifted
