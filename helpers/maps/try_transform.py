"""Give a transform a picture, and read what it makes as one plane of numbers."""

import random
from collections.abc import Mapping

import numpy as np
import torch
from PIL import Image


class NoBox(ValueError):
    """Why the input is not an upright box of the photo, as the end of a sentence."""


def try_transform(transform, picture):
    """What a transform makes of a PIL image, (h, w): the mean of the channels.

    Raises NoBox where it fails, draws random numbers, or makes no picture or several.
    """
    dice = read_dice()
    try:
        made = transform(picture)
    except Exception as error:
        W, H = picture.size
        raise NoBox(f"fails on a picture of {H} x {W} ({error})") from error
    if dice != read_dice():
        random.setstate(dice[0])
        np.random.set_state(dice[1])  # noqa: NPY002, what transforms draw from
        torch.set_rng_state(torch.tensor(dice[2], dtype=torch.uint8))
        raise NoBox(
            "draws random numbers, so that the next input may show another part: use "
            "the evaluation transform"
        )
    return as_plane(made)


def as_plane(made):
    """A PIL image, tensor or array, or a dict with pixel_values -> (h, w)."""
    if isinstance(made, Mapping):
        if "pixel_values" not in made:
            raise NoBox(f"returns {', '.join(made)}, and no pixel_values")
        made = made["pixel_values"]
    while isinstance(made, list | tuple) and len(made) == 1:
        made = made[0]
    if isinstance(made, list | tuple):
        raise NoBox(f"makes {len(made)} inputs of one photo, each with its own box")
    if isinstance(made, Image.Image):
        made = made.convert("RGB")
    if isinstance(made, torch.Tensor):
        made = made.detach().cpu().float()  # numpy has no bfloat16
    pixels = np.asarray(made, dtype=np.float32)
    while pixels.ndim > 2 and pixels.shape[0] == 1:
        pixels = pixels[0]
    if pixels.ndim > 3:
        raise NoBox(
            f"makes several pictures of one photo, {pixels.shape} (tiles, crops or "
            "frames), each with its own box"
        )
    if pixels.ndim == 3:
        channels = [axis for axis in (0, 2) if pixels.shape[axis] in (3, 4)]
        if not channels:
            raise NoBox(f"makes {pixels.shape}, no picture (C, H, W)")
        pixels = pixels.mean(channels[0])  # (h, w)
    if pixels.ndim != 2 or not pixels.size or not np.isfinite(pixels).all():
        raise NoBox(f"makes {pixels.shape}: no picture (C, H, W), or one with NaN")
    return pixels


def read_dice():
    """The state of everything that transforms commonly draw random numbers from."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002, what transforms draw from
    numpy_state = (name, keys.tolist(), *rest)
    return random.getstate(), numpy_state, torch.get_rng_state().tolist()
