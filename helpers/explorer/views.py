"""What the explorer shows of one map: on the picture, and in words.

Plain functions from numbers to pictures and text; the widgets are in explorer.py.
"""

import base64
import io
from collections.abc import Callable
from functools import lru_cache
from html import escape
from textwrap import wrap
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from helpers.captioning.metrics import attention_mass, distance_to, peak, peak_cell
from helpers.maps.caption import Caption
from helpers.maps.geometry import UPRIGHT, Geometry
from helpers.maps.overlays import color_range, overlay, palette

SIDE = 336  # pixels: the longer side of the picture as it is shown


def laid_out(words, weights, layout):
    """Captured weights as a Caption that the explorer takes.

    words: T of them. weights: (T, N), (A, T, N) or (L, A, T, N). layout: the
    TokenLayout of the N keys. The weights of the Caption are (..., T, h*w); keys that
    are no cell are gone, so a map sums to the share that lies on the image. Raises
    ValueError where words, weights and layout do not fit.
    """
    if weights.dim() not in (2, 3, 4) or weights.shape[-2] != len(words):
        raise ValueError(
            f"expected weights ([L, [A,]] T, N) with T = {len(words)} words, got shape "
            f"{tuple(weights.shape)}"
        )
    grids = layout.to_grid(weights)  # (..., T, h, w)
    maps = grids.flatten(0, -4).mean(0) if grids.dim() > 3 else grids  # (T, h, w)
    return Caption(list(words), maps, grids.flatten(-2))


def all_maps(caption, layer="mean", head="mean"):
    """One map per word: (T, h, w). layer, head: a number, or "mean".

    Raises ValueError where the caption's weights do not lie on the grid of its maps.
    """
    weights, (h, w) = caption.weights, caption.maps.shape[1:]
    if weights.shape[-1] != h * w:
        raise ValueError(
            f"the weights have {weights.shape[-1]} keys, the maps {h} x {w} = {h * w} "
            "cells: lay captured weights out with helpers.explorer.laid_out"
        )
    weights = weights[(None,) * (4 - weights.dim())]  # (L, A, T, N)
    weights = weights.mean(0) if layer == "mean" else weights[layer]  # (A, T, N)
    weights = weights.mean(0) if head == "mean" else weights[head]  # (T, N)
    return weights.unflatten(-1, (h, w))  # (T, h, w)


class Shown(NamedTuple):
    """A picture as it is shown, with all that the model saw: white where its input was
    padded. geometry: of this picture. turn: a map's cells, the picture's way up."""

    image: Image.Image
    geometry: Geometry
    turn: Callable


def for_show(image, geometry):
    """A picture and its Geometry at the size at which they are shown."""
    left, top, right, bottom = upright_box(geometry)
    W, H = image.size
    x0, y0 = min(left, 0), min(top, 0)
    wide, tall = max(right, W) - x0, max(bottom, H) - y0
    size = [max(1, round(side * SIDE / max(wide, tall))) for side in (wide, tall)]
    by = size[0] / wide, size[1] / tall  # both about SIDE / max(wide, tall)
    page = Image.new("RGB", size, "white")
    small = [max(1, round(W * by[0])), max(1, round(H * by[1]))]
    small = image.resize(small, Image.Resampling.LANCZOS)
    page.paste(small, (round(-x0 * by[0]), round(-y0 * by[1])))
    edges = (left - x0, top - y0, right - x0, bottom - y0)
    box = tuple(edge * scale for edge, scale in zip(edges, by * 2, strict=True))
    return Shown(page, Geometry((size[1], size[0]), box), UPRIGHT[geometry.orientation])


def upright_box(geometry):
    """The box of a Geometry in pixels of the upright picture."""
    left, top, right, bottom = geometry.box
    H, W = geometry.stored_size
    # Which corner of the stored picture comes to the top left?
    corner = UPRIGHT[geometry.orientation](np.arange(4).reshape(2, 2))[0, 0]
    if corner in (1, 3):
        left, right = W - right, W - left
    if corner in (2, 3):
        top, bottom = H - bottom, H - top
    lying = geometry.orientation >= 5
    return (top, left, bottom, right) if lying else (left, top, right, bottom)


def on_picture(shown, heat, upsample, **style):
    """A map (h, w) on what `for_show` returned: a PIL image."""
    cells = shown.turn(heat.numpy())  # (h, w), or (w, h) if the picture lay
    large = shown.geometry.to_original(cells, upsample)  # (H, W), masked where unseen
    return overlay(shown.image, large, upsample="nearest", **style)


def as_img(picture, alt):
    """A PIL image as an HTML image with alternative text."""
    png = io.BytesIO()
    picture.save(png, "PNG", compress_level=1)  # fast: it only goes to the browser
    code = base64.b64encode(png.getvalue()).decode()
    return (
        f'<img alt="{escape(alt)}" width="{picture.width}" height="{picture.height}" '
        f'src="data:image/png;base64,{code}">'
    )


def is_even(heat):
    """True for a map that is the same everywhere: it has no peak to point at."""
    return not heat.max() > heat.min()


@lru_cache(maxsize=16)
def color_bar(colormap):
    """The colours from lowest to highest, as an HTML image."""
    colors = np.frombuffer(palette(colormap), np.uint8).reshape(1, 256, 3)
    bar = Image.fromarray(colors).resize((160, 12))
    return as_img(bar, f"colours of {colormap}, from the lowest value to the highest")


def scale_of(maps, word, shared):
    """(low, high) for the colours: of all words' maps, or of one word's."""
    return color_range(maps.numpy() if shared else maps[word].numpy())


def in_words(word, heat, mask=None):
    """What there is to know of a map (h, w); mask (H, W): the object of the word."""
    h, w = heat.shape
    top = float(heat.max())
    if is_even(heat):
        return f"“{word}”: {top:.3f} in each of {h} x {w} cells, so there is no peak"
    r, c = peak_cell(heat)
    parts = [
        f"“{word}”: peak {top:.3f} at row {r}, column {c}",
        f"{top * h * w:.0f} times an even share of 1/{h * w}",
    ]
    if mask is not None and mask.any():
        gap = distance_to(mask, peak(heat, mask.shape))
        where = "on it" if gap == 0 else f"{gap:.0f} pixels beside it"
        mass = attention_mass(heat, mask)
        parts.append(f"{mass:.0%} of the map on the object, the peak {where}")
    return "; ".join(parts)


def as_one(pictures, lines):
    """Pictures side by side over lines of text, as one picture to keep."""
    font = ImageFont.load_default(size=14)
    W = sum(p.width for p in pictures) + 12 * (len(pictures) + 1)
    lines = [part for line in lines for part in wrap(line, width=W // 8)]
    top = 24 + max(p.height for p in pictures)
    page = Image.new("RGB", (W, top + 22 * len(lines)), "white")
    left = 12
    for picture in pictures:
        page.paste(picture, (left, 12))
        left += picture.width + 12
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        pen.text((12, top + 22 * number), line, "black", font)
    return page
