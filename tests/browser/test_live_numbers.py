"""The live scene computes what Python computes: pictures, captions, maps, scores."""

import base64

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.captioning import (
    VARIANTS,
    SceneObject,
    load_captioner,
    make_scene,
    sample_scenes,
)
from helpers.captioning.metrics import attention_mass, distance_to, peak
from helpers.maps import overlay
from tools.site.live import course

SIZES = {(112, 112): 100, (96, 136): 60, (168, 80): 40}  # (H, W): how many scenes


@pytest.fixture(scope="module")
def page(browser, address, site):
    if not (site / "live").exists():
        pytest.skip("the site was built without npm")
    page = browser.new_page()
    page.goto(address + "about.html")  # a page where nothing else computes
    page.evaluate(
        """async modules => {
            for (const name of modules)
                window[name] = await import(`./live/${name}.js`);
            window.course = await (await fetch("./live/course.json")).json();
            window.floats = text => new Float32Array(
                Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
            window.coded = array => {
                let text = "";
                for (const byte of new Uint8Array(array.buffer))
                    text += String.fromCharCode(byte);
                return btoa(text);
            };
        }""",
        ["captioner", "maps", "overlay", "scene"],
    )
    yield page
    page.close()


@pytest.fixture(scope="module")
def scenes():
    found = []
    for seed, (size, count) in enumerate(SIZES.items(), start=50):
        found += sample_scenes(count, seed=seed, size=size)
    return found


def coded(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def decoded(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


def test_the_page_knows_what_python_knows(page):
    told = page.evaluate("course")
    assert told["vocabulary"] == list(course()["vocabulary"])
    assert told["variants"] == list(VARIANTS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_captions_are_equal_and_maps_within_1e_4(page, scenes, variant):
    expected = load_captioner(variant).captions([scene.image for scene in scenes])
    page.evaluate(
        "async v => { window.one = await captioner.loadCaptioner(v, course); }", variant
    )
    worst = 0
    for scene, caption in zip(scenes, expected, strict=True):
        rgba = np.asarray(scene.image.convert("RGBA"))  # (H, W, 4)
        H, W = rgba.shape[:2]
        found = page.evaluate(
            """async ([text, W]) => {
                const levels = Uint8ClampedArray.from(atob(text), c => c.charCodeAt(0));
                const found = await one.caption(new ImageData(levels, W));
                return { ...found, weights: coded(found.weights) };
            }""",
            [coded(rgba), W],
        )
        assert found["words"] == caption.words
        assert (found["shape"]["h"], found["shape"]["w"]) == (H // 8, W // 8)
        weights = decoded(found["weights"], np.float32)
        assert weights.size == caption.weights.numel()
        gap = np.abs(weights.reshape(caption.weights.shape) - caption.weights.numpy())
        worst = max(worst, float(gap.max()))
    assert worst < 1e-4


def drawn(page, things, size):
    """What JavaScript makes of a scene: picture (H, W, 3), masks, caption, doubt."""
    H, W = size
    made = page.evaluate(
        """([things, size]) => {
            const ordered = scene.inReadingOrder(things);
            const { picture, masks } = scene.draw(ordered, size, course);
            return {
                picture: coded(picture.data),
                masks: masks.map(coded),
                words: scene.captionWords(ordered),
                doubt: scene.doubt(things, masks, size, course),
            };
        }""",
        [[vars(thing) for thing in things], {"width": W, "height": H}],
    )
    made["picture"] = decoded(made["picture"], np.uint8).reshape(H, W, 4)[..., :3]
    made["masks"] = [decoded(m, np.uint8).reshape(H, W) for m in made["masks"]]
    return made


def test_pictures_differ_by_one_grey_level_at_most(page, scenes):
    for sampled in scenes:
        size = sampled.masks.shape[1:]
        expected = make_scene(sampled.objects, size)
        made = drawn(page, sampled.objects, size)
        gap = made["picture"].astype(int) - np.asarray(expected.image)
        assert np.abs(gap).max() <= 1
        assert (made["masks"] != expected.masks).sum() <= 2  # a pixel just on the edge
        assert made["words"] == expected.words and made["doubt"] == ""


def test_doubts_are_those_of_python(page):
    random = np.random.default_rng(3)
    told = 0
    for _ in range(200):
        x, y = random.integers(0, 113, (2, 2)).tolist()
        radius = random.integers(8, 29, 2).tolist()
        one = SceneObject("star", "red", x[0], y[0], radius[0])
        two = SceneObject("cross", "blue", x[1], y[1], radius[1])
        try:
            make_scene([one, two])
            expected = ""
        except ValueError as error:
            expected = str(error)
        found = drawn(page, [one, two], (112, 112))["doubt"]
        told += bool(expected)
        assert found == expected
    assert 20 < told < 180


@pytest.mark.parametrize("kind", ["nearest", "bilinear", "bicubic"])
def test_maps_are_stretched_as_pillow_does_it(page, kind):
    heat = np.random.default_rng(4).random((6, 9), np.float32)  # (h, w)
    resampling = Image.Resampling[kind.upper()]
    expected = np.asarray(Image.fromarray(heat).resize((72, 60), resampling))  # (H, W)
    found = page.evaluate(
        "([text, kind]) => coded(maps.upsample(floats(text), [6, 9], [60, 72], kind))",
        [coded(heat), kind],
    )
    found = decoded(found, np.float32).reshape(60, 72)
    low, high = float(heat.min()), float(heat.max())
    assert np.abs(found - expected.clip(low, high)).max() < 1e-5


@pytest.mark.parametrize("opacity", [1.0, 0.6])
def test_maps_are_laid_on_the_picture_as_in_python(page, scenes, opacity):
    random = np.random.default_rng(6)
    image = scenes[-1].image  # not square
    heat = random.random((21, 10), np.float32) ** 4  # (h, w)
    expected = overlay(image, heat, opacity=opacity)
    found = page.evaluate(
        """([text, levels, W, opacity]) => {
            const data = Uint8ClampedArray.from(atob(levels), c => c.charCodeAt(0));
            const heat = floats(text), scale = maps.colorRange([heat], course.ink.even);
            const style = { upsampling: "bilinear", opacity, scale };
            const picture = new ImageData(data, W);
            const laid = overlay.overlay(picture, heat, [21, 10], style, course.ink);
            return coded(laid.data);
        }""",
        [coded(heat), coded(np.asarray(image.convert("RGBA"))), image.width, opacity],
    )
    found = decoded(found, np.uint8).reshape(image.height, image.width, 4)[..., :3]
    gap = np.abs(found.astype(int) - np.asarray(expected))
    assert gap.max() <= 4, "grey levels: Python lays 256 of them"


def test_scores_are_those_of_python(page, scenes):
    random = np.random.default_rng(5)
    for sampled in scenes[::10]:
        H, W = sampled.masks.shape[1:]
        heat = random.random((H // 8, W // 8), np.float32) ** 6  # (h, w)
        mask = sampled.masks[1]  # (H, W)
        found = page.evaluate(
            """([text, grid, mask, size]) => {
                const on = Uint8Array.from(atob(mask), c => c.charCodeAt(0));
                return maps.score(floats(text), grid, on, size);
            }""",
            [coded(heat), heat.shape, coded(mask.astype(np.uint8)), [H, W]],
        )
        tensor = torch.as_tensor(heat)
        assert found["off"] == pytest.approx(distance_to(mask, peak(tensor, (H, W))))
        assert found["mass"] == pytest.approx(attention_mass(tensor, mask), abs=1e-5)
