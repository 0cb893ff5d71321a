from types import SimpleNamespace

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
    seen = overlay(GREY, one_hot(1, 3), "nearest", "inferno", opacity=1.0)
    pixels = np.asarray(seen).astype(int)
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


@pytest.mark.parametrize("options", [{"opacity": 0.5}, {}])
def test_a_matplotlib_name_gives_the_flat_blend(options):
    seen = overlay(GREY, one_hot(0, 0), "nearest", colormap="inferno", **options)
    pixels = np.asarray(seen)
    for place, level in (((5, 5), 1.0), ((30, 50), 0.0)):
        want = 0.5 * 128 + 0.5 * color("inferno", level)
        assert np.abs(pixels[place] - want).max() <= 1


def test_opacity_goes_from_the_picture_to_all_of_the_look():
    heat = one_hot(0, 0)
    none, half, full = (
        np.asarray(overlay(GREY, heat, opacity=opacity)).astype(float)
        for opacity in (0.0, 0.5, None)
    )
    assert (none == 128).all()
    assert np.abs(half - (none + full) / 2).max() <= 1


def test_where_nobody_looked_the_picture_is_recognised():
    pixels = np.random.default_rng(0).integers(0, 256, (H, W, 3), np.uint8)
    seen = np.asarray(overlay(Image.fromarray(pixels), one_hot(1, 3), "nearest"))
    away = np.ones((H, W), bool)
    away[20:40, 60:80] = False
    before, after = pixels[away].ravel(), seen[away].ravel()
    assert np.corrcoef(before, after)[0, 1] > 0.7
    assert np.ptp(after) > 0.4 * np.ptp(before)


def test_the_more_weight_the_less_is_left_of_the_picture():
    black = Image.new("RGB", (W, H), "black")
    white = Image.new("RGB", (W, H), "white")
    heat = torch.arange(15.0).unflatten(0, (h, w))
    black, white = (
        np.asarray(overlay(picture, heat, "nearest", scale=(0, 14)), int)
        for picture in (black, white)
    )
    left = (white - black).sum(-1)[10::20, 10::20].flatten()  # a cell each
    assert (np.diff(left) < 0).all()
    assert 0 < left[-1] < 0.1 * left[0], "at the peak the picture still shines through"


def test_a_constant_map_is_one_faint_color():
    far = np.asarray(overlay(GREY, torch.zeros(h, w)), int)[0, 0]
    peak = np.asarray(overlay(GREY, one_hot(0, 0), "nearest"), int)[5, 5]
    for value in (0.0, 1 / 15, 3.0):
        pixels = np.asarray(overlay(GREY, torch.full((h, w), value)), int)
        assert (pixels == pixels[0, 0]).all()
        assert np.abs(pixels[0, 0] - far).sum() < 0.5 * np.abs(peak - far).sum()


def test_what_is_masked_does_not_change_the_scale():
    heat = torch.rand(h, w, generator=torch.Generator().manual_seed(0)) + 1
    wide = np.ma.masked_all((h, w + 20), np.float32)
    wide[:, :w] = heat
    part = np.asarray(overlay(GREY.resize((W * 5, H)), wide, "nearest"))
    assert (part[:, :W] == np.asarray(overlay(GREY, heat, "nearest"))).all()


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
    caption = Caption(words, maps(5) ** 8, maps(5))
    figure = show_caption(GREY, caption)
    peaks = caption.maps.amax((1, 2)).tolist()
    want = [f"{word}  {top:.2f}" for word, top in zip(words, peaks, strict=True)]
    assert [axes.get_title() for axes in figure.axes] == want
    assert f"one scale for all words, 0 to {max(peaks):.2g}" in figure.get_supxlabel()
    assert figure.get_figwidth() / 3 >= 2.4, "5 words: 3 and 2, not 4 and 1"
    given = show_caption(GREY, caption, scale=(0, 2))
    assert "0 to 2" in given.get_supxlabel()


def shown(figure):
    """The pictures in the panels, (H, W, 3) each."""
    return [np.asarray(axes.images[0].get_array(), int) for axes in figure.axes]


def test_on_one_scale_a_faint_map_is_faint():
    heat = torch.stack([one_hot(1, 3), 0.1 * one_hot(1, 3)])
    caption = Caption(["a", "red"], heat, heat)
    strong, weak = shown(show_caption(GREY, caption))
    far = strong[0, 0]
    assert np.abs(weak - far).max() < 0.3 * np.abs(strong - far).max()


def test_show_caption_outlines_what_a_word_names():
    masks = np.zeros((2, H, W), bool)
    masks[0, 10:30, 50:90] = True
    words, objects = ["a", "red", "cross"], [None, 0, 1]
    scene = SimpleNamespace(image=GREY, masks=masks, words=words, word_objects=objects)
    figure = show_caption(scene, Caption(["a", "red", "star"], maps(3), maps(3)))
    lines = [axes.collections for axes in figure.axes]
    assert [len(found) for found in lines] == [0, 1, 0], "it did not say cross"
    box = lines[1][0].get_paths()[0].get_extents()
    assert (box.x0, box.x1, box.y0, box.y1) == pytest.approx((50, 90, 10, 30), abs=1)
    plain = show_caption(GREY, Caption(["a", "red", "star"], maps(3), maps(3)))
    assert not any(axes.collections for axes in plain.axes)


def test_a_difference_is_drawn_from_its_smallest_value():
    heat = one_hot(0, 0) - one_hot(1, 3)
    pixels = np.asarray(overlay(GREY, heat, "nearest", "inferno", opacity=1.0))
    assert np.abs(pixels[5, 5] - color("inferno", 1.0)).max() <= 1
    assert np.abs(pixels[30, 70] - color("inferno", 0.0)).max() <= 1
    below = torch.full((h, w), -2.0)
    assert overlay(GREY, below, scale=(-3, 0)).size == GREY.size


def test_show_caption_refuses_what_it_cannot_show():
    with pytest.raises(TypeError, match="the picture comes first.* got Image"):
        show_caption(Caption(["a"], maps(1), maps(1)), GREY)
    with pytest.raises(ValueError, match="all values of the map are below 0"):
        show_caption(GREY, Caption(["a"], maps(1) - 2, maps(1)))
    with pytest.raises(ValueError, match="got mine"):
        show_caption(GREY, Caption(["a"], maps(1), maps(1)), scale="mine")
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
