import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from helpers.maps import Caption, overlay, show_caption

H, W, h, w = 60, 100, 3, 5
GREY = Image.new("RGB", (W, H), (128, 128, 128))


def color(name, level):
    return np.array(matplotlib.colormaps[name](level)[:3]) * 255


def one_hot(r, c):
    heat = torch.zeros(h, w)
    heat[r, c] = 1
    return heat


def test_nearest_paints_exactly_the_square_of_the_cell():
    pixels = np.asarray(overlay(GREY, one_hot(1, 3), "nearest", opacity=1.0)).astype(
        int
    )
    hot = np.abs(pixels - color("inferno", 1.0)).max(-1) <= 1  # (H, W)
    want = np.zeros((H, W), bool)
    want[20:40, 60:80] = True
    assert (hot == want).all()
    assert np.abs(pixels[~want] - color("inferno", 0.0)).max() <= 1


@pytest.mark.parametrize("upsample", ["bilinear", "bicubic"])
def test_smooth_upsampling_peaks_in_the_cell_and_stays_in_the_colors(upsample):
    picture = overlay(GREY, one_hot(1, 3), upsample, "gray", opacity=1.0)
    grey = np.asarray(picture)[..., 0]
    row, column = np.unravel_index(grey.argmax(), grey.shape)
    assert 20 <= row < 40 and 60 <= column < 80
    assert grey[:, :30].max() <= 1, "nothing far from the cell"


def test_opacity_blends():
    pixels = np.asarray(overlay(GREY, one_hot(0, 0), "nearest", opacity=0.25))
    want = 0.75 * 128 + 0.25 * color("inferno", 1.0)
    assert np.abs(pixels[5, 5] - want).max() <= 1
    assert (np.asarray(overlay(GREY, one_hot(0, 0), opacity=0.0)) == 128).all()


def test_a_constant_map_is_one_color():
    for value in (0.0, 1 / 15, 3.0):
        pixels = np.asarray(overlay(GREY, torch.full((h, w), value)))
        assert (pixels == pixels[0, 0]).all()


def test_a_scale_is_shared():
    weak = np.asarray(overlay(GREY, 0.5 * one_hot(1, 1), "nearest", scale=(0, 1)))
    strong = np.asarray(overlay(GREY, one_hot(1, 1), "nearest", scale=(0, 1)))
    assert np.abs(weak[30, 30].astype(int) - strong[30, 30]).max() > 20


def test_any_picture_keeps_its_upright_size():
    turned = GREY.copy()
    turned.getexif()[0x0112] = 6
    assert overlay(turned, one_hot(0, 0)).size == (H, W)
    assert overlay(GREY.convert("L"), one_hot(0, 0)).mode == "RGB"


@pytest.mark.parametrize(
    ("heat", "options", "text"),
    [
        (torch.zeros(15), {}, r"2-D \(h, w\), got shape \(15,\): lay the keys out"),
        (torch.zeros(4, h, w), {}, r"\(4, 3, 5\): pick one of 4 maps"),
        (torch.zeros(2, 4, h, w), {}, "until"),
        (torch.full((h, w), torch.nan), {}, "15 of 15 values of the map are NaN"),
        (torch.zeros(h, w), {"upsample": "lanczos"}, "got 'lanczos'"),
        (torch.zeros(h, w), {"colormap": "hot stuff"}, "no colour map 'hot stuff'"),
        (torch.zeros(h, w), {"opacity": 1.5}, "got 1.5"),
        (torch.zeros(h, w), {"scale": (1, 0)}, r"got \(1, 0\)"),
        (torch.zeros(h, w), {"scale": 1}, r"must be \(low, high\) .* got 1"),
        (torch.zeros(h, w), {"scale": (0, 1, 2)}, r"got \(0, 1, 2\)"),
        (torch.full((h, w), -2.0), {}, "largest is -2.* attention is never negative"),
    ],
)
def test_bad_input_is_named(heat, options, text):
    with pytest.raises(ValueError, match=text):
        overlay(GREY, heat, **options)


def maps(T):
    return torch.rand(T, h, w, generator=torch.Generator().manual_seed(0))


def test_show_caption_has_one_panel_a_word():
    words = ["a", "red", "circle", "above", "it"]
    figure = show_caption(GREY, Caption(words, maps(5), maps(5)))
    assert [axes.get_title() for axes in figure.axes] == words
    assert "own scale" in figure.get_supxlabel()
    shared = show_caption(GREY, Caption(words, maps(5), maps(5)), scale="shared")
    assert "one scale" in shared.get_supxlabel()


def test_a_difference_is_drawn_from_its_smallest_value():
    heat = one_hot(0, 0) - one_hot(1, 3)
    pixels = np.asarray(overlay(GREY, heat, "nearest", opacity=1.0))
    assert np.abs(pixels[5, 5] - color("inferno", 1.0)).max() <= 1
    assert np.abs(pixels[30, 70] - color("inferno", 0.0)).max() <= 1
    below = torch.full((h, w), -2.0)
    assert overlay(GREY, below, scale=(-3, 0)).size == GREY.size


def test_show_caption_refuses_what_it_cannot_show():
    with pytest.raises(TypeError, match="the picture comes first.* got Image"):
        show_caption(Caption(["a"], maps(1), maps(1)), GREY)
    with pytest.raises(ValueError, match="all values of the map are below 0"):
        show_caption(GREY, Caption(["a"], maps(1) - 2, maps(1)), scale="shared")
    with pytest.raises(ValueError, match="no words"):
        show_caption(GREY, Caption([], maps(0), maps(0)))
    with pytest.raises(
        ValueError, match=r"each of 2 words, got maps of shape \(3, 3, 5\)"
    ):
        show_caption(GREY, Caption(["a", "b"], maps(3), maps(3)))


def test_what_is_masked_stays_the_picture():
    heat = np.ma.masked_array(one_hot(1, 3).numpy(), mask=False)
    heat[:, 0] = np.ma.masked
    heat.data[:, 0] = np.nan
    pixels = np.asarray(overlay(GREY, heat, "nearest"))
    assert (pixels[:, :20] == 128).all()
    plain = np.asarray(overlay(GREY, one_hot(1, 3), "nearest"))
    assert (pixels[:, 20:] == plain[:, 20:]).all()
    with pytest.raises(ValueError, match="masked"):
        overlay(GREY, np.ma.masked_all((h, w)))
