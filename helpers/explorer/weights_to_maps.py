"""What a model saw of a picture, and its weights on the grid of cells."""

from dataclasses import replace

import numpy as np
from PIL import Image

from helpers.maps.caption import Caption
from helpers.maps.geometry import UPRIGHT


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


def all_maps(caption, geometry=None):
    """All weights of a Caption, (L, A, T, h, w), turned as the upright picture is.

    geometry: of the picture, where the model did not see it whole and as it is. Raises
    ValueError where the weights do not lie on the grid of the maps.
    """
    weights, (h, w) = caption.weights, caption.maps.shape[1:]
    if weights.shape[-1] != h * w:
        raise ValueError(
            f"the weights have {weights.shape[-1]} keys, the maps {h} x {w} = {h * w} "
            "cells: lay captured weights out with helpers.explorer.laid_out"
        )
    weights = weights[(None,) * (4 - weights.dim())]  # (L, A, T, N)
    turn = UPRIGHT[geometry.orientation if geometry else 1]
    keys = turn(np.arange(h * w).reshape(h, w)).copy()  # (h, w), or (w, h) if it lay
    return weights.detach().cpu().float()[..., keys]  # (L, A, T, h, w)


def seen_part(image, geometry):
    """What the model saw of an upright PIL image or of a Scene, masks and all: white
    where its input was padded."""
    if hasattr(image, "masks"):
        masks = [Image.fromarray(255 * mask.astype(np.uint8)) for mask in image.masks]
        masks = [np.asarray(cut(mask, geometry, 0)) > 127 for mask in masks]
        picture = cut(image.image, geometry, "white")
        return replace(image, image=picture, masks=np.stack(masks))
    return cut(image, geometry, "white")


def cut(image, geometry, beyond):
    """The box of a Geometry out of an upright picture; `beyond` is the colour beside
    it. The box is in pixels of the picture as it is stored, so it is turned there."""
    turn = geometry.orientation
    back = {6: 8, 8: 6}.get(turn, turn)  # the others are their own inverse
    stored = Image.fromarray(UPRIGHT[back](np.asarray(image)).copy())
    left, top, right, bottom = geometry.box
    size = max(1, round(right - left)), max(1, round(bottom - top))
    how = Image.Transform.EXTENT, geometry.box, Image.Resampling.BICUBIC
    part = stored.transform(size, *how, fillcolor=beyond)
    return Image.fromarray(UPRIGHT[turn](np.asarray(part)).copy())
