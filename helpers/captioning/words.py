"""The words of captions, their order, and which object each of them names.

Flat scenes have SHAPES in COLORS, rendered ones SOLIDS in the colours of PALETTE.
"""

import torch

COLORS = {
    "red": (214, 39, 40),
    "yellow": (250, 215, 30),
    "green": (44, 150, 60),
    "blue": (40, 90, 220),
    "purple": (140, 60, 190),
    "black": (35, 35, 40),
}
SHAPES = ("circle", "square", "triangle", "star", "cross")
PALETTE = {
    "red": (205, 30, 35),
    "pink": (240, 125, 175),
    "yellow": (250, 220, 40),
    "green": (35, 140, 50),
    "cyan": (50, 200, 215),
    "blue": (35, 70, 215),
    "purple": (130, 45, 180),
    "black": (40, 40, 45),
}
SOLIDS = ("sphere", "cube", "cylinder", "cone")

KIND = {
    **dict.fromkeys([*COLORS, *PALETTE], "color"),
    **dict.fromkeys([*SHAPES, *SOLIDS], "shape"),
}

PAD, START, END = "<pad>", "<start>", "<end>"
VOCABULARY = (PAD, START, END, "a", *COLORS, *SHAPES, "left", "of", "above")
RENDERED_VOCABULARY = (PAD, START, END, "a", *PALETTE, *SOLIDS, "left", "of", "behind")
WORD_ID, RENDERED_ID = (
    {word: index for index, word in enumerate(words)}
    for words in (VOCABULARY, RENDERED_VOCABULARY)
)


def side_by_side(places):
    """Whether the first two objects lie further apart across than down, or than in
    depth: places (..., O, 3) as x, y or z, radius -> (...) bool."""
    across, down = (places[..., 1, :2] - places[..., 0, :2]).abs().unbind(-1)
    return across > down


def in_reading_order(places, *parts, down=1):
    """Parts (B, O, ...) with the left object first, or the upper one: whichever the
    caption speaks of. down: -1 where the second of the places (B, O, 3) grows upwards.
    """
    x, y = places[..., 0], down * places[..., 1]  # (B, O)
    along = torch.where(side_by_side(places)[:, None], x, y)  # (B, O)
    order = along.argsort(dim=1, stable=True)  # (B, O)
    rows = torch.arange(len(order))[:, None]  # (B, 1)
    return [part[rows, order] for part in parts]


def caption_words(shapes, colors, places, names=(SHAPES, COLORS, "above")):
    """The caption of one scene, from shapes (2,), colors (2,) and places (2, 3).

    names: those of the shapes and colours, and of the relation that is not "left of".
    """
    relation = ["left", "of"] if side_by_side(places) else [names[2]]
    pairs = zip(colors, shapes, strict=True)
    first, second = (["a", list(names[1])[c], names[0][s]] for c, s in pairs)
    return first + relation + second


def word_objects(words):
    """For each word of a caption, the object it names: 0, 1, or None."""
    owner, objects = -1, []
    for word in words:
        owner += word == "a"
        objects.append(owner if word in KIND else None)
    return objects
