"""Layouts of an image that was cut into tiles, with a thumbnail of the whole or not."""

import torch

from helpers.inspection.shapes.facts import Grid
from helpers.inspection.shapes.report import Candidate
from helpers.maps.token_layout import TokenLayout

MLLAMA_TILES = 4  # it fills every image up to so many
SQUARES = [Grid(n, n, "square tiles") for n in range(4, 65)]  # of an unknown size


def tiled(M, facts, grids):
    """Candidates of M keys or fewer for facts.tiles = (rows, columns) tiles.

    grids: those of one tile. Without the size of a tile, only candidates of M keys.
    """
    found, kinds = [], dict(TILES) if facts.tiles else {}
    if facts.input_ids is not None or "separated" not in facts.family.kinds:
        kinds.pop("separated", None)  # among image tokens alone, nothing is between
    for g in (g for g in grids if g.likely):
        for kind, reading in kinds.items():
            for layout, others in reading(M, *facts.tiles, g.h, g.w):
                if layout.length == M or facts.image_size is not None:
                    source = "{} x {} tiles of {} x {}".format(*facts.tiles, g.h, g.w)
                    more = {"kind": kind, "merge": g.merge}
                    c = Candidate(layout, f"{source}, {g.source}", others, **more)
                    found.append(c)
    return found


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
    if rows * columns == 1:
        return
    full_h, full_w = rows * h, columns * w
    sizes = [(full_h - cut, full_w) for cut in range(0, full_h, 2)]
    sizes += [(full_h, full_w - cut) for cut in range(2, full_w, 2)]
    for high, wide in sizes:
        uncut = (high, wide) == (full_h, full_w)
        ways = [((h * w, 0), "in front")]
        if uncut:
            whole = h * (w + 1) + 1
            ways += [((whole, 0), "in front"), ((0, whole), "behind")]
        for around, where in ways:
            length = high * (wide + 1) + sum(around)
            if length == M or (uncut and length < M):
                layout = TokenLayout.from_grid(high, wide, *around, breaks=1)
                yield layout, f"{high} line breaks and a thumbnail {where}"


TILES = {
    "tiles": apart,
    "thumbnail first": behind_thumbnail,
    "joined": joined,
    "padded": padded,
    "separated": separated,
}
