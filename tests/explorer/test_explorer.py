"""The explorer without a browser: what it is asked for, and what it answers."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.captioning import (
    VARIANTS,
    Captioner,
    RenderedObject,
    SceneObject,
    load_rendered,
    make_rendered_scene,
    make_scene,
    sample_scenes,
)
from helpers.explorer import explore, laid_out
from helpers.explorer.weights_to_maps import all_maps, seen_part
from helpers.maps import Caption, Geometry, TokenLayout

L, A, T, h, w = 2, 3, 5, 4, 7
WORDS = ["a", "red", "star", "left", "of"]


@pytest.fixture
def scene():
    return sample_scenes(1, seed=11, size=(112, 152))[0]


@pytest.fixture
def explorer(captioners, scene):
    return explore(captioners, scene)


@pytest.fixture
def captured():
    """Weights of L layers and A heads over one class token and h x w cells."""
    seed = torch.Generator().manual_seed(0)
    weights = torch.randn(L, A, T, 1 + h * w, generator=seed).softmax(-1)
    return laid_out(WORDS, weights, TokenLayout.from_grid(h, w, prefix=1)), weights


def ask(explorer, **changes):
    """Ask as the browser does; returns why it could not be, or ""."""
    number = explorer.answered.get("number", 0) + 1
    asked = {"variant": explorer.seen["variant"], "things": explorer.seen["things"]}
    explorer.asked = {"number": number, "photo": None, **asked, **changes}
    assert explorer.answered["number"] == number
    return explorer.answered["fault"]


def moved(explorer, index, **changes):
    """The things that are seen, one of them changed."""
    return [
        {**thing, **(changes if i == index else {})}
        for i, thing in enumerate(explorer.seen["things"])
    ]


def png_of(image):
    png = io.BytesIO()
    image.save(png, "PNG")
    return png.getvalue()


def test_captured_weights_lose_only_what_is_no_cell(captured):
    """Those of one head or one layer get their axes."""
    caption, weights = captured
    layout = TokenLayout.from_grid(h, w, prefix=1)
    cells = weights[..., 1:].unflatten(-1, (h, w))  # (L, A, T, h, w)
    assert caption.weights.shape == (L, A, T, h * w)
    torch.testing.assert_close(caption.maps, cells.mean((0, 1)))
    for one, part in (
        (caption, cells),
        (laid_out(WORDS, weights[0], layout), cells[:1]),
        (laid_out(WORDS, weights[1, 2], layout), cells[1:, 2:]),
    ):
        torch.testing.assert_close(all_maps(one), part)


def test_what_does_not_fit_is_named(captured):
    caption, weights = captured
    layout = TokenLayout.from_grid(h, w, prefix=1)
    with pytest.raises(ValueError, match=r"T = 4 words, got shape \(2, 3, 5, 29\)"):
        laid_out(WORDS[:4], weights, layout)
    with pytest.raises(ValueError, match="29 keys, the maps 4 x 7 = 28 cells"):
        all_maps(replace(caption, weights=weights))
    picture = Image.new("RGB", (64, 64))
    with pytest.raises(ValueError, match="no captioner"):
        explore([], picture)
    with pytest.raises(TypeError, match="got str"):
        explore({"additive": "additive"}, picture)
    with pytest.raises(ValueError, match="without words"):
        explore(Caption([], torch.zeros(0, h, w), torch.zeros(0, h * w)), picture)


def test_two_of_one_variant_are_both_there(captioners, scene):
    torch.manual_seed(0)
    trained, fresh = captioners["additive"], Captioner("additive").eval()
    both = explore([trained, captioners["transformer"], fresh], scene)
    assert both.world["variants"] == ["additive", "transformer", "additive 3"]
    assert both.caption.words == trained.caption(scene.image).words
    assert ask(both, variant="additive 3") == ""
    assert both.seen["words"] == fresh.caption(scene.image).words


def test_the_browser_gets_every_weight_the_picture_and_the_truth(explorer, scene):
    assert ask(explorer, variant="transformer") == ""
    seen = explorer.seen
    shape = [seen["shape"][axis] for axis in "LAThw"]
    weights = np.frombuffer(seen["weights"], np.float32).reshape(shape)
    np.testing.assert_array_equal(weights, all_maps(explorer.caption))
    assert weights.shape == (2, 4, len(scene.words), 14, 19)
    masks = np.frombuffer(seen["masks"], bool).reshape(scene.masks.shape)
    np.testing.assert_array_equal(masks, scene.masks)
    assert (seen["truth"], seen["owners"]) == (scene.words, scene.word_objects)
    picture = Image.open(io.BytesIO(seen["picture"]))
    assert np.array_equal(picture, scene.image) and seen["size"]["width"] == 152


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_map_moves_with_the_object(captioners, variant):
    things = [SceneObject("circle", "red", 30, 40), SceneObject("star", "blue", 70, 70)]
    explorer = explore(captioners[variant], make_scene(things, (112, 152)))

    def column():
        heat = explorer.caption.maps[explorer.caption.words.index("blue")]  # (h, w)
        return int(heat.argmax()) % heat.shape[1]

    before = column()
    assert ask(explorer, things=moved(explorer, 1, x=110)) == ""  # 5 cells to the right
    assert 4 <= column() - before <= 6


def test_an_object_gets_another_name_and_another_place(explorer, scene):
    things = moved(explorer, 0, color="red", shape="cross", y=100, x=20)
    assert ask(explorer, things=things) == ""
    assert explorer.seen["words"] == "a red cross left of a green circle".split()
    assert explorer.image.words == explorer.seen["truth"] == explorer.seen["words"]
    plain = np.array(scene.image, float)[~scene.masks.any(0)].mean(0)
    assert np.abs(explorer.image.image.getpixel((150, 1)) - plain).max() <= 1
    assert ask(explorer, things=explorer.world["things"]) == ""
    assert explorer.image is scene, "back at the start, it is the scene that was given"


def test_a_scene_in_doubt_is_said_and_the_last_one_stays(explorer):
    before = explorer.seen
    one = before["things"][1]
    fault = ask(explorer, things=moved(explorer, 0, x=one["x"] - 30, y=one["y"] - 31))
    assert "30 pixels apart across and 31 down" in fault
    assert explorer.seen is before
    assert ask(explorer, variant="transformer") == ""  # still alive


def test_a_photo_is_captioned_and_the_scene_comes_back(explorer, scene):
    other = sample_scenes(1, seed=12, size=(96, 136))[0]
    assert ask(explorer, photo=png_of(other.image.convert("P"))) == ""
    assert explorer.image.size == (136, 96) and explorer.seen["photo"]
    assert explorer.seen["truth"] is explorer.seen["things"] is None
    assert ask(explorer, things=explorer.world["things"]) == ""
    assert explorer.image is scene and not explorer.seen["photo"]


def test_a_large_photo_travels_small(explorer):
    explorer = explore(explorer.captioners, Image.new("RGB", (1200, 900)))
    assert Image.open(io.BytesIO(explorer.seen["picture"])).size == (448, 336)
    assert explorer.seen["size"] == {"width": 1200, "height": 900}
    assert explorer.world["things"] is None


def test_a_picture_that_the_captioner_refuses(explorer):
    before = explorer.seen
    fault = ask(explorer, photo=png_of(Image.new("RGB", (900, 60))))
    assert fault.startswith("a picture of 900 x 60 pixels is too long and narrow")
    assert explorer.seen is before


class Parrot:
    """Says what it was told to, or fails."""

    variant = "parrot"

    def __init__(self, caption):
        self.said = caption

    def caption(self, image):
        if self.said is None:
            raise RuntimeError("out of memory")
        return self.said


def test_whatever_captions_can_be_explored_and_may_fail(captured, scene):
    parrot = Parrot(captured[0])
    explorer = explore(parrot, scene)
    assert explorer.seen["words"] == WORDS
    parrot.said = None
    assert ask(explorer) == "RuntimeError: out of memory"


def test_what_was_captured_is_shown_as_it_is(captured, scene):
    explorer = explore(captured[0], scene, word=2)
    assert explorer.world["things"] is None and not explorer.world["kept"]
    assert explorer.chosen["word"] == 2
    twice = explore([captured[0]] * 2, scene)
    assert twice.world["variants"] == ["captured", "captured 2"]


PHOTO = (120, 80)  # H, W
GEOMETRIES = {
    "whole": Geometry.squash(PHOTO),
    "crop": Geometry.resize_and_crop(PHOTO, 56, (56, 56)),
    "letterbox": Geometry.letterbox(PHOTO, (56, 98)),
    # stored lying, 80 x 120, and turned by EXIF; only a part of it went in
    **{f"turned {o}": Geometry(PHOTO, (10, 20, 110, 75), o) for o in (5, 6, 7, 8)},
    **{f"turned {o}": Geometry(PHOTO, (5, 20, 75, 95), o) for o in (2, 3, 4)},
}


@pytest.mark.parametrize("name", GEOMETRIES)
def test_a_cell_lies_where_the_picture_has_it(name):
    geometry = GEOMETRIES[name]
    heat = torch.zeros(1, h, w)  # one word
    heat[0, 1, 4] = 1
    hot = geometry.to_original(heat[0], "nearest").filled(0)  # (H, W), upright
    photo = Image.fromarray((255 * hot).astype(np.uint8)).convert("RGB")
    turned = all_maps(Caption(["a"], heat, heat.flatten(1)), geometry)[0, 0, 0].numpy()
    seen = seen_part(photo, geometry)
    expected = Image.fromarray(turned).resize(seen.size, Image.Resampling.NEAREST)
    expected, found = np.asarray(expected) > 0.5, np.asarray(seen)[..., 0] > 127
    if name == "letterbox":  # what is beside the photo was in the input, too
        assert seen.size == (212, 120) and found[:, :65].all() and found[:, 147:].all()
        expected, found = expected[:, 67:145], found[:, 67:145]
    assert expected.sum() > 50 and (found != expected).mean() < 0.03


def test_the_masks_are_cut_with_the_picture(captured, scene):
    geometry = Geometry((112, 152), (20, 0, 132, 112))
    explorer = explore(captured[0], scene, geometry)
    assert explorer.seen["size"] == {"width": 112, "height": 112}
    np.testing.assert_array_equal(explorer.image.masks, scene.masks[:, :, 20:132])
    cut = scene.image.crop((20, 0, 132, 112))
    assert np.array_equal(explorer.image.image, cut)


def test_without_a_kernel_there_is_a_picture(explorer):
    data, _ = explorer._repr_mimebundle_()
    assert Image.open(io.BytesIO(data["image/png"])).width > 400
    assert data["text/plain"] == "The explorer: run this cell to use it."
    assert "application/vnd.jupyter.widget-view+json" in data


def test_solids_are_moved_on_their_floor():
    objects = [
        RenderedObject("sphere", "red", -0.9, 0.2, shiny=True),
        RenderedObject("cone", "blue", 0.8, -0.5, radius=0.7, turn=0.4),
    ]
    explorer = explore(load_rendered(), make_rendered_scene(objects, (128, 192)))
    assert explorer.seen["truth"] == "a red sphere left of a blue cone".split()
    red, blue = explorer.seen["things"]
    assert 0 < red["x"] < 96 < blue["x"] < 192 and red["y"] < blue["y"]
    assert ask(explorer, things=moved(explorer, 0, x=red["x"] + 1)) == ""
    same = explorer.image.objects[1]
    assert same.x == pytest.approx(0.8, abs=1e-3)
    assert same.z == pytest.approx(-0.5, abs=1e-3)
    assert (same.turn, same.shiny) == (pytest.approx(0.4), False)
    near = explorer.seen["reach"][0]
    assert ask(explorer, things=moved(explorer, 0, x=90, y=42)) == ""
    assert explorer.seen["truth"] == "a red sphere behind a blue cone".split()
    assert explorer.seen["reach"][0] < near, "far away it is smaller"
    assert "out of the picture" in ask(explorer, things=moved(explorer, 0, x=0))
    assert explorer.image.words[3] == "behind"
