import numpy as np
import pytest
import torch

from helpers.captioners import Caption
from helpers.metrics import (
    attention_mass,
    bootstrap,
    centre_map,
    distance_to,
    miss,
    peak,
    score,
    uniform_map,
)
from helpers.scenes import sample_scenes

SIZE = (96, 152)
h, w = 12, 19


def test_the_peak_is_the_centre_of_the_largest_cell():
    heat = torch.zeros(h, w)
    heat[5, 11] = 1
    assert peak(heat, SIZE) == (92.0, 44.0)


def test_distances():
    mask = np.zeros(SIZE, bool)
    mask[40:48, 88:96] = True
    assert distance_to(mask, (92.0, 44.0)) == 0
    assert distance_to(mask, (85.5, 44.5)) == 3
    assert distance_to(mask, (85.5, 36.5)) == 5
    assert distance_to(np.zeros(SIZE, bool), (1.0, 1.0)) == np.inf


def caption_that_looks_at(scene, points):
    """The scene's own words; word i's map has its peak at points[i] = (x, y)."""
    maps = torch.full((len(scene.words), h, w), 1e-3)
    for heat, (x, y) in zip(maps, points, strict=True):
        heat[int(y // 8), int(x // 8)] = 1
    return Caption(scene.words, maps, maps.flatten(1))


def points(scene, order):
    things = [scene.objects[i] for i in order]
    return [
        (things[o or 0].x, things[o or 0].y) if o is not None else (0, 0)
        for o in scene.word_objects
    ]


def test_scores_tell_right_from_swapped():
    scenes = sample_scenes(20, 0, SIZE)
    right = [caption_that_looks_at(s, points(s, [0, 1])) for s in scenes]
    swapped = [caption_that_looks_at(s, points(s, [1, 0])) for s in scenes]
    assert score(right, scenes)["strict"] > 0.95 and score(right, scenes)["exact"] == 1
    assert score(swapped, scenes)["near"] == 0
    mixed = score(right[:15] + swapped[15:], scenes)
    assert 0.7 < mixed["near_color"] <= 0.75 and 0.7 < mixed["near_shape"] <= 0.75


def test_a_word_too_many_is_a_miss():
    scene = sample_scenes(1, 0, SIZE)[0]
    words = [*scene.words, "a", "red"]
    maps = torch.rand(len(words), h, w)
    found = score([Caption(words, maps, maps.flatten(1))], [scene])
    assert found["exact"] == 0


def test_captions_that_name_nothing():
    scene = sample_scenes(1, 0, SIZE)[0]
    with pytest.raises(ValueError, match="name no colour"):
        score([Caption([], torch.zeros(0, h, w), torch.zeros(0, h * w))], [scene])


def test_a_miss_is_measured_for_words_that_name_something():
    scene = sample_scenes(1, seed=3, size=SIZE)[0]
    first, second = scene.objects
    heat = torch.zeros(h, w)
    heat[int(second.y // 8), int(second.x // 8)] = 1
    assert miss(scene, len(scene.words) - 1, heat) == 0
    assert miss(scene, 1, heat) > 10, "that is the other object"
    with pytest.raises(ValueError, match="'a', names no object"):
        miss(scene, 0, heat)


def test_mass_is_the_share_on_the_object():
    mask = np.zeros(SIZE, bool)
    mask[40:48, 88:92] = True  # the left half of cell (5, 11)
    heat = torch.zeros(h, w)
    heat[5, 11], heat[0, 0] = 3.0, 1.0
    assert attention_mass(heat, mask) == pytest.approx(3 * 0.5 / 4)
    covered = mask.mean()
    assert attention_mass(uniform_map(h, w), mask) == pytest.approx(covered)
    with pytest.raises(ValueError, match="sum to 0"):
        attention_mass(torch.zeros(h, w), mask)


def test_the_interval_holds_the_mean_and_shrinks():
    few, many = [0.0, 1.0] * 10, [0.0, 1.0] * 1000
    low, high = bootstrap(few)
    assert low < 0.5 < high and bootstrap(few) == (low, high)
    closer = bootstrap(many)
    assert closer[1] - closer[0] < (high - low) / 5
    assert bootstrap([2.0, 2.0]) == (2.0, 2.0)
    with pytest.raises(ValueError, match="no values"):
        bootstrap([])


def test_the_maps_of_those_who_do_not_look():
    for heat in (uniform_map(h, w), centre_map(h, w)):
        assert heat.shape == (h, w) and heat.sum() == pytest.approx(1)
    middle = centre_map(5, 9)
    assert divmod(int(middle.argmax()), 9) == (2, 4)
    assert torch.allclose(middle, middle.flip(0)) and middle[0, 0] < middle[2, 4] / 20
