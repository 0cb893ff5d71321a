"""The words of captions, and which object each of them names.

Flat scenes have SHAPES in COLORS, rendered ones SOLIDS in the colours of PALETTE.
"""

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

KIND = dict.fromkeys([*COLORS, *PALETTE], "color")
KIND |= dict.fromkeys([*SHAPES, *SOLIDS], "shape")

PAD, START, END = "<pad>", "<start>", "<end>"
VOCABULARY = (PAD, START, END, "a", *COLORS, *SHAPES, "left", "of", "above")
RENDERED_VOCABULARY = (PAD, START, END, "a", *PALETTE, *SOLIDS, "left", "of", "behind")
WORD_ID = {word: index for index, word in enumerate(VOCABULARY)}
RENDERED_ID = {word: index for index, word in enumerate(RENDERED_VOCABULARY)}


def word_objects(words):
    """For each word of a caption, the object it names: 0, 1, or None."""
    owner, objects = -1, []
    for word in words:
        owner += word == "a"
        objects.append(owner if word in KIND else None)
    return objects
