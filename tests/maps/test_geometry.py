"""A bright rectangle goes through a transform, and its map must come back onto it."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from torch import nn
from torchvision.transforms import v2
from torchvision.transforms.v2.functional import pil_to_tensor

from helpers.maps import Geometry, as_rgb, overlay
from helpers.maps.geometry import ORIENTATION, UPRIGHT

WIDE, TALL = (240, 400), (330, 210)  # (H, W)


def photo_with_a_spot(size, spot):
    """A dark photo with a bright rectangle; spot is left, top, right, bottom."""
    pixels = np.zeros((*size, 3), np.uint8)
    pixels[spot[1] : spot[3], spot[0] : spot[2]] = 255
    return Image.fromarray(pixels)


def brightness(image, cell=8):
    """The mean of each cell of what goes into the model: (h, w)."""
    if isinstance(image, Image.Image):
        image = pil_to_tensor(image)
    grey = image.float().mean(0)[None]  # (1, H, W)
    return nn.functional.avg_pool2d(grey, cell)[0]  # (h, w)


TRANSFORMS = {  # test_find_box has all kinds of them
    "resize and crop": v2.Compose([v2.Resize(112), v2.CenterCrop((96, 104))]),
    "crop that pads": v2.Compose([v2.Resize(80), v2.CenterCrop((112, 144))]),
    "pad": v2.Compose([v2.Resize((96, 128)), v2.Pad((8, 16, 24, 32))]),
}


@pytest.mark.parametrize("size", [WIDE, TALL], ids=["wide", "tall"])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_map_comes_back_onto_what_it_shows(name, size):
    transform = TRANSFORMS[name]
    H, W = size
    spot = (W // 2 + 5, H // 2 - 50, W // 2 + 65, H // 2 - 10)
    photo = photo_with_a_spot(size, spot)
    heat = brightness(transform(photo))
    heat = heat - heat.min()
    geometry = Geometry.record(transform, photo)
    back = geometry.to_original(heat, "nearest")
    assert back.shape == size
    rows, columns = np.nonzero(back.filled(0) > back.max() / 2)
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    left, top, right, bottom = geometry.box
    h, w = heat.shape
    a_cell = np.array([(right - left) / w, (bottom - top) / h] * 2)
    assert (np.abs(np.array(found) - np.array(spot)) <= a_cell / 2 + 1.5).all()


def test_what_the_model_did_not_see_is_blank():
    photo = Image.new("RGB", (400, 240))
    geometry = Geometry.record(TRANSFORMS["resize and crop"], photo)
    back = geometry.to_original(torch.rand(12, 13))
    left, top, right, bottom = geometry.box
    assert 0 < left < right < 400 and 0 < top < bottom < 240
    seen = ~back.mask
    rows, columns = np.nonzero(seen)
    assert seen.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    edges = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.array(edges) - np.array(geometry.box)).max() <= 0.5


def test_the_usual_crop_sees_57_percent():
    geometry = Geometry.resize_and_crop((480, 640), 256, 224)
    hidden = geometry.to_original(torch.rand(3, 5)).mask
    assert 1 - hidden.mean() == pytest.approx(0.57, abs=0.01)
    assert not Geometry.squash((480, 640)).to_original(torch.rand(3, 5)).mask.any()


def test_by_hand_is_as_recorded():
    photo = Image.new("RGB", (400, 240))
    recorded = Geometry.record(TRANSFORMS["resize and crop"], photo)
    assert Geometry.resize_and_crop((240, 400), 112, (96, 104)) == recorded
    box = Geometry.letterbox((240, 400), (112, 112)).box
    assert box[0] == 0 and box[2] == 400 and box[1] < 0 and box[3] > 240
    assert box[3] - 240 == pytest.approx(-box[1], abs=4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_map_turns_with_the_photo(orientation, tmp_path):
    stored = photo_with_a_spot(WIDE, (250, 40, 310, 100))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored.save(tmp_path / "photo.png", exif=exif)
    photo = Image.open(tmp_path / "photo.png")
    upright = ImageOps.exif_transpose(photo)
    transform = v2.Compose([v2.Resize(112), v2.CenterCrop((112, 144))])
    geometry = Geometry.record(transform, photo)
    assert geometry.size == upright.size[::-1]
    back = geometry.to_original(brightness(transform(photo)))
    assert back.shape == upright.size[::-1]
    truth = np.asarray(upright)[..., 0] > 0
    hot = back.filled(0) > back.max() / 2
    assert (hot & truth).sum() / (hot | truth).sum() > 0.8
    assert overlay(photo, back).size == upright.size
    turned = UPRIGHT[orientation](np.asarray(stored)[..., 0])
    assert np.array_equal(turned, np.asarray(upright)[..., 0])


def test_a_cell_is_painted_where_it_lies():
    heat = torch.zeros(3, 5)
    heat[1, 3] = 1
    back = Geometry((60, 100), (20, 10, 70, 40)).to_original(heat, "nearest")
    rows, columns = np.nonzero(back.filled(0))
    assert (rows.min(), rows.max()) == (20, 29)
    assert (columns.min(), columns.max()) == (50, 59)


@pytest.mark.parametrize("upsample", ["nearest", "bilinear", "bicubic"])
def test_upsampling_invents_no_values(upsample):
    heat = torch.rand(6, 9)
    back = Geometry((60, 100), (-20, 5, 130, 55)).to_original(heat, upsample)
    assert heat.min() <= back.min() and back.max() <= heat.max()
    with pytest.raises(ValueError, match="upsample"):
        Geometry.squash((60, 100)).to_original(heat, "lanczos")
    with pytest.raises(ValueError, match="2-D"):
        Geometry.squash((60, 100)).to_original(heat[None])


def test_chance_is_refused_and_a_tensor_is_no_picture():
    photo = Image.new("RGB", (99, 77))
    with pytest.raises(ValueError, match="Compose draws random numbers"):
        Geometry.record(v2.Compose([v2.Resize(64), v2.RandomCrop(48)]), photo)
    with pytest.raises(TypeError, match="expected a PIL image, got Tensor"):
        Geometry.record(v2.Resize(64), torch.rand(3, 77, 99))


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_a_photo_of_any_mode(mode):
    photo = Image.new(mode, (99, 77))
    assert Geometry.record(v2.Resize((64, 48)), photo) == Geometry.squash((77, 99))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_is_ignored(orientation):
    photo = Image.new("RGB", (99, 77))
    photo.getexif()[ORIENTATION] = orientation
    assert as_rgb(photo).size == photo.size
    assert Geometry.record(v2.CenterCrop(64), photo).orientation == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_transform_that_turns_the_photo_upright_itself(orientation):
    photo = photo_with_a_spot(WIDE, (250, 40, 310, 100))
    photo.getexif()[ORIENTATION] = orientation
    upright = ImageOps.exif_transpose(photo)
    crop = v2.Compose([v2.Resize(112), v2.CenterCrop((112, 144))])
    geometry = Geometry.record(v2.Compose([ImageOps.exif_transpose, crop]), photo)
    assert geometry == Geometry.record(crop, upright) and geometry.orientation == 1


def test_bad_boxes_are_named():
    with pytest.raises(ValueError, match=r"\(5, 5, 5, 9\)"):
        Geometry((60, 100), (5, 5, 5, 9))
    with pytest.raises(ValueError, match="beside"):
        Geometry((60, 100), (100, 0, 120, 60))
    with pytest.raises(ValueError, match="got 9"):
        Geometry((60, 100), (0, 0, 9, 9), orientation=9)
