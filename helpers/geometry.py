"""How the model's input came from the picture, and the way back for a map."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image

from helpers.follow import Steps, steps_of
from helpers.overlay import UPSAMPLE, check_map

ORIENTATION = ExifTags.Base.Orientation
# From the picture as it is stored to the upright one, for each value of the tag.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.T,
    6: lambda a: a.T[:, ::-1],
    7: lambda a: a[::-1, ::-1].T,
    8: lambda a: a.T[::-1],
}


@dataclass(frozen=True)
class Geometry:
    """Which part of a picture the model's input shows.

    size: (H, W) of the upright picture, in pixels. box: (left, top, right, bottom), the
    part that the input shows, in pixels of the picture as the transform got it; parts
    of pixels count, and where the input was padded the box reaches beyond the picture.
    orientation: the EXIF orientation, 1 to 8, of a picture that went in as it is
    stored, without being turned upright; its box is in pixels of the stored picture.
    Raises ValueError for an empty box, one beside the picture, or another orientation.
    """

    size: tuple
    box: tuple
    orientation: int = 1

    def __post_init__(self):
        if self.orientation not in UPRIGHT:
            raise ValueError(f"orientation must be 1 to 8, got {self.orientation}")
        left, top, right, bottom = self.box
        H, W = self.stored_size
        if min(H, W) < 1 or not (left < right and top < bottom):
            raise ValueError(f"a box {self.box} on a picture of {H} x {W} is empty")
        if right <= 0 or bottom <= 0 or left >= W or top >= H:
            raise ValueError(f"the box {self.box} lies beside the picture, {H} x {W}")

    @property
    def stored_size(self):
        """(H, W) of the picture as it is stored: 5 to 8 lie on their side."""
        return self.size if self.orientation < 5 else self.size[::-1]

    @property
    def seen(self):
        """The share of the picture, 0..1, that the model saw."""
        (left, right), (top, bottom) = self._covered()
        H, W = self.stored_size
        return (right - left) * (bottom - top) / (H * W)

    @classmethod
    def squash(cls, size):
        """The whole picture (H, W), resized to any size and shape."""
        return cls(size, (0, 0, size[1], size[0]))

    @classmethod
    def resize_and_crop(cls, size, resize, crop):
        """Shorter side to `resize` pixels, then the middle: crop x crop, or (h, w)."""
        return cls(size, Steps(size, [("resize", resize), ("crop", crop)]).box)

    @classmethod
    def letterbox(cls, size, shape):
        """Resized to fit into `shape` (h, w), centred, the rest padded."""
        scale = min(shape[0] / size[0], shape[1] / size[1])
        fit = tuple(max(1, round(side * scale)) for side in size)
        return cls(size, Steps(size, [("resize", fit), ("crop", shape)]).box)

    @classmethod
    def record(cls, transform, image):
        """Follow a torchvision transform, v1 or v2, step by step with this picture.

        Knows Resize, CenterCrop, Pad, the presets of torchvision's weights, Compose and
        nn.Sequential of them, and steps that move no pixel. Raises ValueError that
        names the step for any other: give the box by hand then.
        """
        stored = image.size[::-1]  # (H, W)
        steps = Steps(stored, steps_of(transform))
        real = transform(image)
        real = real.size[::-1] if isinstance(real, Image.Image) else real.shape[-2:]
        if tuple(real) != steps.size:
            raise ValueError(
                f"the transform gives {tuple(real)}, its steps give {steps.size}: give "
                "the box by hand, Geometry(size, box)"
            )
        orientation = image.getexif().get(ORIENTATION, 1)
        size = stored if orientation < 5 else stored[::-1]
        return cls(size, steps.box, orientation)

    def to_original(self, heat, upsample="bilinear"):
        """A map (h, w) as a masked array (H, W) on the upright original.

        Masked where the model saw nothing. upsample: "nearest" (the cells as they are),
        "bilinear" or "bicubic", never beyond the map's own values. Raises ValueError
        for a map of another rank, NaN, or another upsampling.
        """
        heat = check_map(heat)  # (h, w)
        if upsample not in UPSAMPLE:
            raise ValueError(f"upsample must be one of {list(UPSAMPLE)}: {upsample!r}")
        (left, right), (top, bottom) = self._covered()
        h, w = heat.shape
        x0, x1 = (self._part(x, 0, w) for x in (left, right))
        y0, y1 = (self._part(y, 1, h) for y in (top, bottom))
        part = Image.fromarray(heat).resize(
            (right - left, bottom - top), UPSAMPLE[upsample], (x0, y0, x1, y1)
        )
        whole = np.ma.masked_all(self.stored_size, np.float32)  # (H, W)
        values = np.asarray(part).clip(heat.min(), heat.max())  # (bottom-top, ...)
        whole[top:bottom, left:right] = values
        return UPRIGHT[self.orientation](whole)

    def _covered(self):
        """Pixels of the stored picture whose centre lies in the box: x and y ranges."""
        H, W = self.stored_size
        left, top, right, bottom = self.box
        ranges = []
        for low, high, side in [(left, right, W), (top, bottom, H)]:
            first = min(max(math.ceil(low - 0.5), 0), side - 1)
            ranges.append((first, max(first + 1, min(math.ceil(high - 0.5), side))))
        return ranges

    def _part(self, pixel, axis, cells):
        """Where a pixel's edge lies on the grid, in cells."""
        low, high = self.box[axis], self.box[axis + 2]
        return min(max((pixel - low) / (high - low), 0.0), 1.0) * cells
