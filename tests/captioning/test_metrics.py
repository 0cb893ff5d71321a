import numpy as np
import pytest
import torch

from helpers.captioning import (
    attention_mass,
    centre_map,
    peak,
    peak_distances,
    peak_error,
    per_word,
    rank_accuracy,
    sample_scenes,
)
from helpers.captioning.metrics import distance_to, score
from helpers.maps import Caption

SIZE = (96, 152)
h, w = 12, 19
EVEN = torch.full((h, w), 1 / 228)


def test_the_peak_is_the_centre_of_the_largest_cell():
    heat = torch.zeros(h, w)
    heat[5, 11] = 1
    assert peak(heat, SIZE) == (92.0, 44.0)


def test_a_map_without_a_peak():
    with pytest.raises(ValueError, match="all 12 x 19 cells .* 0.00439: .* no peak"):
        peak(EVEN, SIZE)
    with pytest.raises(ValueError, match="nan"):
        peak(torch.full((h, w), torch.nan), SIZE)


def test_distances():
    mask = np.zeros(SIZE, bool)
    mask[40:48, 88:96] = True
    assert distance_to(mask, (92.0, 44.0)) == 0
    assert distance_to(mask, (85.5, 44.5)) == 3
    assert distance_to(mask, (85.5, 36.5)) == 5
    assert distance_to(np.zeros(SIZE, bool), (1.0, 1.0)) == np.inf


def looking(scene, order=(0, 1)):
    """The scene's own words; the map of a word that names object i has its peak at the
    middle of object order[i]."""
    maps = torch.full((len(scene.words), h, w), 1e-3)
    for heat, owner in zip(maps, scene.word_objects, strict=True):
        if owner is not None:
            thing = scene.objects[order[owner]]
            heat[int(thing.y // 8), int(thing.x // 8)] = 1
    return Caption(scene.words, maps, maps.flatten(1))


def test_scores_tell_right_from_swapped():
    scenes = sample_scenes(20, 0, SIZE)
    right = [looking(s) for s in scenes]
    swapped = [looking(s, (1, 0)) for s in scenes]
    assert score(right, scenes)["strict"] > 0.95 and score(right, scenes)["exact"] == 1
    assert score(swapped, scenes)["near"] == 0
    mixed = score(right[:15] + swapped[15:], scenes)
    assert 0.7 < mixed["near_color"] <= 0.75 and 0.7 < mixed["near_shape"] <= 0.75


def test_masses_are_by_word_class():
    scenes = sample_scenes(20, 0, SIZE)
    right = [looking(s) for s in scenes]
    found = per_word(right, scenes, attention_mass, 0)
    assert [len(found[kind]) for kind in ("color", "shape")] == [40, 40]
    by_hand = attention_mass(right[3].maps[1], scenes[3].masks[0])
    assert found["color"][6] == pytest.approx(by_hand) and by_hand > 0.5
    swapped = [looking(s, (1, 0)) for s in scenes]
    assert max(per_word(swapped, scenes, attention_mass, 0)["shape"]) < 0.2


def test_a_word_too_many_is_a_miss():
    scene = sample_scenes(1, 0, SIZE)[0]
    words = [*scene.words, "a", "red"]
    maps = torch.rand(len(words), h, w)
    caption = Caption(words, maps, maps.flatten(1))
    assert score([caption], [scene])["exact"] == 0
    assert peak_distances([caption], [scene])["color"][2] == np.inf
    assert per_word([caption], [scene], attention_mass, 0)["color"][2] == 0


def test_captions_that_name_nothing():
    scene = sample_scenes(1, 0, SIZE)[0]
    with pytest.raises(ValueError, match="name no colour"):
        score([Caption([], torch.zeros(0, h, w), torch.zeros(0, h * w))], [scene])


def test_a_miss_is_measured_for_words_that_name_something():
    scene = sample_scenes(1, seed=3, size=SIZE)[0]
    first, second = scene.objects
    heat = torch.zeros(h, w)
    heat[int(second.y // 8), int(second.x // 8)] = 1
    assert peak_error(scene, len(scene.words) - 1, heat) == 0
    assert peak_error(scene, 1, heat) > 10, "that is the other object"
    with pytest.raises(ValueError, match="'a', names no object"):
        peak_error(scene, 0, heat)


def test_mass_is_the_share_on_the_object():
    mask = np.zeros(SIZE, bool)
    mask[40:48, 88:92] = True  # the left half of cell (5, 11)
    heat = torch.zeros(h, w)
    heat[5, 11], heat[0, 0] = 3.0, 1.0
    assert attention_mass(heat, mask) == pytest.approx(3 * 0.5 / 4)
    covered = mask.mean()
    assert attention_mass(EVEN, mask) == pytest.approx(covered)
    with pytest.raises(ValueError, match="sum to 0"):
        attention_mass(torch.zeros(h, w), mask)


def test_the_map_of_one_who_does_not_look():
    heat = centre_map(h, w)
    assert heat.shape == (h, w) and heat.sum() == pytest.approx(1)
    middle = centre_map(5, 9)
    assert divmod(int(middle.argmax()), 9) == (2, 4)
    assert torch.allclose(middle, middle.flip(0)) and middle[0, 0] < middle[2, 4] / 20


def test_of_the_brightest_cells_as_many_as_the_object_has():
    mask = np.zeros(SIZE, bool)  # cells (5, 11), (5, 12) and half of (6, 11)
    mask[40:48, 88:104] = mask[48:52, 88:96] = True
    heat = torch.rand(h, w, generator=torch.Generator().manual_seed(0))
    heat[5, 11], heat[6, 11], heat[5, 12] = 4, 3, 0.0
    assert rank_accuracy(heat, mask) == pytest.approx(2 / 3)
    heat[5, 12] = 2  # the third brightest, how bright does not matter
    assert rank_accuracy(heat, mask) == 1
    heat[0, 0] = 9
    assert rank_accuracy(heat, mask) == pytest.approx(2 / 3)
    assert rank_accuracy(torch.zeros(h, w), mask) == 0  # of equal cells the first
    mask[:] = False
    mask[7:9, 7:9] = True
    with pytest.raises(ValueError, match="4 pixels covers no cell of a 12 x 19 grid"):
        rank_accuracy(heat, mask)
