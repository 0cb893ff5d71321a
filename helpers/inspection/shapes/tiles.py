"""Layouts of an image in parts: tiles and a thumbnail, levels, two pictures."""

from math import ceil, isqrt

import torch

from helpers.inspection.shapes.facts import Grid, as_pair
from helpers.inspection.shapes.report import Candidate
from helpers.maps.token_layout import TokenLayout

LEVELS = [(8, 16, 32, 64), (8, 16, 32), (16, 32, 64), (4, 8, 16, 32)]  # strides
LEVELS += [(8, 16, 32, 64, 128), (4, 8, 16, 32, 64)]
LEAST_SECOND = 64  # cells of a second picture
MLLAMA_TILES = 4  # it fills every image up to so many
MOST_TILES = 12  # of models that choose their number by the picture
SQUARES = [Grid(n, n, "square tiles") for n in range(4, 65)]  # of an unknown size


def tiled(M, facts, grids):
    """Candidates of M keys or fewer for facts.tiles = (rows, columns) tiles; for those
    that M keys allow, where the tiles are not known and the model has them.

    grids: those of one tile. Without the size of a tile, only candidates of M keys.
    """
    found, kinds = [], tile_kinds(facts)
    for g in (g for g in grids if g.likely):
        for rows, columns in [facts.tiles] if facts.tiles else solved(M, facts, g):
            for kind in kinds:
                for layout, others in TILES[kind](M, rows, columns, g.h, g.w):
                    exact = layout.length == M
                    if not facts.tiles:
                        size = rows * g.h, columns * g.w
                        exact = exact and usual(layout, kind, size, facts)
                    if exact or (facts.tiles and facts.image_size is not None):
                        source = f"{rows} x {columns} tiles of {g.h} x {g.w}"
                        source += ", which the count allows" * (not facts.tiles)
                        more = {"kind": kind, "merge": g.merge}
                        c = Candidate(layout, f"{source}, {g.source}", others, **more)
                        whole = layout.grid == (rows * g.h, columns * g.w)
                        found.append((facts.tiles or whole, c))
    return [c for whole, c in found if whole or not any(w for w, _ in found)]


def tile_kinds(facts):
    """Kinds of layouts that tiles may have: all where the caller named the tiles."""
    kinds = [k for k in TILES if facts.tiles or k in facts.family.kinds]
    if facts.input_ids is not None or "separated" not in facts.family.kinds:
        kinds = [k for k in kinds if k != "separated"]  # nothing between image tokens
    return kinds


def solved(M, facts, g):
    """[(rows, columns)] of tiles of this grid that M keys may be, the square first."""
    own = g.merge in (facts.merges or (1,)) and facts.frames is None
    counts = range(2, MOST_TILES + 1) if own and facts.image_size else ()
    sizes = [(r, n // r) for n in counts for r in range(1, n + 1) if n % r == 0]
    some = [(r, c) for r, c in sizes if r * c / 2 <= M / (g.h * g.w) <= r * c + 3]
    return sorted(some, key=lambda size: (abs(size[0] - size[1]), size))


def usual(layout, kind, uncut, facts):
    """False for tiles that nobody named and that have no thumbnail; or rows cut off,
    where text may be among the keys: then chance finds tiles for any number."""
    alone = kind == "tiles" and layout.index.numel() == layout.length
    known = facts.input_ids is not None or len(as_pair(facts.text)) == 2
    return not alone and (known or layout.grid == uncut)


def apart(M, rows, columns, h, w):
    """Tile by tile; a thumbnail behind them (InternVL, Idefics3)."""
    n, count = h * w, rows * columns
    if count > 1 and count * n + n <= M:
        layout = TokenLayout.from_tiles(rows, columns, h, w, suffix=n)
        yield layout, f"a thumbnail behind: {n} keys"
    if count * n <= M:
        yield TokenLayout.from_tiles(rows, columns, h, w), "no other key"


def behind_thumbnail(M, rows, columns, h, w):
    """A thumbnail, then tile by tile (LLaVA-NeXT without line breaks)."""
    n, count = h * w, rows * columns
    if count > 1 and count * n + n <= M:
        layout = TokenLayout.from_tiles(rows, columns, h, w, prefix=n)
        yield layout, f"a thumbnail in front: {n} keys"


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
    yield layout, f"{around} tokens between the tiles"


def padded(M, rows, columns, h, w):
    """A class token in front of each tile; tiles of padding behind (Mllama)."""
    count, rest = divmod(M, h * w + 1)
    if not rest and rows * columns <= count <= max(rows * columns, MLLAMA_TILES):
        behind = (count - rows * columns) * (h * w + 1)
        layout = TokenLayout.from_tiles(rows, columns, h, w, 0, behind, tile_prefix=1)
        yield layout, f"a class token in front of each tile, {behind} keys behind"


def joined(M, rows, columns, h, w):
    """The tiles put together, a line break behind every row, and a thumbnail.

    LLaVA-NeXT, LLaVA-OneVision: thumbnail, then rows, of which those that are padding
    were cut off, as many on either side. DeepSeek-VL2 and Phi-3-vision: the thumbnail
    has breaks, too, and one key stands between.
    """
    one = rows * columns == 1  # DeepSeek-VL2: the picture twice
    full_h, full_w = rows * h, columns * w
    sizes = [(full_h - cut, full_w) for cut in range(0, full_h, 2)]
    sizes += [(full_h, full_w - cut) for cut in range(2, full_w, 2)]
    for high, wide in sizes:
        uncut = (high, wide) == (full_h, full_w)
        ways = [((h * w, 0), "in front")] * (not one)
        if uncut:
            whole = h * (w + 1) + 1
            ways += [((whole, 0), "in front"), ((0, whole), "behind")]
        for around, where in ways:
            length = high * (wide + 1) + sum(around)
            if length == M or (uncut and length < M and not one):
                layout = TokenLayout.from_grid(high, wide, *around, breaks=1)
                yield layout, f"{high} line breaks and a thumbnail {where}"


TILES = {
    "tiles": apart,
    "thumbnail first": behind_thumbnail,
    "joined": joined,
    "padded": padded,
    "separated": separated,
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
    kind = "template" if "template" in facts.family.kinds else "two pictures"
    if n != h * w:
        h = w = isqrt(max(n, 0))
    other = (
        n < LEAST_SECOND
        or (facts.patch_size is None and (h, w) != (g.h // 2, g.w // 2))
        or facts.gives_layout()
        or facts.family.prompt
    )
    if (
        g.merge > 1
        or n != h * w
        or n in (0, g.h * g.w)
        or (kind != "template" and other)
    ):
        return
    what = "the template" if kind == "template" else "a second picture"
    ways = {"in front": (n, 0), "behind": (0, n)}
    for where, around in list(ways.items())[: 1 + (kind != "template")]:
        layout = TokenLayout.from_grid(g.h, g.w, *around)
        more = {"likely": g.likely, "kind": kind}
        yield Candidate(layout, g.source, f"{h} x {w} cells of {what} {where}", **more)
