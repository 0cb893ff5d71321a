"""The cells of a map, bare, each exactly as large as it lies on the shown picture."""

from html import escape

import numpy as np
from PIL import Image, ImageDraw

from helpers.captioning.metrics import peak_cell
from helpers.explorer.views import is_even, on_picture
from helpers.maps.overlays import palette


def as_cells(shown, heat, scale, colormap, alt):
    """A map (h, w) as an SVG of its cells: numbers on hover, the peak in a frame.

    shown: what `for_show` returned. The SVG is as large as its picture, and each cell
    lies where the picture has it.
    """
    h, w = heat.shape
    low, high = scale
    colors = np.frombuffer(palette(colormap), np.uint8).reshape(256, 3)  # (256, 3)
    levels = ((heat.numpy() - low) / (high - low) * 255).clip(0, 255)  # (h, w)
    fills = colors[levels.round().astype(int)].tolist()  # (h, w, 3)
    places = {divmod(key, w): place for key, place in cell_places(shown, h, w).items()}
    cells = [
        f'<rect {box(place)} fill="rgb{tuple(fills[r][c])}">'
        f"<title>row {r}, column {c}: {heat[r, c]:.4f}</title></rect>"
        for (r, c), place in places.items()
    ]
    frame = "" if is_even(heat) else frame_in(places[peak_cell(heat)])
    W, H = shown.image.size
    return (
        f'<svg role="img" aria-label="{escape(alt)}" viewBox="0 0 {W} {H}" '
        f'width="{W}" height="{H}" stroke="#888" stroke-width=".7">'
        f"{''.join(cells)}{frame}</svg>"
    )


def cell_places(shown, h, w):
    """Key -> (left, top, right, bottom) of its cell, in pixels of the shown picture."""
    keys = shown.turn(np.arange(h * w).reshape(h, w))  # (h, w), or (w, h) if it lay
    left, top, right, bottom = shown.geometry.box
    rows, columns = keys.shape
    x = np.linspace(left, right, columns + 1).round(1).tolist()
    y = np.linspace(top, bottom, rows + 1).round(1).tolist()
    return {
        key: (x[j], y[i], x[j + 1], y[i + 1])
        for i, row in enumerate(keys.tolist())
        for j, key in enumerate(row)
    }


def box(place):
    left, top, right, bottom = place
    size = f'width="{right - left:.1f}" height="{bottom - top:.1f}"'
    return f'x="{left}" y="{top}" {size}'


def frame_in(place):
    """A black and white frame just inside a cell of an SVG: seen on any colour."""
    left, top, right, bottom = place
    side = min(right - left, bottom - top)
    edge = 0.12 * side
    inner = box((left + edge, top + edge, right - edge, bottom - edge))
    return "".join(
        f'<rect {inner} fill="none" stroke="{color}" stroke-width="{width * side:.1f}" '
        'pointer-events="none"/>'
        for color, width in (("black", 0.24), ("white", 0.1))
    )


def as_tiles(shown, heat, scale, colormap):
    """The same cells as a PIL image as large as the picture, with lines between."""
    blank = shown._replace(image=Image.new("RGB", shown.image.size, "white"))
    style = {"scale": scale, "colormap": colormap, "opacity": 1.0}
    tiles = on_picture(blank, heat, "nearest", **style)
    pen = ImageDraw.Draw(tiles)
    for place in cell_places(shown, *heat.shape).values():
        pen.rectangle(place, outline="#888")
    return tiles
