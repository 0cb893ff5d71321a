"""Layouts of an image that was cut into tiles, with a thumbnail of the whole or not."""

from dataclasses import replace

from helpers.inspection.shapes.proposals import grids_of
from helpers.inspection.shapes.report import Candidate, Known
from helpers.maps.token_layout import TokenLayout

MLLAMA_TILES = 4  # it fills every image up to so many


def by_tiles(M, run):
    """Candidates for M image tokens of run.tiles = (rows, columns) tiles.

    run.image_size and run.patch_size are those of one tile; without them the cells of
    a tile are taken to be a square.
    """
    if run.tiles is None:
        return []
    grids = {(g, g): ("square tiles", True, 1) for g in range(4, 65)}
    if run.image_size is not None:
        grids = grids_of(run.image_size, run.patch_size)
    readings = (apart, joined, padded)
    exact = [
        replace(c, grid=f"{c.grid}, {source}", merge=m)
        for reading in readings
        for (h, w), (source, likely, m) in grids.items()
        if likely
        for c in reading(M, *run.tiles, h, w)
    ]
    merged = ("learned queries (a resampler), so many for each tile",)
    if len(exact) == 1 and exact[0].merge == 1:
        return [replace(exact[0], known=Known.RUN, same=())]
    return [replace(c, same=(*c.same, *merged)) for c in exact]


def apart(M, rows, columns, h, w):
    """Tile by tile; a thumbnail behind them (InternVL, Idefics3), or in front."""
    n = h * w
    grid = f"{rows} x {columns} tiles of {h} x {w}"
    if M == rows * columns * n:
        return [Candidate(TokenLayout.from_tiles(rows, columns, h, w), grid)]
    if M != (rows * columns + 1) * n or rows * columns == 1:
        return []
    return [
        Candidate(
            TokenLayout.from_tiles(rows, columns, h, w, *around),
            grid,
            f"a thumbnail {where}: {n} keys",
            same=("the thumbnail at the other end",),
        )
        for around, where in [((0, n), "behind"), ((n, 0), "in front")]
    ]


def padded(M, rows, columns, h, w):
    """A class token in front of each tile; tiles of padding behind (Mllama)."""
    count, rest = divmod(M, h * w + 1)
    if rest or not rows * columns <= count <= max(rows * columns, MLLAMA_TILES):
        return []
    behind = (count - rows * columns) * (h * w + 1)
    layout = TokenLayout.from_tiles(rows, columns, h, w, 0, behind, tile_prefix=1)
    grid = f"{rows} x {columns} tiles of {h} x {w}"
    others = f"a class token in front of each tile, {behind} keys behind"
    return [Candidate(layout, grid, others)]


def joined(M, rows, columns, h, w):
    """The tiles put together, a line break behind every row, and a thumbnail.

    LLaVA-NeXT, LLaVA-OneVision: thumbnail, then rows, of which those that are padding
    were cut off, as many on either side. DeepSeek-VL2 and Phi-3-vision: the thumbnail
    has breaks, too, and one key stands between.
    """
    if rows * columns == 1:
        return []
    full_h, full_w = rows * h, columns * w
    sizes = [(full_h - cut, full_w) for cut in range(0, full_h, 2)]
    sizes += [(full_h, full_w - cut) for cut in range(2, full_w, 2)]
    found = []
    for high, wide in sizes:
        grid = f"{rows} x {columns} tiles put together"
        cells = high * (wide + 1)
        for thumbnail, whole in [(h * w, False), (h * (w + 1) + 1, True)]:
            if cells + thumbnail != M or (whole and (high, wide) != (full_h, full_w)):
                continue
            both = [((thumbnail, 0), "in front"), ((0, thumbnail), "behind")]
            for around, where in both if whole else both[:1]:
                layout = TokenLayout.from_grid(high, wide, *around, breaks=1)
                others = f"{high} line breaks and a thumbnail {where}"
                found.append(Candidate(layout, grid, others))
    return found


def tiles_somewhere(N, run):
    """The tiles that were given, a thumbnail, and text: where, only the prompt says."""
    if run.tiles is None or run.image_size is None:
        return []
    rows, columns = run.tiles
    found = []
    for (h, w), (source, likely, _) in grids_of(run.image_size, run.patch_size).items():
        tiles = rows * columns * h * w
        if likely and N > tiles + (rows * columns > 1) * h * w:
            layout = TokenLayout.from_tiles(rows, columns, h, w, 0, N - tiles)
            others = f"{N - tiles} other keys, where is a guess"
            found.append(Candidate(layout, f"{source}, tiles", others, free=True))
    return found
