"""How the model's input came from the picture, and the way back for a map."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image

from helpers.maps.find_box import between, find_box
from helpers.maps.overlays import check_map, check_upsample
from helpers.maps.try_transform import as_plane

ORIENTATION = ExifTags.Base.Orientation
# From the picture as it is stored to the upright one, for each value of the tag.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


@dataclass(frozen=True)
class Geometry:
    """The part of a picture that the model's input shows.

    size: (H, W) of the upright picture, in pixels. box: (left, top, right, bottom), the
    part that the input shows, in pixels (and fractions of them) of the picture as the
    transform got it; where the input was padded, it reaches beyond the picture.
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

    @classmethod
    def squash(cls, size):
        """The whole picture (H, W), resized to any size and shape."""
        return cls(size, (0, 0, size[1], size[0]))

    @classmethod
    def resize_and_crop(cls, size, resize, crop):
        """Shorter side to `resize` pixels, then the middle: crop x crop, or (h, w).

        Rounds like torchvision. Other libraries may be off by one pixel of the input:
        `record` measures it.
        """
        short = min(size)
        resized = [int(resize * side / short) for side in size]
        return cls(size, middle_box(size, resized, crop))

    @classmethod
    def letterbox(cls, size, shape):
        """Resized to fit into `shape` (h, w), centred, the rest padded.

        Some libraries pad only at the right and at the bottom: `record` measures it.
        """
        scale = min(shape[0] / size[0], shape[1] / size[1])
        resized = [max(1, round(side * scale)) for side in size]
        return cls(size, middle_box(size, resized, shape))

    @classmethod
    def record(cls, transform, image):
        """Find by experiment what a transform makes of this picture; see `find_box`.

        transform: a function of a PIL image, such as a transform of torchvision or timm
        or an image processor of transformers. Raises what `find_box` raises, and
        TypeError for what is not a PIL image.
        """
        if not isinstance(image, Image.Image):
            raise TypeError(
                f"expected a PIL image, got {type(image).__name__}: the box is counted "
                "in pixels of the picture before the transform"
            )
        stored, mode = image.size[::-1], image.mode  # (H, W)
        mode = mode if mode in ("L", "RGBA") else "RGB"
        turn = image.getexif().get(ORIENTATION, 1)
        turn = turn if turn in UPRIGHT else 1  # viewers ignore what is no orientation
        size = stored if turn < 5 else stored[::-1]
        box = find_box(transform, stored, mode)
        if turn != 1 and turns_upright(transform, stored, turn):
            return cls(size, find_box(transform, size, mode))
        return cls(size, box, turn)

    def to_original(self, heat, upsample="bilinear"):
        """A map (h, w) as an array (H, W) on the upright original, masked where the
        model saw nothing.

        upsample: "nearest" (the cells as they are), "bilinear" or "bicubic", never
        beyond the map's own values. Raises ValueError for a map of another rank, NaN,
        or another upsampling.
        """
        heat = check_map(heat)  # (h, w)
        resampling = check_upsample(upsample)
        (left, right), (top, bottom) = self._covered()
        h, w = heat.shape
        x0, x1 = (self._part(x, 0, w) for x in (left, right))
        y0, y1 = (self._part(y, 1, h) for y in (top, bottom))
        part = Image.fromarray(heat).resize(
            (right - left, bottom - top), resampling, (x0, y0, x1, y1)
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


def middle_box(size, resized, crop):
    """The box of a crop of the middle; a side that is too short is padded first."""
    crop = (crop, crop) if isinstance(crop, int) else crop
    edges = []
    for side, length, count in zip(size, resized, crop, strict=True):
        spare = length - count
        start = round(spare / 2) if spare > 0 else -(-spare // 2)
        edges.append(between(side, length, start, count))
    (top, bottom), (left, right) = edges
    return left, top, right, bottom


def turns_upright(transform, stored, turn):
    """True if a transform heeds the EXIF orientation of a picture of stored (H, W)."""
    down, across = np.ix_(*(np.linspace(0, 120, side) for side in stored))
    plain = Image.fromarray((down + across / 2).astype(np.uint8)).convert("RGB")
    tagged = plain.copy()
    tagged.getexif()[ORIENTATION] = turn
    tagged.info["exif"] = tagged.getexif().tobytes()  # as a photo from a file has it
    made = [as_plane(transform(picture)) for picture in (plain, tagged)]
    return not np.array_equal(*made)
