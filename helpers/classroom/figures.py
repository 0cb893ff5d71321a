"""Figures that several notebooks share: shapes that collide, pictures side by side."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from helpers.classroom.diagrams import CENTRED
from helpers.maps.panels import outline

CLASH = "#b2182b"
CALM = "#35608d"


def show_shapes(rows, clash=(), title=""):
    """Shapes as rows of boxes, lined up at the right as PyTorch lines them up.

    rows: {name: [(letter, size), ...]}, one box per axis. clash: (name, letter) pairs;
    these boxes are red, hatched and marked with an exclamation mark. Returns a Figure.
    """
    widest = max(len(axes) for axes in rows.values())
    figure, panel = plt.subplots(figsize=(1.5 + 1.1 * widest, 0.35 + 0.75 * len(rows)))
    for y, (name, axes) in zip(range(len(rows), 0, -1), rows.items(), strict=True):
        panel.text(-0.15, y, name, ha="right", va="center")
        for x, (letter, size) in enumerate(axes, start=widest - len(axes)):
            wrong = (name, letter) in clash
            color, hatch = (CLASH, "///") if wrong else (CALM, None)
            box = Rectangle((x, y - 0.4), 0.9, 0.8, edgecolor=color, linewidth=2)
            box.set(facecolor="white", hatch=hatch)
            panel.add_patch(box)
            text = f"{letter} = {size}{' !' if wrong else ''}"
            ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            panel.text(x + 0.45, y, text, bbox=ground, **CENTRED)
    panel.set(xlim=(-0.2, widest), ylim=(0.5, len(rows) + 0.5), title=title)
    panel.set_axis_off()
    return finished(figure)


def side_by_side(pictures, columns=4, width=2.4):
    """Pictures {title: PIL image or array} in rows. Returns a Figure.

    columns: the most pictures in a row. width: of each, in inches. Instead of a
    picture also (PIL image, mask (H, W) bool, point (x, y) in pixels): then with the
    outline of an object and a cross at a point.
    """
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    marked = [x if isinstance(x, tuple) else (x,) for x in pictures.values()]
    shapes = [np.asarray(picture).shape for picture, *_ in marked]  # (H, W, ...)
    tall = max(H / W for H, W, *_ in shapes)
    size = columns * width, rows * (width * tall + 0.4)
    options = {"figsize": size, "squeeze": False, "layout": "constrained"}
    figure, panels = plt.subplots(rows, columns, **options)
    for panel in panels.flat:
        panel.set_axis_off()
    parts = zip(panels.flat, pictures, marked, shapes, strict=False)
    for panel, title, (picture, *marks), (H, W, *_) in parts:
        panel.imshow(picture, extent=(0, W, H, 0))
        panel.set_title(title)
        if marks:
            mask, point = marks
            outline(panel, mask)
            for color, width in (("black", 5), ("white", 2)):  # on light and on dark
                panel.plot(*point, "+", color=color, ms=14, mew=width)
    return finished(figure)


def finished(figure):
    """A notebook shows a returned figure once, if it is closed."""
    plt.close(figure)
    return figure
