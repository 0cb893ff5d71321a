"""Layouts from the grids that a processor gives: grid_thw, spatial_shapes."""

from itertools import pairwise
from math import ceil

import torch

from helpers.inspection.shapes.report import Candidate, Known, in_number
from helpers.maps.token_layout import TokenLayout

SIDE = 336  # pixels of a tile of LLaVA-NeXT
PINPOINTS = ((1, 2), (2, 1), (2, 2), (3, 1), (1, 3))  # its (rows, columns) of tiles
THUMBNAIL = "thumbnail"  # kind of a Candidate: the same picture, small
MERGES = (1, 2, 4, 3)  # patches of a side that make one key


def count_keys(grids, m=1):
    """How many keys these grids (t, h, w) have with m x m cells merged into one."""
    return sum(t * ceil(h / m) * ceil(w / m) for t, h, w in grids)


def packed(M, grids, facts):
    """Candidates of M keys or fewer for these grids, one image behind the other."""
    (t, h, w), known = grids[0], Known.RUN
    merges = (facts.merge, 1) if facts.merge else MERGES  # as named, or not yet merged
    sizes = [m for m in dict.fromkeys(merges) if count_keys(grids, m) == M]
    frame = len(grids) == 1 and t > 1 and M == h * w and not facts.in_prompt()
    if not sizes and not frame:
        sizes = [m for m in facts.merges or MERGES if count_keys(grids, m) <= M]
        known = Known.RUN if facts.merges else Known.COUNTED
    if frame and sizes:  # the encoder of Qwen2-VL attends frame by frame
        known = Known.COUNTED
    found = [c for m in sizes for c in merged(grids, m, facts, known)]
    found += merged([(1, h, w)], 1, facts, known) if frame else []
    alone = facts.grid_thw is None and facts.input_ids is None
    alone &= max(h * w for _, h, w in grids) <= M
    return filled(M, grids) if alone and found and found[0].layout.length < M else found


def filled(M, grids):
    """Candidates where every image is filled up to M keys (NaFlex)."""
    found = []
    for number, (_, h, w) in enumerate(grids, start=1):
        source, behind = f"image {number} of {len(grids)}", M - h * w
        layout = TokenLayout.from_grid(h, w, suffix=behind)
        others = in_number(f"{behind} keys of padding behind")
        own = {"known": Known.RUN, "kind": "filled", "images": (number - 1,)}
        found.append(Candidate(layout, f"spatial_shapes, {source}", others, **own))
    return found


def unpadded(M, facts, whole=True, known=Known.RUN):
    """Candidates of M keys, or fewer, for a photo of this size, as LLaVA-NeXT packs it:
    the thumbnail; then tiles put together, without the rows or columns of padding, and
    a line break behind each row. [] where it makes another number of keys.

    whole: all M keys are the image's. known: how, of the candidates.
    """
    sized = facts.image_size and "image_size" not in facts.assumed and not facts.tiles
    kinds, inputs = facts.family.kinds, facts.family.inputs
    if not sized or inputs != ["336/14"] or "joined" not in kinds:
        return []
    (H, W), side = facts.image_size, SIDE // 14

    def used(tiles):
        h, w = (n * SIDE for n in tiles)
        scale = min(w / W, h / H)
        pixels = min(int(H * scale) * int(W * scale), H * W)
        return pixels, pixels - h * w

    h, w = (n * side for n in max(PINPOINTS, key=used))
    if W / H > w / h:
        h -= (h - int(round(H * w / W, 7))) // 2 * 2
    else:
        w -= (w - int(round(W * h / H, 7))) // 2 * 2
    n, rest = side * side, h * (w + 1)
    if n + rest > M or (whole and n + rest < M):
        return []
    others = f"{h} line breaks and a thumbnail of {side} x {side} in front"
    photo = TokenLayout.from_grid(h, w, n, breaks=1), "the photo unpadded", others
    small = (
        TokenLayout.from_grid(side, side, 0, rest),
        "the thumbnail",
        f"{rest} behind",
    )
    return [
        Candidate(*photo, known, kind="joined"),
        Candidate(*small, known, kind=THUMBNAIL),
    ]


def merged(grids, m, facts, known):
    """Every image of these grids, in every order that its encoder may have. known: for
    where there is but one."""
    found, start, total = [], 0, count_keys(grids, m)
    unit = "level" if are_levels(grids, facts) else "image"
    for number, (t, h, w) in enumerate(grids, start=1):
        h, w = ceil(h / m), ceil(w / m)
        orders = orders_of(h, w, m, facts)
        for kind, (cells, order) in orders.items():
            frames = start + torch.arange(t)[:, None, None] * h * w + cells  # (t, h, w)
            layout = TokenLayout(frames if t > 1 else frames[0], total)
            source = "grid_thw, " if facts.grid_thw is not None else "spatial_shapes, "
            source += f"{unit} {number} of {len(grids)}, " * (len(grids) > 1)
            source += order + (f", {m} x {m} merged" if m > 1 else "")
            how = known if len(orders) == 1 else Known.COUNTED
            found.append(Candidate(layout, source, known=how, kind=kind, merge=m))
        start += t * h * w
    return found


def orders_of(h, w, m, facts):
    """{kind: (keys (h, w), in words)} of the orders that the cells of an image may
    have, the named one first: of an encoder that is named, that one alone."""
    orders = {"cells": (TokenLayout.from_grid(h, w).index, "row by row")}
    if facts.grid_thw is None or m > 1 or h % 2 or w % 2:
        return orders
    blocks = TokenLayout.from_blocks(h, w).index  # (h, w)
    orders = {
        "blocks": (blocks, "block by block"),
        "window blocks": (sorted_blocks(h, w), "blocks, window by window"),
        **orders,
    }
    named = [kind for kind in facts.family.kinds if kind in orders]
    if named and named[0] != "cells" and not facts.in_prompt():
        return {named[0]: orders[named[0]]}
    return {kind: orders[kind] for kind in dict.fromkeys((*named, *orders))}


def are_levels(grids, facts):
    """True for grids that halve one by one, as the levels of a pyramid do."""
    halves = (
        2 * a in (b - 1, b, b + 1)
        for (_, *one), (_, *two) in pairwise(grids)
        for a, b in zip(two, one, strict=True)
    )
    return facts.grid_thw is None and len(grids) > 1 and all(halves)


def sorted_blocks(h, w):
    """Keys (h, w) of an encoder that sorts its blocks of 2 x 2 cells by windows of 4 x
    4 blocks: windows row by row, in each its blocks, in each its cells (Bai et al.
    2025, Qwen2.5-VL)."""
    units = TokenLayout.from_windows(h // 2, w // 2, 4).index  # (h / 2, w / 2)
    units = units.flatten().argsort().argsort().view_as(units)  # without the gaps
    units = units.repeat_interleave(2, 0).repeat_interleave(2, 1)  # (h, w)
    return 4 * units + 2 * (torch.arange(h) % 2)[:, None] + torch.arange(w) % 2
