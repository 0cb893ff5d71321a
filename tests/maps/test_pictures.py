"""Every kind of picture that Pillow reads, as the RGB that a person sees."""

import numpy as np
import pytest
from PIL import Image

from helpers.maps import as_rgb

H, W = 20, 30


def ramp(dtype=np.uint8, top=255):
    """(H, W), 0 at the left edge, `top` at the right."""
    return np.tile(np.linspace(0, top, W), (H, 1)).astype(dtype)


def test_grey_palette_and_cmyk_keep_their_look():
    grey = Image.fromarray(ramp())
    want = np.asarray(grey.convert("RGB")).astype(int)
    for image in (grey, grey.convert("P"), grey.convert("CMYK"), grey.convert("RGB")):
        got = as_rgb(image)
        assert got.mode == "RGB" and got.size == (W, H)
        assert np.abs(np.asarray(got).astype(int) - want).max() <= 1


def test_transparent_parts_turn_white():
    image = Image.new("RGBA", (W, H), (0, 0, 255, 0))
    image.paste((255, 0, 0, 255), (0, 0, 10, H))
    pixels = np.asarray(as_rgb(image))
    assert (pixels[:, :10] == (255, 0, 0)).all() and (pixels[:, 10:] == 255).all()


def test_a_palette_with_a_transparent_color():
    image = Image.new("P", (W, H), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(1, (0, 0, 10, H))
    image.info["transparency"] = 0
    pixels = np.asarray(as_rgb(image))
    assert (pixels[:, :10] == (255, 0, 0)).all() and (pixels[:, 10:] == 255).all()


@pytest.mark.parametrize("mode", ["I;16", "I"])
def test_sixteen_bits_are_scaled_not_clipped(mode):
    deep = Image.fromarray(ramp(np.uint16, 65535))
    pixels = np.asarray(as_rgb(deep.convert(mode) if mode == "I" else deep))
    assert np.abs(pixels[..., 0].astype(int) - ramp()).max() <= 1


def test_exif_rotation_is_applied():
    image = Image.fromarray(ramp()).convert("RGB")
    image.getexif()[0x0112] = 6  # shown turned by 90 degrees, clockwise
    assert as_rgb(image).size == (H, W)
    assert image.size == (W, H), "the argument stays as it was"


@pytest.mark.parametrize(
    ("image", "error", "text"),
    [
        ("photo.jpg", TypeError, "got str: open a file with"),
        (np.zeros((H, W, 3)), TypeError, "got ndarray"),
        (Image.new("RGB", (0, H)), ValueError, "no pixels: 0 x 20"),
        (Image.fromarray(ramp(np.float32, 1.0)), ValueError, "no known range"),
        (Image.fromarray(ramp(np.int32, 9e5)), ValueError, "from 0 to 900000"),
    ],
)
def test_what_is_no_picture_is_refused(image, error, text):
    with pytest.raises(error, match=text):
        as_rgb(image)
