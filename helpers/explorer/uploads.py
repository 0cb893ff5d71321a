"""Read a picture that somebody uploaded, or say in plain words why it cannot be."""

import io
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

MOST_MB = 10  # what any Jupyter server lets through, see jupyter_lab_config.py
MOST_PIXELS = 80_000_000  # Pillow itself warns from 89 million on


def read_upload(content):
    """The bytes of a file as a PIL image, with its pixels loaded.

    Raises ValueError with a sentence for a reader: for a file of more than MOST_MB
    megabytes, of more than MOST_PIXELS, an empty or a damaged one, and for no picture.
    """
    if len(content) > MOST_MB * 1e6:
        raise ValueError(
            f"it has {len(content) / 1e6:.1f} MB, and at most {MOST_MB} MB are taken. "
            "Save it smaller, as a JPEG for example"
        )
    if not len(content):
        raise ValueError("the file is empty, it has 0 bytes")
    try:
        with any_size():
            image = Image.open(io.BytesIO(content))
    except UnidentifiedImageError:
        raise ValueError(
            f"its {len(content)} bytes are no picture in a format that is known here. "
            "Save it as PNG or JPEG"
        ) from None
    W, H = image.size
    if W * H > MOST_PIXELS:
        raise ValueError(
            f"it has {W} x {H} pixels, {W * H / 1e6:.0f} million, and at most "
            f"{MOST_PIXELS / 1e6:.0f} million are taken. Make it smaller"
        )
    try:
        image.load()
    except Exception:  # each format has errors of its own for what is damaged
        raise ValueError(
            f"the file is damaged: its {len(content)} bytes should give {W} x {H} "
            "pixels, and cannot be read to the end"
        ) from None
    return image


@contextmanager
def any_size():
    """Let Pillow open a picture of any size, so that its size can be told."""
    usual, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = usual
