"""Diagrams drawn by code: boxes, arrows and tables of numbers on a canvas in inches."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from helpers.maps.panels import DARK

LABEL = "#767676"  # text outside, read on a white and on a dark page
CENTRED = {"ha": "center", "va": "center", "color": DARK}
FILLS = {
    "plain": "#e8ecf1",
    "query": "#ffe3c2",
    "key": "#d6e8fb",
    "value": "#d9f2dc",
    "weight": "#f6d5e5",
}


class Box(NamedTuple):
    """What was drawn: its centre and size in inches, and where arrows start and end."""

    x: float
    y: float
    width: float
    height: float

    left = property(lambda box: (box.x - box.width / 2, box.y))
    right = property(lambda box: (box.x + box.width / 2, box.y))
    top = property(lambda box: (box.x, box.y + box.height / 2))
    bottom = property(lambda box: (box.x, box.y - box.height / 2))


def canvas(width, height, title=""):
    """(figure, axes): an empty sheet whose coordinates are inches, y upwards."""
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.set_axis_off()
    axes.set_title(title)
    return figure, axes


def box(axes, x, y, text, width=1.3, height=0.5, kind="plain"):
    """A rounded box around a text. x, y: its centre. kind: a key of FILLS. -> Box."""
    corner, style = (x - width / 2, y - height / 2), "round,pad=0,rounding_size=0.08"
    colors = {"facecolor": FILLS[kind], "edgecolor": LABEL}
    axes.add_patch(FancyBboxPatch(corner, width, height, style, **colors))
    axes.text(x, y, text, **CENTRED)
    return Box(x, y, width, height)


def arrow(axes, start, end, text="", bend=0.0):
    """An arrow between two points (x, y). bend: 0 is straight, 0.3 is a clear arc."""
    look = {"arrowstyle": "-|>", "mutation_scale": 14, "linewidth": 1.5}
    curve = f"arc3,rad={bend}"
    patch = FancyArrowPatch(start, end, connectionstyle=curve, color=LABEL, **look)
    axes.add_patch(patch)
    if text:
        (x0, y0), (x1, y1) = start, end
        axes.text((x0 + x1) / 2, (y0 + y1) / 2 + 0.12, text, ha="center", color=LABEL)


def numbers(axes, x, y, values, title="", cell=0.55, kind="plain", digits=2):
    """A table of numbers, shaded from the smallest to the largest. -> Box.

    x, y: its centre. values: (rows, columns) or (columns,) of numbers.
    """
    values = np.atleast_2d(np.asarray(values, dtype=float))  # (rows, columns)
    rows, columns = values.shape
    frame = Box(x, y, columns * cell, rows * cell)
    span = np.ptp(values) or 1.0
    for (row, column), value in np.ndenumerate(values):
        left = x - frame.width / 2 + column * cell
        bottom = y + frame.height / 2 - (row + 1) * cell
        shade = 0.25 + 0.75 * (value - values.min()) / span
        patch = Rectangle((left, bottom), cell, cell, edgecolor=LABEL)
        patch.set_facecolor(1 - shade * (1 - np.array(to_rgb(FILLS[kind]))))
        axes.add_patch(patch)
        x0, y0 = left + cell / 2, bottom + cell / 2
        axes.text(x0, y0, f"{value:.{digits}f}", **CENTRED)
    axes.text(x, frame.top[1] + 0.08, title, ha="center", va="bottom", color=LABEL)
    return frame
