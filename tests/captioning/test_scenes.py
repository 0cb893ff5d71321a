from dataclasses import replace

import numpy as np
import pytest

from helpers.captioning import SceneObject, make_scene, sample_scenes
from helpers.captioning.scenes import RADIUS
from helpers.captioning.words import COLORS, SHAPES

SIZE = (96, 136)  # (H, W), not square


def test_same_seed_same_scenes_other_seed_others():
    one, two = sample_scenes(3, 7, SIZE), sample_scenes(3, 7, SIZE)
    assert one == two and one[0] != one[1]
    assert one[0] != sample_scenes(3, 8, SIZE)[0]
    assert one[0] != replace(one[0], image=one[1].image)


def test_sizes_and_types():
    scene = sample_scenes(2, 0, SIZE)[1]
    assert scene.image.size == (136, 96) and scene.image.mode == "RGB"
    assert scene.masks.shape == (2, 96, 136) and scene.masks.dtype == bool
    assert len(scene.words) == len(scene.word_objects)


def test_caption_says_what_lies_where():
    for scene in sample_scenes(200, 1, SIZE):
        first, second = scene.objects
        across, down = second.x - first.x, second.y - first.y
        relation = ["left", "of"] if abs(across) > abs(down) else ["above"]
        assert max(across, down, key=abs) > 0, "the left or upper object comes first"
        expected = ["a", first.color, first.shape, *relation]
        assert scene.words == [*expected, "a", second.color, second.shape]
        middle = [None] * len(relation)
        assert scene.word_objects == [None, 0, 0, *middle, None, 1, 1]


def test_every_object_is_whole_apart_and_of_its_color():
    for scene in sample_scenes(200, 2, SIZE):
        pixels = np.asarray(scene.image).astype(float)
        first, second = scene.objects
        assert first.color != second.color and first.shape != second.shape
        gap = np.hypot(first.x - second.x, first.y - second.y)
        assert gap > first.radius + second.radius
        assert not (scene.masks[0] & scene.masks[1]).any()
        for thing, mask in zip(scene.objects, scene.masks, strict=True):
            rows, columns = np.nonzero(mask)
            assert abs(columns.mean() + 0.5 - thing.x) < 1.5
            assert mask.sum() > RADIUS[0] ** 2, "no object is cut off or tiny"
            difference = np.median(pixels[mask], axis=0) - COLORS[thing.color]
            assert np.abs(difference).max() < 6


def test_every_shape_and_color_turns_up():
    words = {word for scene in sample_scenes(200, 3) for word in scene.words}
    assert words == {"a", "left", "of", "above", *COLORS, *SHAPES}


def test_make_scene_orders_by_itself_and_lays_the_second_on_top():
    right = SceneObject("star", "red", x=100, y=40)
    left = SceneObject("cross", "blue", x=85, y=45)
    scene = make_scene([right, left], SIZE)
    assert " ".join(scene.words) == "a blue cross left of a red star"
    assert not (scene.masks[0] & scene.masks[1]).any()
    assert scene.masks[1][40, 100]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((-1, 0), "count must be 0 or more, got -1"),
        ((1, 0, (40, 200)), "40 x 200 is too small"),
    ],
)
def test_sample_scenes_refuses(arguments, text):
    with pytest.raises(ValueError, match=text):
        sample_scenes(*arguments)


def test_make_scene_refuses():
    thing = SceneObject("circle", "red", 30, 30)
    with pytest.raises(ValueError, match="2 objects, got 1"):
        make_scene([thing])
    with pytest.raises(ValueError, match="unknown object 'pink circle'"):
        make_scene([thing, SceneObject("circle", "pink", 80, 30)])


@pytest.mark.parametrize(
    ("circle", "star", "text"),
    [
        ((30, 70), (70, 30), "40 pixels apart across and 40 down"),
        ((30, 30), (70, 67), "40 pixels apart across and 37 down.* differ by 4"),
        ((50, 50), (50, 50), "lie on one another: .* 0.0 pixels apart.* radius is 15"),
        ((50, 50), (62, 54), "lie on one another: .* 12.6 pixels apart"),
        ((-20, 50), (50, 60), "only 0 pixels of the red circle can be seen .x -20"),
        ((50, 40), (-5, 50), "of the blue star can be seen .x -5, .* is 96 x 98"),
        ((float("nan"), 50), (50, 90), "nan pixels apart"),
    ],
)
def test_make_scene_refuses_what_leaves_the_caption_in_doubt(circle, star, text):
    things = [SceneObject("circle", "red", *circle), SceneObject("star", "blue", *star)]
    for pair in (things, things[::-1]):
        with pytest.raises(ValueError, match=text):
            make_scene(pair, size=(98, 96))


@pytest.mark.parametrize("other", [(74, 36), (36, 110), (74, 104), (6, 90)])
def test_the_order_of_the_arguments_changes_nothing(other):
    one, two = SceneObject("circle", "red", 30, 70), SceneObject("star", "blue", *other)
    scene = make_scene([one, two], size=(120, 120))
    assert scene == make_scene([two, one], size=(120, 120))
    first, second = scene.objects
    assert max(second.x - first.x, second.y - first.y, key=abs) > 0


def test_no_scenes_is_fine():
    assert sample_scenes(0, 0) == []


def test_a_light_background_stays_light():
    for scene in sample_scenes(300, 2026):
        levels = np.asarray(scene.image).astype(int)  # (H, W, 3)
        ground = ~scene.masks.any(0)
        ground[:, 1:] &= ground[:, :-1]
        steps = np.abs(np.diff(levels, axis=1)).max(-1)  # (H, W - 1)
        # A soft ramp between pixels that are ground, and touch no object's edge.
        assert np.median(steps[ground[:, 1:]]) <= 1
        assert not ((steps > 200) & ground[:, 1:]).any()
