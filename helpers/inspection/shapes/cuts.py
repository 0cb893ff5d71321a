"""How models cut a picture into tiles, where only its size is known."""

from dataclasses import replace


def alike(H, W, side):
    """(rows, columns) of up to 12 tiles whose sides have most nearly the ratio of the
    picture's; more of them where it has half their pixels (InternVL)."""

    def differs(tiles):
        rows, columns = tiles
        enough = H * W > side * side * rows * columns / 2
        return abs(W / H - columns / rows), (-1 if enough else 1) * rows * columns

    return min(arranged(12), key=differs)


def on_canvas(H, W, side):
    """(rows, columns) of up to 4 tiles into which the picture goes with the least
    enlarging, or else with the least shrinking; as few as that needs (Mllama)."""

    def scale(tiles):
        rows, columns = tiles
        by = min(rows * side / H, columns * side / W)
        return by < 1, by if by >= 1 else -by, rows * columns

    return min(arranged(4), key=scale)


def arranged(most):
    """[(rows, columns)] of so many tiles at most."""
    counts = range(1, most + 1)
    return [(r, c) for r in counts for c in counts if r * c <= most]


# How models of a kind cut a picture of H x W pixels into tiles of one side; None where
# only pictures of whole tiles are known.
CUTS = {"padded": on_canvas, "tiles": alike, "separated": None, "thumbnail first": None}


def in_tiles(facts):
    """These facts; of a model that cuts its pictures into tiles, those of a picture
    that is another size than one tile: a whole number of them, or as it cuts it."""
    known = facts.tiles or facts.frames or facts.given_grids() or not facts.image_size
    sides = [] if known else sides_of(facts.family)
    if not sides or facts.image_size in [(side, side) for side in sides]:
        return facts
    cuts = [cut for kind, cut in CUTS.items() if kind in facts.family.kinds]
    (H, W), tiles = facts.image_size, (1, 1)
    whole = [side for side in sides if H % side == W % side == 0]
    side = (whole or sides)[0]
    if cuts and whole:
        tiles = H // side, W // side
    elif cuts and cuts[0]:
        tiles = cuts[0](H, W, side)
    if tiles == (1, 1):
        return facts
    assumed = (*facts.assumed, "tiles")
    return replace(facts, image_size=(side, side), tiles=tiles, assumed=assumed)


def sides_of(family):
    """The published sides of square inputs, in pixels."""
    inputs = (text.partition("/")[0] for text in family.inputs)
    return [int(text) for text in inputs if text.isdecimal()]
