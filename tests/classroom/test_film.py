"""The film of a training: what it shows as it runs, and what can be leafed through."""

import io

import matplotlib.image
import pytest
import torch

from helpers.captioning import sample_scenes
from helpers.classroom import film as module
from helpers.classroom.film import Film

STEPS = (0, 25, 50, 60)


@pytest.fixture
def film():
    """Four frames of a scene, the maps of which grow sharper."""
    scene = sample_scenes(1, 3, (72, 96))[0]
    owners = {t: n for t, n in enumerate(scene.word_objects) if n is not None}
    named = {t: scene.words[t] for t in owners}
    film = Film(scene.image, named, {t: scene.masks[n] for t, n in owners.items()})
    scores = torch.randn(len(scene.words), 9 * 12)  # (T, N)
    for step in STEPS:
        maps = (scores * step / 10).softmax(-1).unflatten(-1, (9, 12))  # (T, h, w)
        film.add(step, maps, {"colour": step / 60, "shape": 0.2}, [1.0] * step)
    return film


@pytest.fixture
def shown(film, monkeypatch):
    """What the scrubber hands to the notebook, and its slider and page."""
    bundles, boxes = [], []
    monkeypatch.setattr(module, "display", lambda data, raw: bundles.append(data))
    real = module.widgets.VBox
    monkeypatch.setattr(
        module.widgets, "VBox", lambda parts: boxes.append(parts) or real(parts)
    )
    film.scrubber()
    return bundles[0], *boxes[0]


def test_every_frame_appears_as_it_is_added_and_no_two_are_alike(film):
    assert tuple(film.pages) == STEPS and len(set(film.pages.values())) == len(STEPS)
    assert 'alt="step 60"' in film.screen.value


def test_the_slider_goes_from_the_first_frame_to_the_last(film, shown):
    _, slider, page = shown
    assert slider.options == STEPS and slider.value == 60
    seen = set()
    for step in STEPS:
        slider.value = step
        assert f'alt="step {step}"' in page.value
        seen.add(page.value)
    assert len(seen) == len(STEPS)


def test_on_paper_it_is_a_picture_of_three_moments_and_a_text(film, shown):
    bundle, *_ = shown
    assert film.moments() == [0, 25, 60]
    assert bundle["image/png"] and bundle["text/plain"].endswith("leaf through it.")
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_all_frames_share_one_scale(film):
    film.maps[0][:] = 1 / 108  # even: faint
    even = module.as_png(film.draw([0]))
    film.maps[0][:] = film.top  # the strongest colour, everywhere
    dark = module.as_png(film.draw([0]))
    light, full = (pixels(png)[150, 10].mean() for png in (even, dark))
    assert light - full > 0.3


def pixels(png):
    return matplotlib.image.imread(io.BytesIO(png))[..., :3]


def test_a_film_that_was_stopped_at_once_can_be_seen():
    scene = sample_scenes(1, 3, (72, 96))[0]
    film = Film(scene.image, {1: "red"}, {1: scene.masks[0]})
    film.add(0, torch.full((3, 9, 12), 1 / 108), {"colour": 0.0}, [])
    assert film.moments() == [0]
    film.scrubber()
