"""A map on a picture, and a caption as a row of pictures."""

import math
from functools import lru_cache

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image

from helpers.maps.pictures import as_rgb

UPSAMPLE = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


def overlay(
    image, heat, upsample="bilinear", colormap="inferno", opacity=0.5, scale=None
):
    """Lay a map over a picture: a PIL image, RGB, of the size of the upright picture.

    image: any PIL image. heat: (h, w) tensor or array, one number a cell; it is
    stretched over the whole picture. Where a numpy masked array is masked, the picture
    stays as it is: nothing is known there.
    upsample: "nearest" shows the cells as they are, "bilinear" and "bicubic" smooth
    them. colormap: a matplotlib name. opacity: 0..1. scale: (low, high), the values of
    the first and the last colour; by default from 0 (or the smallest value, if that is
    negative) to the largest value, so that a map that is the same everywhere is drawn
    as one colour.
    Raises ValueError for another rank, for NaN or infinite values, for a map with no
    value of 0 or more (unless scale is given), for an unknown upsampling or colour map,
    and for an opacity or a scale out of range.
    """
    picture = as_rgb(image)
    blank = np.ma.getmaskarray(heat) if np.ma.isMaskedArray(heat) else None  # (h, w)
    heat = check_map(heat)  # (h, w)
    if upsample not in UPSAMPLE:
        raise ValueError(f"upsample must be one of {list(UPSAMPLE)}, got {upsample!r}")
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie in 0..1, got {opacity}")
    low, high = color_range(heat) if scale is None else check_scale(scale)
    levels = ((heat - low) / (high - low)).clip(0, 1) * 255  # (h, w)
    small = Image.fromarray(levels.round().astype(np.uint8))
    # Resized as 8-bit grey: Pillow clamps the overshoot of bicubic by itself.
    colored = small.resize(picture.size, UPSAMPLE[upsample])
    colored.putpalette(palette(colormap))
    blended = Image.blend(picture, colored.convert("RGB"), opacity)
    if blank is None:
        return blended
    where = Image.fromarray(blank).resize(picture.size, Image.Resampling.NEAREST)
    return Image.composite(picture, blended, where)


def show_caption(image, caption, columns=4, scale=None, **style):
    """A matplotlib Figure: one panel a word, its map laid over the picture.

    image: the picture that was captioned. caption: has words (T of them) and maps
    (T, h, w). scale: "shared" gives all words one colour scale, None each its own.
    style goes to `overlay`. Raises ValueError for an empty caption and where words and
    maps differ in number, TypeError where picture and caption are swapped.
    """
    if not hasattr(caption, "words"):
        raise TypeError(
            "show_caption(image, caption): the picture comes first, and the caption "
            f"has words and maps, got {type(caption).__name__}"
        )
    words, maps = list(caption.words), torch.as_tensor(caption.maps)
    if not words:
        raise ValueError("the caption has no words, so there is no map to show")
    if maps.dim() != 3 or len(maps) != len(words):
        raise ValueError(
            f"expected one (h, w) map for each of {len(words)} words, got maps of "
            f"shape {tuple(maps.shape)}"
        )
    limits = color_range(check_map(maps.flatten(1))) if scale == "shared" else None
    columns = min(columns, len(words))
    rows = math.ceil(len(words) / columns)
    panel = 1.7  # inches
    tall = image.height / image.width
    size = (columns * panel, rows * (panel * tall + 0.35) + 0.3)
    figure = plt.figure(figsize=size, layout="constrained")
    for number, (word, heat) in enumerate(zip(words, maps, strict=True), start=1):
        axes = figure.add_subplot(rows, columns, number)
        axes.imshow(overlay(image, heat, scale=limits, **style))
        axes.set_title(word)
        axes.set_axis_off()
    shared = "one scale for all words" if limits else "each word on its own scale"
    figure.supxlabel(f"bright = much attention, {shared}", fontsize="small")
    plt.close(figure)  # a notebook shows the figure that is returned, once
    return figure


def check_map(heat):
    """A map as a 2-D float array (h, w); ValueError that says what is wrong with it."""
    if isinstance(heat, torch.Tensor):
        heat = heat.detach().cpu().float().numpy()
    if np.ma.isMaskedArray(heat):
        if not heat.count():
            raise ValueError(f"all {heat.size} values of the map are masked")
        heat = heat.filled(heat.min())  # what is masked sets no scale
    heat = np.asarray(heat, dtype=np.float32)
    if heat.ndim != 2 or 0 in heat.shape:
        raise ValueError(
            f"a map must be 2-D (h, w), got shape {heat.shape}: {_rank_hint(heat)}"
        )
    bad = heat.size - int(np.isfinite(heat).sum())
    if bad:
        raise ValueError(f"{bad} of {heat.size} values of the map are NaN or infinite")
    return heat


def _rank_hint(heat):
    if heat.ndim == 1:
        return "lay the keys out first, with TokenLayout.to_grid"
    if heat.ndim == 3:
        return f"pick one of {heat.shape[0]} maps, or average over that axis"
    return "pick the batch, layer, head and word you want until (h, w) is left"


def check_scale(scale):
    """A pair (low, high) that was given for the colours, or ValueError."""
    try:
        low, high = scale
    except (TypeError, ValueError):
        low = high = None
    if low is None or not low < high:
        raise ValueError(f"scale must be (low, high) with low < high, got {scale}")
    return low, high


def color_range(heat):
    """(low, high) for the colours: from 0, so that a constant map stays one colour.

    Raises ValueError if all values are negative: a difference of maps has some that are
    not, so these are scores or logarithms, taken for weights.
    """
    low, high = min(0.0, float(heat.min())), float(heat.max())
    if high < 0:
        raise ValueError(
            f"all values of the map are below 0 (the largest is {high:.3g}), and "
            "attention is never negative: take the weights after the softmax, or give "
            "scale=(low, high) to draw what you have"
        )
    return (low, high) if high > low else (low, low + 1.0)


@lru_cache(maxsize=16)
def palette(colormap):
    """256 RGB bytes of a matplotlib colour map. Raises ValueError for a wrong name."""
    if colormap not in matplotlib.colormaps:
        raise ValueError(
            f"matplotlib has no colour map {colormap!r}: try 'inferno', 'viridis' or "
            "'cividis', which colour-blind readers can use"
        )
    colors = matplotlib.colormaps[colormap](np.arange(256) / 255)  # (256, 4)
    return (colors[:, :3] * 255).round().astype(np.uint8).tobytes()
