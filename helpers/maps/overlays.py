"""A map on a picture."""

from functools import lru_cache

import matplotlib
import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image

from helpers.maps.pictures import as_rgb

UPSAMPLE = ("nearest", "bilinear", "bicubic")
UPSAMPLE = {name: Image.Resampling[name.upper()] for name in UPSAMPLE}
# From light to dark, as ink on paper, in a hue that is rare in pictures.
INK = LinearSegmentedColormap.from_list(
    "ink", [(0, "#fde6f3"), (0.3, "#ff4fae"), (0.65, "#cf0079"), (1, "#62005c")]
)
COVER = 0.95  # of the picture under the largest weight: it shines through
DRAIN, LIFT = 0.5, 0.35  # of the picture's colour taken away, and then made white
EVEN = 4  # an even map gets this part of the full colour, one quarter


def overlay(image, heat, upsample="bilinear", colormap="ink", opacity=None, scale=None):
    """Lay a map over a picture: a PIL image, RGB, of the size of the upright picture.

    image: any PIL image. heat: (h, w) tensor or array, one number per cell; it is
    stretched over the whole picture. Where a numpy masked array is masked, the picture
    stays as it is: nothing is known there.
    upsample: "nearest" shows the cells as they are, "bilinear" and "bicubic" smooth
    them. colormap: "ink" pales the picture and lays one colour on it, the more opaque
    the larger the weight; a name of matplotlib, such as "inferno", gives the uniform
    blend of most programs, as opaque at a weight of 0 as at the peak.
    opacity: 0..1, from the plain picture to the full overlay; by default 1 for "ink"
    and 0.5 for a blend. scale: (low, high), the values of the first and the last
    colour; by default from 0 (or the smallest value, if negative) to the largest value
    or 4 times the mean, whichever is larger: a constant map is one faint colour.
    Raises ValueError for another rank, NaN or infinite values, a map that is negative
    throughout (unless scale is given), an unknown upsampling or colour map, an opacity
    or a scale out of range.
    """
    picture = as_rgb(image)
    blank = np.ma.getmaskarray(heat) if np.ma.isMaskedArray(heat) else None  # (h, w)
    heat = check_map(heat)  # (h, w)
    resampling = check_upsample(upsample)
    if opacity is None:
        opacity = 1 if colormap == "ink" else 0.5
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie in 0..1, got {opacity}")
    known = heat if blank is None else heat[~blank]  # (n,)
    low, high = color_range(known) if scale is None else check_scale(scale)
    levels = ((heat - low) / (high - low)).clip(0, 1) * 255  # (h, w)
    small = Image.fromarray(levels.round().astype(np.uint8))
    # Resized as 8-bit grey: Pillow clamps the overshoot of bicubic by itself.
    levels = small.resize(picture.size, resampling)  # PIL, 0..255
    blended = Image.blend(picture, paint(picture, levels, colormap), opacity)
    if blank is None:
        return blended
    where = Image.fromarray(blank).resize(picture.size, Image.Resampling.NEAREST)
    return Image.composite(picture, blended, where)


def paint(picture, levels, colormap):
    """Levels (PIL, grey, 0..255) in colour; "ink" lets a pale picture shine through."""
    colored = levels.copy()
    colored.putpalette(palette(colormap))
    colored = colored.convert("RGB")
    if colormap != "ink":
        return colored
    cover = levels.point([round(COVER * level) for level in range(256)])
    return Image.composite(colored, pale(picture), cover)


def pale(picture):
    """An RGB picture as a pale print of itself: its colours drained, then lightened."""
    grey = picture.convert("L").convert("RGB")
    lift = [round(255 * LIFT + (1 - LIFT) * level) for level in range(256)]
    return Image.blend(picture, grey, DRAIN).point(lift * 3)


def check_upsample(upsample):
    """Pillow's filter of that name, or ValueError."""
    if upsample not in UPSAMPLE:
        raise ValueError(f"upsample must be one of {list(UPSAMPLE)}, got {upsample!r}")
    return UPSAMPLE[upsample]


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
        hint = {
            1: "lay the keys out first, with TokenLayout.to_grid",
            3: f"pick one of {heat.shape[0]} maps, or average over that axis",
        }.get(heat.ndim, "pick the batch, layer, head and word until (h, w) is left")
        raise ValueError(f"a map must be 2-D (h, w), got shape {heat.shape}: {hint}")
    bad = heat.size - int(np.isfinite(heat).sum())
    if bad:
        raise ValueError(f"{bad} of {heat.size} values of the map are NaN or infinite")
    return heat


def check_scale(scale):
    """A pair (low, high) that was given for the colours, or ValueError."""
    if np.shape(scale) != (2,) or not scale[0] < scale[1]:
        raise ValueError(f"scale must be (low, high) with low < high, got {scale}")
    return scale


def color_range(heat):
    """(low, high) for the colours of an array: from 0, so that a constant map stays one
    colour. Raises ValueError if all values are negative."""
    low, high = min(0.0, float(heat.min())), float(heat.max())
    if high < 0:
        raise ValueError(
            f"all values of the map are below 0 (the largest is {high:.3g}), and "
            "attention is never negative: take the weights after the softmax, or give "
            "scale=(low, high) to draw what you have"
        )
    high = max(high, EVEN * float(heat.mean()))
    return (low, high) if high > low else (low, low + 1.0)


@lru_cache(maxsize=16)
def palette(colormap):
    """256 RGB colours as bytes, of "ink" or of a colour map of matplotlib."""
    if colormap != "ink" and colormap not in matplotlib.colormaps:
        raise ValueError(
            f"matplotlib has no colour map {colormap!r}: leave it out for the look of "
            "the course, or try 'inferno', 'viridis' or 'cividis'"
        )
    ramp = INK if colormap == "ink" else matplotlib.colormaps[colormap]
    colors = ramp(np.arange(256) / 255)  # (256, 4)
    return (colors[:, :3] * 255).round().astype(np.uint8).tobytes()
