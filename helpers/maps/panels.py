"""A caption as a row of pictures, one for each word."""

import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image, ImageFilter

from helpers.maps.overlays import check_map, check_scale, color_range, overlay
from helpers.maps.pictures import as_rgb

PANEL = 2.4  # inches
SHARP = 300  # pixels: smaller pictures are enlarged, so that the maps look smooth
DARK = "#1f2933"  # of lines and text on a light ground


def show_caption(image, caption, columns=4, scale="shared", **style):
    """A matplotlib Figure: one panel per word, its map laid over the picture.

    image: the picture that was captioned; or its Scene: then each panel outlines the
    object that its word names. caption: has words (T of them) and maps (T, h, w).
    scale: "shared" gives all words one colour scale, "own" each its own, (low, high) is
    taken as it is. The number behind a word is its largest weight. style goes to
    `overlay`. Raises ValueError for an empty caption, where words and maps differ in
    number, and for another scale; TypeError where picture and caption are swapped.
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
    limits, said = limits_of(maps, scale)
    picture = as_rgb(getattr(image, "image", image))
    figure, panels = empty_panels(len(words), columns, picture.height / picture.width)
    for panel, word, heat, mask in zip(
        panels, words, maps, named_masks(image, words), strict=True
    ):
        draw_map(panel, picture, heat, mask, scale=limits, **style)
        panel.set_title(f"{word}  {float(heat.max()):.2f}", fontsize=14)
    figure.supxlabel(f"{said}; the number is the word's largest weight", fontsize=13)
    plt.close(figure)  # a notebook shows the figure that is returned, once
    return figure


def draw_map(panel, picture, heat, mask=None, **style):
    """Draw a map (h, w) over a picture, and the outline of a mask (H, W)."""
    seen = overlay(enlarged(picture), heat, **style)
    panel.imshow(seen, extent=(0, picture.width, picture.height, 0))
    panel.set_axis_off()
    if mask is not None:
        outline(panel, mask)


def limits_of(maps, scale):
    """((low, high) or None, what to say of it) for maps (T, h, w)."""
    if isinstance(scale, str) and scale == "own":
        return None, "each word on its own scale"
    if isinstance(scale, str) and scale == "shared":
        scale = color_range(check_map(maps.flatten(1)))
    low, high = check_scale(scale)
    return (low, high), f"one scale for all words, {low:.2g} to {high:.2g}"


def empty_panels(count, columns, tall):
    """(figure, panels): `count` panels, each `tall` times as high as wide."""
    rows = math.ceil(count / min(columns, count))
    columns = math.ceil(count / rows)  # no more than that number of rows needs
    size = columns * (PANEL + 0.08), rows * (PANEL * tall + 0.4) + 0.35
    figure = plt.figure(figsize=size, layout="constrained")
    return figure, [figure.add_subplot(rows, columns, n + 1) for n in range(count)]


def named_masks(scene, words):
    """For each word the mask (H, W) of the object that it names; None for a word that
    names none, or is not the one in the scene's own caption."""
    masks = [None] * len(words)
    if not hasattr(scene, "word_objects"):
        return masks
    for i, (word, truth) in enumerate(zip(words, scene.words, strict=False)):
        if word == truth and scene.word_objects[i] is not None:
            masks[i] = scene.masks[scene.word_objects[i]]
    return masks


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
