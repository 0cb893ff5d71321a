"""The words that name a colour or a shape, in flat scenes and in rendered ones."""

from helpers.captioning.drawing import COLORS, SHAPES
from helpers.captioning.rendered.rays import SOLIDS

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
KIND = {
    **dict.fromkeys([*COLORS, *PALETTE], "color"),
    **dict.fromkeys([*SHAPES, *SOLIDS], "shape"),
}
