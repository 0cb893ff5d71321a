"""Figures that several notebooks share: shapes that collide, pictures side by side."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw

from helpers.classroom.diagrams import CENTRED
from helpers.maps.panels import DARK

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

    columns: the most pictures in a row. width: of each, in inches.
    """
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    shapes = [np.asarray(picture).shape for picture in pictures.values()]  # (H, W, ...)
    tall = max(H / W for H, W, *_ in shapes)
    size = columns * width, rows * (width * tall + 0.4)
    options = {"figsize": size, "squeeze": False, "layout": "constrained"}
    figure, panels = plt.subplots(rows, columns, **options)
    for panel in panels.flat:
        panel.set_axis_off()
    for panel, (title, picture) in zip(panels.flat, pictures.items(), strict=False):
        panel.imshow(picture)
        panel.set_title(title)
    return finished(figure)


def outline_object(picture, mask, point, zoom=3):
    """A PIL picture, enlarged, with the outline of an object and a cross at a point.

    mask: (H, W) bool, as large as the picture. point: (x, y) in pixels.
    """
    large = picture.resize([zoom * side for side in picture.size])
    inside = np.pad(mask.repeat(zoom, 0).repeat(zoom, 1), 1)  # (zoom H + 2, ...)
    core = inside[1:-1, :-2] & inside[1:-1, 2:] & inside[:-2, 1:-1] & inside[2:, 1:-1]
    edge = Image.fromarray(inside[1:-1, 1:-1] & ~core)
    large.paste(DARK, mask=edge)
    pen = ImageDraw.Draw(large)
    x, y = (zoom * place for place in point)
    for color, width in (("black", 5), ("white", 2)):  # seen on light and on dark
        pen.line((x - 7, y, x + 7, y), color, width)
        pen.line((x, y - 7, x, y + 7), color, width)
    return large


def finished(figure):
    """A notebook shows a returned figure once, if it is closed."""
    plt.close(figure)
    return figure
