"""Which layouts a number of image tokens allows. All of them only count."""

from math import ceil

import torch

from helpers.inspection.shapes.facts import SMALLEST, square_grids
from helpers.inspection.shapes.report import Candidate, Known
from helpers.inspection.shapes.tiles import SQUARES, TILES, tiled
from helpers.maps.token_layout import TokenLayout

# Keys that are no cells, as published models have them: how many, and what they are.
EXTRAS = {
    0: "no other key",
    1: "1 class token in front",
    2: "class and distillation token in front",
    5: "class token and 4 registers in front",
    4: "4 registers in front",
}
FRAMES = ("frames", "class frames", "time last")
KINDS = ("cells", "blocks", *TILES, *FRAMES, "breaks", "levels", "window blocks")
SMALLEST_MERGED = 36  # cells of more than 2 x 2 patches: below this, any number fits
MOST_FRAMES = 128
MOST_WORDS = 16  # in front of a frame: its number, or its time
BLOCKS = "block by block, 2 x 2 (the encoders of Qwen2-VL and GLM-4V)"
WINDOWS = "blocks of 2 x 2, sorted by windows (the encoder of Qwen2.5-VL)"
ORDERS = ("blocks", "window blocks", "cells")  # of unmerged cells, the most usual first
LEVELS = ((8, 16, 32, 64), (8, 16, 32), (16, 32, 64), (4, 8, 16, 32))  # strides


def read(M, facts):
    """Candidates of M keys or fewer, the likeliest first."""
    if given := facts.given_grids():
        return packed(M, given, facts)
    grids = facts.grids() if facts.image_size else square_grids(M, EXTRAS)
    readings = (cells, blocks, window_blocks, breaks, frames)
    found = [c for g in grids for reading in readings for c in reading(g, M, facts)]
    found += levels(M, facts)
    found += tiled(M, facts, grids if facts.image_size else SQUARES)
    own = {*facts.family.kinds, *(FRAMES if facts.frames else ())}
    own |= set(TILES if facts.tiles else ())
    if facts.family.kinds:
        found = [c for c in found if c.kind in own]
    found.sort(key=lambda c: rank(c, facts))
    first = {}
    for c in found:  # the same layout counts once
        first.setdefault(c.layout, c)
    return list(first.values())


def exact(M, facts):
    """Candidates of just M keys; no video where a picture explains them."""
    found = [c for c in read(M, facts) if c.layout.length == M]
    if found and found[0].kind == "cells" and found[0].likely and found[0].off_grid < 3:
        return [c for c in found if c.kind not in (*FRAMES, "breaks")]
    return found


def fits(N, facts):
    """True if N is a usual number of keys for this image."""
    best = next(iter(exact(N, facts)), None) if facts.image_size else None
    enough = best and best.layout.index.numel() >= SMALLEST
    return bool(enough and best.likely and best.off_grid <= 5)


def rank(c, facts):
    """What comes first: what was named, then what is usual."""
    given = (facts.tiles and c.kind in TILES) or (facts.frames and c.kind in FRAMES)
    named = facts.family.kinds
    order = named.index(c.kind) if c.kind in named else len(named)
    usual = tuple(EXTRAS)
    extras = usual.index(c.off_grid) if c.off_grid in usual else len(usual)
    return not c.likely, not given, order, KINDS.index(c.kind), extras


def room(g):
    """True for grids that may be a part of the keys: no chance hits."""
    return g.likely and g.h * g.w >= (SMALLEST if g.merge <= 2 else SMALLEST_MERGED)


def candidate(layout, g, kind, others=EXTRAS[0], **more):
    more = {"source": g.source, "likely": g.likely, "merge": g.merge, **more}
    return Candidate(layout, others=others, kind=kind, **more)


def cells(g, M, facts):
    """Cells, and as many other keys in front as published encoders have.

    Class tokens belong to patches, and those are cut rounding down.
    """
    for extras, others in EXTRAS.items():
        n = g.h * g.w + extras
        whole = n == M and g.h * g.w > extras and not (extras and "up" in g.source)
        if whole or (not extras and n < M and room(g)):
            layout = TokenLayout.from_grid(g.h, g.w, prefix=extras)
            yield candidate(layout, g, "cells", others)


def blocks(g, M, facts):
    """The order of encoders that merge 2 x 2 cells afterwards."""
    if g.h * g.w == M and g.h % 2 == g.w % 2 == 0 and g.merge == 1 and g.likely:
        layout = TokenLayout.from_blocks(g.h, g.w)
        yield candidate(layout, g, "blocks", source=f"{g.source}, {BLOCKS}")


def window_blocks(g, M, facts):
    """Qwen2.5-VL: windows of 4 x 4 blocks, each of 2 x 2 cells (Bai et al. 2025)."""
    if "window blocks" in facts.family.kinds and list(blocks(g, M, facts)):
        index = sorted_blocks(g.h, g.w)
        layout = TokenLayout(index, M)
        yield candidate(layout, g, "window blocks", source=f"{g.source}, {WINDOWS}")


def sorted_blocks(h, w):
    """(h, w) keys: windows row by row, in each its blocks, in each its cells."""
    units = TokenLayout.from_windows(h // 2, w // 2, 4).index  # (h / 2, w / 2)
    units = units.flatten().argsort().argsort().view_as(units)  # without the gaps
    units = units.repeat_interleave(2, 0).repeat_interleave(2, 1)  # (h, w)
    return 4 * units + 2 * (torch.arange(h) % 2)[:, None] + torch.arange(w) % 2


def breaks(g, M, facts):
    """A line break behind every row, as in Fuyu and Pixtral; or not behind the last."""
    extras = M - g.h * (g.w + 1)
    named = facts.text is not None or "breaks" in facts.family.kinds
    if not room(g) or g.merge not in (facts.merges or (1,)) or extras < -named:
        return
    extras = extras if 0 < extras < 3 else 0
    around = min(extras, 1), max(extras - 1, 0)
    layout = TokenLayout.from_grid(g.h, g.w, *around, breaks=1)
    others = f"{g.h} line breaks" + (f" and {extras} other keys" if extras else "")
    layout = TokenLayout(layout.index, min(layout.length, M))
    yield candidate(layout, g, "breaks", others)


def frames(g, M, facts):
    """Frames of a video, or tiles of an image, one behind the other."""
    n, guess = g.h * g.w, facts.frames is None
    if not room(g) or (
        guess and (facts.tiles or g.merge not in (facts.merges or (1,)))
    ):
        return
    for kind, around in {
        "frames": {},
        "time last": {"time_last": True},
        "class frames": {"frame_prefix": 1},
    }.items():
        each = around.get("frame_prefix", 0)
        for prefix in (0, 1 - each):
            others = EXTRAS[prefix] + " of each" * each
            for t in steps(M - prefix, n + each, facts):
                layout = TokenLayout.from_frames(t, g.h, g.w, prefix, **around)
                yield candidate(layout, g, kind, others)
    t = facts.frames or 1
    between, rest = divmod(M - t * n, max(t - 1, 1))
    if t > 1 and 0 < between <= MOST_WORDS and not rest and facts.text is not None:
        index = TokenLayout.from_frames(t, g.h, g.w, frame_suffix=between).index
        others = f"{between} keys between the frames"
        yield candidate(TokenLayout(index, M), g, "frames", others)


def steps(M, size, facts):
    """How many steps in time M keys of this size may have: as many as frames, or one
    for every two, three, ... of them."""
    if facts.frames is None:
        most = [M // size]
    else:
        most = [facts.frames // k for k in range(1, facts.frames + 1)]
        most = [
            t for t in most if facts.frames % t == 0 and t * size in (M, M - 1)
        ] or [t for t in most[:2] if t * size < M]
    return [t for t in dict.fromkeys(most) if 2 <= t <= MOST_FRAMES]


def levels(M, facts):
    """Feature maps of several strides, the finest first (Deformable DETR)."""
    if facts.image_size is None:
        return
    for strides in LEVELS:
        sizes = [tuple(ceil(n / s) for n in facts.image_size) for s in strides]
        if sum(h * w for h, w in sizes) != M:
            continue
        start = 0
        for number, ((h, w), s) in enumerate(zip(sizes, strides, strict=True), start=1):
            layout = TokenLayout.from_grid(h, w, start, M - start - h * w)
            source = f"level {number} of {len(sizes)}, a cell every {s} pixels"
            others = "the other levels around it"
            yield Candidate(layout, source, others, kind="levels")
            start += h * w


def count(grids, m=1):
    """How many keys these grids (t, h, w) have with m x m cells merged into one."""
    return sum(t * ceil(h / m) * ceil(w / m) for t, h, w in grids)


def packed(M, grids, facts):
    """Candidates for the grids that the processor gave, one image behind the other."""
    _, h, w = grids[0]
    if len(grids) == 1 and M == h * w and not facts.in_prompt():
        grids = [(1, h, w)]  # the encoder of Qwen2-VL attends frame by frame
    sizes = sorted((1, 2, 4, 3), key=lambda m: count(grids, m) != M)
    found = [c for m in sizes if count(grids, m) <= M for c in merged(grids, m, facts)]
    if facts.grid_thw is None and facts.input_ids is None and found:
        if found[0].layout.length < M:  # NaFlex: every image is filled up to M
            return [filled(M, number, grids) for number in range(len(grids))]
    return found


def filled(M, number, grids):
    _, h, w = grids[number]
    layout = TokenLayout.from_grid(h, w, suffix=M - h * w)
    source = f"spatial_shapes, image {number + 1} of {len(grids)}"
    return Candidate(layout, source, f"{M - h * w} keys of padding behind", Known.RUN)


def merged(grids, m, facts):
    """Every image of these grids, in every order that its encoder may have."""
    found, start, total = [], 0, count(grids, m)
    for number, (t, h, w) in enumerate(grids, start=1):
        h, w = ceil(h / m), ceil(w / m)
        orders = {"cells": (TokenLayout.from_grid(h, w).index, "row by row")}
        if facts.grid_thw is not None and m == 1 and h % 2 == w % 2 == 0:
            orders["blocks"] = TokenLayout.from_blocks(h, w).index, "block by block"
            orders["window blocks"] = sorted_blocks(h, w), WINDOWS
        named = [kind for kind in facts.family.kinds if kind in orders]
        for kind in dict.fromkeys((*named, *ORDERS)) if len(orders) > 1 else orders:
            cell, order = orders[kind]
            frames = start + torch.arange(t)[:, None, None] * h * w + cell  # (t, h, w)
            layout = TokenLayout(frames if t > 1 else frames[0], total)
            source = f"image {number} of {len(grids)}, " if len(grids) > 1 else ""
            source += order + (f", {m} x {m} merged" if m > 1 else "")
            known = Known.RUN if len(orders) == 1 else Known.COUNTED
            found.append(Candidate(layout, source, known=known, kind=kind, merge=m))
        start += t * h * w
    return found
