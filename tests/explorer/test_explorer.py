"""The explorer without a browser: a control is set, picture and words change."""

import io
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.captioning import VARIANTS, Captioner, SceneObject, sample_scenes
from helpers.explorer import (
    RENDERED_START,
    edit_scene,
    explore,
    laid_out,
    scene_editor,
)
from helpers.explorer.cells import as_cells, as_tiles
from helpers.explorer.controls import HIDDEN
from helpers.explorer.uploads import MOST_PIXELS
from helpers.explorer.views import all_maps, for_show, in_words, on_picture
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


def test_captured_weights_lose_only_what_is_no_cell(captured):
    caption, weights = captured
    assert caption.weights.shape == (L, A, T, h * w)
    torch.testing.assert_close(caption.weights, weights[..., 1:])
    mean = weights[..., 1:].mean((0, 1)).unflatten(-1, (h, w))
    torch.testing.assert_close(caption.maps, mean)


def test_one_head_of_one_layer_and_every_mean(captured):
    caption, weights = captured
    cells = weights[..., 1:].unflatten(-1, (h, w))  # (L, A, T, h, w)
    torch.testing.assert_close(all_maps(caption, 1, 2), cells[1, 2])
    torch.testing.assert_close(all_maps(caption, layer=1), cells[1].mean(0))
    torch.testing.assert_close(all_maps(caption, head=2), cells[:, 2].mean(0))
    torch.testing.assert_close(all_maps(caption), cells.mean((0, 1)))
    heads = laid_out(WORDS, weights[0], TokenLayout.from_grid(h, w, prefix=1))
    torch.testing.assert_close(all_maps(heads, head=2), cells[0, 2])
    single = laid_out(WORDS, weights[0, 1], TokenLayout.from_grid(h, w, prefix=1))
    torch.testing.assert_close(all_maps(single), cells[0, 1])


def test_what_does_not_fit_is_named(captured):
    caption, weights = captured
    layout = TokenLayout.from_grid(h, w, prefix=1)
    with pytest.raises(ValueError, match=r"T = 4 words, got shape \(2, 3, 5, 29\)"):
        laid_out(WORDS[:4], weights, layout)
    with pytest.raises(ValueError, match="29 keys, the maps 4 x 7 = 28 cells"):
        all_maps(replace(caption, weights=weights))
    with pytest.raises(ValueError, match="no captioner"):
        explore([], Image.new("RGB", (64, 64)))
    with pytest.raises(TypeError, match="got str"):
        explore({"additive": "additive"}, Image.new("RGB", (64, 64)))
    empty = Caption([], torch.zeros(0, h, w), torch.zeros(0, h * w))
    with pytest.raises(ValueError, match="without words"):
        explore(empty, Image.new("RGB", (64, 64)))


def test_two_of_one_variant_are_both_there(captioners, scene):
    torch.manual_seed(0)
    trained, fresh = captioners["additive"], Captioner("additive").eval()
    both = explore([trained, captioners["transformer"], fresh], scene)
    assert both.variant.options == ("additive 1", "transformer", "additive 2")
    said = {}
    for name in both.variant.options:
        both.variant.value = name
        said[name] = both.caption.words
    assert said["additive 1"] == trained.caption(scene.image).words
    assert said["additive 2"] == fresh.caption(scene.image).words
    caption = trained.caption(scene.image)
    two = explore([caption, caption], scene)
    assert two.variant.options == ("captured 1", "captured 2")


def test_every_word_has_a_label_of_its_own_that_reads_as_the_word(explorer, scene):
    labels = [label for label, _ in explorer.words.options]
    assert len(set(labels)) == len(labels), "the browser finds a button by its label"
    assert [label.strip(HIDDEN) for label in labels] == scene.words
    assert scene.words.count("a") == 2


def test_the_words_are_buttons_that_follow_the_slider(explorer, scene):
    assert explorer.word.max == explorer.play.max == len(scene.words) - 1
    before = explorer.left.value
    explorer.word.value = 2
    assert explorer.words.value == 2 and explorer.left.value != before
    explorer.words.value = 1
    assert explorer.word.value == 1 and f"“{scene.words[1]}”" in explorer.text.value


@pytest.mark.parametrize(
    "name, value",
    [
        ("upsample", "bicubic"),
        ("colormap", "viridis"),
        ("opacity", 0.9),
        ("shared", True),
        ("layer", 1),
        ("head", 2),
    ],
)
def test_every_control_changes_the_picture(explorer, name, value):
    explorer.variant.value = "transformer"
    before = explorer.left.value
    getattr(explorer, name).value = value
    assert explorer.left.value != before


def test_layers_and_heads_are_offered_where_there_are_some(explorer):
    assert explorer.layer.disabled and explorer.head.disabled
    explorer.variant.value = "transformer"
    assert [value for _, value in explorer.head.options] == ["mean", 0, 1, 2, 3]
    explorer.head.value = 3
    assert "mean of layers, head 3" in explorer.lines[0]
    explorer.variant.value = "dot-product"
    assert explorer.head.value == "mean" and explorer.head.disabled


def test_the_chosen_word_stays_when_the_variant_changes(explorer):
    explorer.word.value = 2
    explorer.variant.value = "dot-product"
    assert explorer.word.value == explorer.words.value == 2


def test_the_numbers_are_those_of_the_map(explorer, scene):
    explorer.word.value = 1
    heat = explorer.caption.maps[1]
    r, c = divmod(int(heat.argmax()), heat.shape[1])
    said = in_words(scene.words[1], heat, scene.masks[0])
    assert f"peak {heat.max():.3f} at row {r}, column {c}" in said
    assert "of the map on the object, the peak" in said and said in explorer.lines[1]
    explorer.word.value = 0  # names nothing
    assert "object" not in explorer.lines[1]


def test_the_bare_cells_carry_their_numbers():
    heat = torch.arange(6.0).reshape(2, 3) / 15
    shown = for_show(Image.new("RGB", (90, 60)), Geometry.squash((60, 90)))
    svg = as_cells(shown, heat, (0, 1), "gray", 'cells of "a"')
    assert svg.count("<title>") == 6 and "row 1, column 2: 0.3333" in svg
    assert 'aria-label="cells of &quot;a&quot;"' in svg
    assert 'fill="rgb(85, 85, 85)"' in svg  # a third of the scale


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
    r, c = 1, 5  # of 4 x 7 cells
    heat = torch.zeros(4, 7)
    heat[r, c] = 1
    photo = Image.new("RGB", PHOTO[::-1], "black")
    shown = for_show(photo, geometry)
    hot = on_picture(shown, heat, "nearest", colormap="gray", opacity=1, scale=(0, 1))
    y, x = np.nonzero(np.asarray(hot)[..., 0] == 255)
    seen = (x.min(), y.min(), x.max() + 1, y.max() + 1)
    wide = hot.width > hot.height  # what is beside the photo was in the input, too
    assert wide == (name == "letterbox")
    svg = as_cells(shown, heat, (0, 1), "gray", "")
    assert f'width="{hot.width}" height="{hot.height}"' in svg.split(">")[0]
    rect = re.search(rf"<rect ([^>]*)><title>row {r}, column {c}:", svg)[1]
    left, top, width, height = map(float, re.findall(r'"([\d.]+)"', rect)[:4])
    assert seen == pytest.approx((left, top, left + width, top + height), abs=1)
    tiles = as_tiles(shown, heat, (0, 1), "gray")
    assert tiles.size == hot.size
    middle = (round(left + width / 2), round(top + height / 2))
    assert tiles.getpixel(middle) == (255, 255, 255)


def test_a_map_that_is_the_same_everywhere_has_no_peak(scene):
    maps = torch.full((len(scene.words), h, w), 1 / (h * w))
    even = explore(Caption(scene.words, maps, maps.flatten(1)), scene)
    even.word.value = 1
    assert "0.036 in each of 4 x 7 cells, so there is no peak" in even.text.value
    assert even.right.value.count("<rect") == h * w  # and no frame


def test_what_the_model_did_not_see_stays_as_it_is(captured):
    photo = Image.new("RGB", (60, 120), (10, 200, 30))
    geometry = Geometry.resize_and_crop((120, 60), 56, (56, 56))
    explorer = explore(captured[0], photo, geometry)
    top, middle = explorer.now.getpixel((80, 5)), explorer.now.getpixel((80, 168))
    assert top == (10, 200, 30) != middle


def upload(explorer, name, content):
    file = {"name": name, "type": "", "size": len(content)}
    file["last_modified"] = datetime(2026, 1, 1, tzinfo=UTC)
    explorer.upload.value = ({**file, "content": memoryview(content)},)


def test_an_uploaded_picture_is_captioned(explorer):
    other = sample_scenes(1, seed=12, size=(96, 136))[0]
    png = io.BytesIO()
    other.image.convert("P").save(png, "GIF")
    upload(explorer, "mine.gif", png.getvalue())
    labels = [label.strip(HIDDEN) for label, _ in explorer.words.options]
    assert labels == explorer.caption.words
    assert explorer.picture.size == (136, 96) and "mine.gif" in explorer.status.value


def test_the_same_file_can_be_uploaded_again(explorer, scene):
    png = io.BytesIO()
    Image.new("RGB", (64, 64)).save(png, "PNG")
    upload(explorer, "mine.png", png.getvalue())
    explorer.look_at(scene)
    upload(explorer, "mine.png", png.getvalue())
    assert explorer.picture.size == (64, 64)


def chunk(kind, data):
    length, check = len(data).to_bytes(4), zlib.crc32(kind + data).to_bytes(4)
    return length + kind + data + check


def png_of(W, H):
    """A PNG of a few bytes that promises W x H pixels."""
    head = W.to_bytes(4) + H.to_bytes(4) + b"\x01" + bytes(4)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"")


def cut_off():
    whole = io.BytesIO()
    Image.effect_noise((200, 160), 50).save(whole, "PNG")
    return whole.getvalue()[:9000]


REFUSED = {
    "no picture": (b"no picture", "its 10 bytes are no picture in a format"),
    "empty": (b"", "the file is empty, it has 0 bytes"),
    "cut off": (
        cut_off(),
        "the file is damaged: its 9000 bytes should give 200 x 160 pixels",
    ),
    "11 MB": (bytes(11_200_000), "it has 11.2 MB, and at most 10 MB are taken"),
    "a large one": (
        png_of(10000, 9000),
        "it has 10000 x 9000 pixels, 90 million, and at",
    ),
    "a bomb": (
        png_of(60000, 50000),
        "it has 60000 x 50000 pixels, 3000 million, and at",
    ),
}


@pytest.mark.parametrize("content, said", REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_shown_is_said_and_all_stays(explorer, content, said):
    before = explorer.left.value, explorer.picture
    usual = Image.MAX_IMAGE_PIXELS
    upload(explorer, "<b>.png", content)
    assert f"&lt;b&gt;.png was not taken: {said}" in (told := explorer.status.value)
    for raw in ("0x", "BytesIO", "DOS", "Error", "None"):
        assert raw not in told
    assert (explorer.left.value, explorer.picture) == before
    assert Image.MAX_IMAGE_PIXELS == usual > MOST_PIXELS
    explorer.word.value = 1  # still alive
    assert explorer.left.value != before[0]


def test_a_picture_that_the_captioner_refuses(explorer):
    png = io.BytesIO()
    Image.new("RGB", (900, 60)).save(png, "PNG")
    before = explorer.caption
    upload(explorer, "long.png", png.getvalue())
    assert "too long and narrow" in explorer.status.value
    assert "ValueError" not in explorer.status.value
    assert explorer.caption is before


def test_the_view_is_kept_as_a_file(explorer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    explorer.save.click()
    (file,) = tmp_path.glob("*.png")
    assert Image.open(file).size == explorer.view().size
    assert f"saved as {file.resolve()}<" in explorer.status.value


def test_a_view_that_cannot_be_kept_is_said(explorer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = f"view additive 0 {explorer.caption.words[0]}.png"
    (tmp_path / name).mkdir()
    explorer.save.click()
    assert f"not saved as {tmp_path.resolve() / name}: " in explorer.status.value


def test_without_a_kernel_there_is_a_picture(explorer):
    bundle = explorer._repr_mimebundle_()
    assert Image.open(io.BytesIO(bundle["image/png"])).size == explorer.view().size
    assert bundle["text/plain"] == "The explorer: run this cell to use it."
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_map_moves_with_the_object(captioners, variant):
    things = [SceneObject("circle", "red", 30, 40), SceneObject("star", "blue", 70, 70)]
    editor = edit_scene({variant: captioners[variant]}, (112, 152), things)

    def column():
        caption = editor.explorer.caption
        heat = caption.maps[caption.words.index("blue")]  # (h, w)
        return int(heat.argmax()) % heat.shape[1]

    before = column()
    editor.things[1]["x"].value = 110  # 5 cells to the right
    assert 4 <= column() - before <= 6


def test_an_object_gets_another_name_and_another_place(captioners):
    editor = edit_scene(captioners["additive"])

    def said():
        return " ".join(editor.explorer.caption.words)

    assert said() == "a red circle left of a blue star"
    editor.things[0]["color"].value = "green"
    editor.things[1]["shape"].value = "cross"
    assert said() == "a green circle left of a blue cross"
    editor.things[0]["x"].value, editor.things[1]["x"].value = 80, 30
    assert said() == "a blue cross left of a green circle"
    assert editor.explorer.mask() is None  # "a"
    editor.explorer.word.value = 1
    assert editor.explorer.mask().sum() == editor.scene().masks[0].sum()


def test_a_scene_that_cannot_be_is_said_and_the_last_one_stays(captioners, monkeypatch):
    real = scene_editor.make_scene

    def strict(objects, size):
        if objects[0].x == objects[1].x:
            raise ValueError("x 78 and <x 78>: neither is left")
        return real(objects, size)

    monkeypatch.setattr(scene_editor, "make_scene", strict)
    editor = edit_scene(captioners["additive"])
    before = editor.explorer.left.value
    editor.things[0]["x"].value = 78
    assert "x 78 and &lt;x 78&gt;: neither is left" in editor.status.value
    assert 'role="status"' in editor.status.value
    assert editor.explorer.left.value == before
    editor.explorer.word.value = 2  # both go on working
    assert editor.explorer.left.value != before
    editor.things[0]["x"].value = 100
    assert editor.status.value == ""
    assert editor.explorer.scene.objects[0].x == 100


def test_rendered_scenes_are_edited_on_their_floor():
    from helpers.captioning import load_rendered

    editor = edit_scene([load_rendered()], (128, 192), RENDERED_START)
    assert set(editor.things[0]) == {"shape", "color", "x", "z", "radius"}
    assert editor.explorer.scene.words == "a red sphere left of a blue cone".split()
    editor.things[0]["z"].value = 2.0
    assert editor.explorer.scene.words == "a red sphere behind a blue cone".split()
    assert editor.status.value == ""
    editor.things[0]["x"].value = 2.5  # out of the picture
    assert "stands out of the picture" in editor.status.value
    assert editor.explorer.scene.words[3] == "behind"


def test_whatever_captions_can_be_explored(captured, scene):
    class Parrot:
        variant = "parrot"

        def caption(self, image):
            return captured[0]

    assert explore(Parrot(), scene).caption == captured[0]
