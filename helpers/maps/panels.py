"""A caption as a row of pictures, one for each word."""

import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image, ImageFilter

from helpers.maps.overlays import check_map, check_scale, color_range, overlay
from helpers.maps.pictures import as_rgb

PANEL, COLUMNS = 2.4, 4  # inches, and panels in a row at most
SHARP = 300  # pixels: smaller pictures are enlarged, so that the maps look smooth
DARK = "#1f2933"  # of lines and text on a light ground


def show_caption(image, caption, scale=None, **style):
    """A matplotlib Figure: one panel per word, its map laid over the picture.

    image: the picture that was captioned; or its Scene: then each panel outlines the
    object that its word names. caption: has words (T of them) and maps (T, h, w).
    scale: (low, high), the values of the first and the last colour of all panels; by
    default as in `overlay`, for all words together. The number behind a word is its
    largest weight. style goes to `overlay`. Raises ValueError for an empty caption,
    where words and maps differ in number, and for another scale; TypeError where
    picture and caption are swapped.
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
    if scale is None:
        scale = color_range(check_map(maps.flatten(1)))
    low, high = check_scale(scale)
    picture = as_rgb(getattr(image, "image", image))
    figure, panels = empty_panels(len(words), picture.height / picture.width)
    for i, (panel, word, heat) in enumerate(zip(panels, words, maps, strict=True)):
        mask = named_mask(image, i, word)
        draw_map(panel, picture, heat, mask, scale=(low, high), **style)
        panel.set_title(f"{word}  {float(heat.max()):.2f}", fontsize=14)
    figure.supxlabel(
        f"one scale for all words, {low:.2g} to {high:.2g}; the number is the word's "
        "largest weight",
        fontsize=13,
    )
    plt.close(figure)  # a notebook shows the figure that is returned, once
    return figure


def draw_map(panel, picture, heat, mask=None, **style):
    """Draw a map (h, w) over a picture, and the outline of a mask (H, W)."""
    seen = overlay(enlarged(picture), heat, **style)
    panel.imshow(seen, extent=(0, picture.width, picture.height, 0))
    panel.set_axis_off()
    if mask is not None:
        outline(panel, mask)


def empty_panels(count, tall):
    """(figure, panels): `count` panels, each `tall` times as high as wide."""
    rows = math.ceil(count / COLUMNS)
    columns = math.ceil(count / rows)  # no more than that number of rows needs
    size = columns * (PANEL + 0.08), rows * (PANEL * tall + 0.4) + 0.35
    figure = plt.figure(figsize=size, layout="constrained")
    return figure, [figure.add_subplot(rows, columns, n + 1) for n in range(count)]


def named_mask(scene, i, word):
    """The mask (H, W) of the object that word number i names; None for a word that
    names none, or is not the one in the scene's own caption."""
    owners = getattr(scene, "word_objects", [])
    owner = owners[i] if i < len(owners) and word == scene.words[i] else None
    return None if owner is None else scene.masks[owner]


def enlarged(picture):
    """Enlarge a small picture by a whole factor, to SHARP pixels or more."""
    times = math.ceil(SHARP / min(picture.size))
    size = [times * side for side in picture.size]
    return picture.resize(size, Image.Resampling.BICUBIC) if times > 1 else picture


def outline(panel, mask):
    """Draw the edge of an object on a matplotlib panel. mask: (H, W) bool."""
    H, W = mask.shape
    x, y = np.arange(-0.5, W + 1), np.arange(-0.5, H + 1)  # pixel centres, one beyond
    inside = Image.fromarray(np.pad(mask, 1).astype(np.uint8) * 255)
    inside = np.asarray(inside.filter(ImageFilter.GaussianBlur(1)))  # no steps
    panel.contour(x, y, inside, levels=[127], colors=DARK, linewidths=1.4)
    panel.set(xlim=(0, W), ylim=(H, 0))
