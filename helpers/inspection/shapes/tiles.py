"""Layouts of an image in parts: tiles and a thumbnail, levels, two pictures."""

from functools import partial
from math import ceil, isqrt

import torch

from helpers.inspection.shapes.facts import SMALLEST, Grid, as_pair
from helpers.inspection.shapes.report import Candidate
from helpers.maps.token_layout import TokenLayout

LEVELS = [(8, 16, 32, 64), (8, 16, 32), (16, 32, 64), (4, 8, 16, 32)]  # strides
LEVELS += [(8, 16, 32, 64, 128), (4, 8, 16, 32, 64)]
LEAST_SECOND = 64  # cells of a second picture
MLLAMA_TILES = 4  # it fills every image up to so many
MOST_TILES = 12  # of models that choose their number by the picture
USUAL = (14, 16, 24)  # cells on a side, of frames and of tiles
SQUARES = [Grid(n, n, "square tiles") for n in range(4, 65)]  # of an unknown size


def square_grids(N, extras):
    """[Grid] of N cells, or of some fewer, at most 2.5 times as wide as high; and of
    one of several frames."""
    found, why = {}, "a grid of this many cells, or on its side"
    for rest in extras:
        for h in range(isqrt(max(N - rest, 0)), 1, -1):
            w, off = divmod(N - rest, h)
            if w > 2.5 * h:
                break
            if not off and h * w >= SMALLEST:
                square = h == w
                found[h, w] = Grid(h, w, "a square grid" if square else why, square)
    several = [n for n in USUAL if N % n**2 < 2 and N > 2 * n**2]
    if 2 * (n := isqrt(N // 2)) ** 2 == N >= 2 * SMALLEST:
        found[n, n] = Grid(n, n, "two equal squares", False)
    return [*found.values(), *(Grid(n, n, "a usual grid") for n in several)]


def tiled(M, facts, grids):
    """Candidates of M keys or fewer for facts.tiles = (rows, columns) tiles; for those
    that M keys allow, where the tiles are not known and the model has them.

    grids: those of one tile. Without the size of a tile, only candidates of M keys.
    """
    found, named, own = [], facts.tiles is not None, facts.family.kinds
    kinds = [k for k in TILES if k in own or (named and k != "overlapping")]
    if facts.input_ids is not None or "separated" not in own:  # image tokens alone
        kinds = [k for k in kinds if k != "separated"]
    ways = [(g, kind) for g in grids if g.likely for kind in kinds]
    for g, kind in ways:
        for rows, columns in [facts.tiles] if named else solved(M, facts, g):
            uncut = rows * g.h, columns * g.w
            source = f"{rows} x {columns} tiles of {g.h} x {g.w}"
            source += ", which the count allows" * (not named) + f", {g.source}"
            for layout, others in TILES[kind](M, rows, columns, g.h, g.w):
                exact = layout.length == M
                exact &= named or no_chance(layout, kind, uncut, facts)
                if exact or (named and facts.image_size is not None):
                    c = Candidate(layout, source, others, kind=kind, merge=g.merge)
                    found.append((named or layout.grid == uncut, c))
    return [c for whole, c in found if whole or not any(w for w, _ in found)]


def solved(M, facts, g):
    """[(rows, columns)] of tiles of this grid that M keys may be, the square first."""
    own = g.merge in (facts.merges or (1,)) and facts.frames is None
    counts = range(2, MOST_TILES + 1) if own and facts.image_size else ()
    sizes = [(r, n // r) for n in counts for r in range(1, n + 1) if n % r == 0]
    some = [(r, c) for r, c in sizes if r * c / 2 <= M / (g.h * g.w) <= r * c + 3]
    return sorted(some, key=lambda size: (abs(size[0] - size[1]), size))


def no_chance(layout, kind, uncut, facts):
    """False for tiles that nobody named and that have no thumbnail; or rows cut off,
    where text may be among the keys: then chance finds tiles for any number."""
    alone = kind == "tiles" and layout.index.numel() == layout.length
    known = facts.input_ids is not None or len(as_pair(facts.text)) == 2
    return not alone and (known or layout.grid == uncut)


def apart(M, rows, columns, h, w, first=False):
    """Tile by tile; a thumbnail behind them (InternVL, Idefics3), or in front
    (LLaVA-NeXT without line breaks)."""
    n, count = h * w, rows * columns
    if count > 1 and count * n + n <= M:
        around = (n, 0) if first else (0, n)
        layout = TokenLayout.from_tiles(rows, columns, h, w, *around)
        yield layout, f"a thumbnail {'in front' if first else 'behind'}: {n} keys"
    if count * n <= M and not first:
        yield TokenLayout.from_tiles(rows, columns, h, w), "no other key"


def separated(M, rows, columns, h, w):
    """Two tokens in front of every tile, a line break behind every row (Idefics3)."""
    around = 2 * (rows * columns - 1) + rows - 1
    if rows * columns == 1 or rows * columns * h * w + around > M:
        return
    tiles = TokenLayout.from_tiles(rows, columns, h, w, tile_suffix=2).index
    breaks = torch.arange(rows).repeat_interleave(h)[:, None]  # (rows h, 1)
    length = rows * columns * h * w + around
    whole = 2 <= M - length - h * w <= 4  # with the thumbnail behind
    layout = TokenLayout(tiles + breaks, M if whole else length)
    others = f"{around} tokens between the tiles"
    others += f", and the picture once more, {h} x {w}, behind" * (M - length >= h * w)
    yield layout, others


def padded(M, rows, columns, h, w):
    """A class token in front of each tile; tiles of padding behind (Mllama)."""
    count, rest = divmod(M, h * w + 1)
    if not rest and rows * columns <= count <= max(rows * columns, MLLAMA_TILES):
        behind = (count - rows * columns) * (h * w + 1)
        layout = TokenLayout.from_tiles(rows, columns, h, w, 0, behind, tile_prefix=1)
        yield layout, f"a class token in front of each tile, {behind} keys behind"


def joined(M, rows, columns, h, w, last=False):
    """The tiles put together, a line break behind every row, and a thumbnail, with
    breaks and a key between or without; last: rather behind them (Phi-3-vision).

    LLaVA-NeXT, LLaVA-OneVision: rows or columns that are padding were cut off, as many
    on either side. DeepSeek-VL2: one tile is the picture twice.
    """
    several, whole = rows * columns > 1, h * (w + 1) + 1
    down, across = range(0, rows * h, 2), range(2, columns * w, 2)
    for cut in [(n, 0) for n in down] + [(0, n) for n in across]:
        high, wide = rows * h - cut[0], columns * w - cut[1]
        ways = [(h * w, 0)] * several + [(whole, 0), (0, whole)] * (cut == (0, 0))
        for around in reversed(ways) if last else ways:
            length = high * (wide + 1) + sum(around)
            if length == M or (cut == (0, 0) and length < M and several):
                yield with_breaks(high, wide, around)


def overlapping(M, rows, columns, h, w):
    """Tiles that overlap, put together, and a thumbnail in front or behind; of both, a
    line break behind every row, and a token at each end (Molmo)."""
    view = h * (w + 1) + 2
    for high in range(rows * h // 2 + 1, rows * h + 1):
        wide, rest = divmod(M - view - 2 - high, high)
        if not rest and columns * w < 2 * wide <= 2 * columns * w:
            yield with_breaks(high, wide, (view + 1, 1))
            yield with_breaks(high, wide, (1, view + 1))


def with_breaks(h, w, around):
    """Rows with a line break behind each, and a thumbnail on one side."""
    where = "in front" if around[0] > around[1] else "behind"
    layout = TokenLayout.from_grid(h, w, *around, breaks=1)
    return layout, f"{h} line breaks and a thumbnail {where}"


TILES = {
    "tiles": apart,
    "thumbnail first": partial(apart, first=True),
    "joined": joined,
    "joined first": partial(joined, last=True),
    "padded": padded,
    "separated": separated,
    "overlapping": overlapping,
}


def levels(M, facts):
    """Feature maps of several strides, the finest first (Deformable DETR)."""
    for strides in LEVELS if facts.image_size else ():
        sizes = [tuple(ceil(n / s) for n in facts.image_size) for s in strides]
        counts = [h * w for h, w in sizes]
        for number, (h, w) in enumerate(sizes) if sum(counts) == M else ():
            around = sum(counts[:number]), sum(counts[number + 1 :])
            layout = TokenLayout.from_grid(h, w, *around)
            source = f"level {number + 1} of {len(sizes)}"
            source += f", a cell every {strides[number]} pixels"
            yield Candidate(layout, source, "the other levels around it", kind="levels")


def second(g, M, facts):
    """With a second picture: the template of a tracker, half as high and wide, in
    front; a square one, in front or behind."""
    n, h, w = M - g.h * g.w, g.h // 2, g.w // 2
    half, known = n == h * w, "template" in facts.family.kinds
    if not half:
        h = w = isqrt(max(n, 0))
    other = facts.gives_layout() or facts.family.prompt or n < LEAST_SECOND
    other |= facts.patch_size is None and not half
    if g.merge > 1 or n != h * w or n in (0, g.h * g.w) or (other and not known):
        return
    kind = "template" if known else "two pictures"
    for around in [(n, 0)] if known else [(n, 0), (0, n)]:
        layout = TokenLayout.from_grid(g.h, g.w, *around)
        others = f"{h} x {w} cells of {'the template' if known else 'a second picture'}"
        others += " in front" if around[0] else " behind"
        yield Candidate(layout, g.source, others, likely=g.likely, kind=kind)
