"""Any PIL picture as the plain RGB picture that a person sees."""

import io

import numpy as np
from PIL import ExifTags, Image, ImageOps


def as_rgb(image):
    """Return `image` as an upright 8-bit RGB picture: itself, if it is one already.

    Turns it as its EXIF orientation says, lays transparent parts over white, and scales
    16-bit grey to 8 bits. Raises TypeError for what is no PIL image and ValueError for
    a picture without pixels or one whose grey values have no known range.
    """
    if not isinstance(image, Image.Image):
        raise TypeError(
            f"expected a PIL image, got {type(image).__name__}: open a file with "
            "PIL.Image.open(path), turn an array into one with PIL.Image.fromarray"
        )
    if 0 in image.size:
        raise ValueError(f"the picture has no pixels: {image.width} x {image.height}")
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode == "RGB" and not image.has_transparency_data:
        return image  # a copy of a large photo costs more than all the rest
    if image.mode.startswith("I"):
        return _from_16_bit(image)
    if image.mode == "F":
        raise ValueError(
            "a float picture (mode 'F') has no known range: scale it to 0..255 and "
            "convert it to mode 'L' first"
        )
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _from_16_bit(image):
    """Pillow clips 16-bit grey at 255 instead of scaling it, so scale it here."""
    grey = np.asarray(image).astype(np.int64)  # (H, W)
    if grey.min() < 0 or grey.max() > 65535:
        raise ValueError(
            f"grey values from {grey.min()} to {grey.max()} are not 16-bit: scale them "
            "to 0..255 and convert the picture to mode 'L' first"
        )
    return Image.fromarray((grey // 257).astype(np.uint8)).convert("RGB")


def as_png(picture, **options):
    """A PIL image, or a matplotlib Figure, as the bytes of a PNG."""
    page, save = io.BytesIO(), getattr(picture, "savefig", None) or picture.save
    save(page, format="png", **options)
    return page.getvalue()
