import numpy as np
import pytest
import torch

from helpers.captioners import Caption
from helpers.metrics import distance_to, peak, score
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
