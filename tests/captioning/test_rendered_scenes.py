"""Scenes on a floor: one right caption, masks that fit, errors that say what to do."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers.captioning import (
    RENDERED_VOCABULARY,
    RenderedObject,
    make_rendered_scene,
    sample_rendered_scenes,
    word_ids,
)
from helpers.captioning.arranging import LIGHT
from helpers.captioning.rendered.captioners import INPUT_SIZE
from helpers.captioning.rendered.drawing import render
from helpers.captioning.rendered.scenes import (
    MARGIN,
    VISIBLE,
    draw_scenes,
)
from helpers.captioning.rendered.training import draw_pool, pick
from helpers.captioning.teacher_forcing import LONGEST
from helpers.captioning.words import PALETTE, RENDERED_ID

SIZE = (72, 104)
PAIR = (
    RenderedObject("sphere", "red", -1.2, 0.4),
    RenderedObject("cone", "blue", 1.0, -0.4, 0.7, turn=0.3, shiny=True),
)


@pytest.fixture(scope="module")
def scenes():
    return sample_rendered_scenes(40, seed=3, size=(80, 112), samples=1)


def test_the_same_seed_gives_the_same_scenes(scenes):
    again = sample_rendered_scenes(40, seed=3, size=(80, 112), samples=1)
    assert again == scenes
    assert again[0] != sample_rendered_scenes(1, 4, (80, 112), 1)[0]
    assert sample_rendered_scenes(0, seed=3) == []


def test_a_caption_follows_from_where_things_stand(scenes):
    relations = set()
    for scene in scenes:
        one, two = scene.objects
        relation = scene.words[3:-3]
        relations.add(" ".join(relation))
        assert scene.words[:3] == ["a", one.color, one.shape]
        assert scene.words[-3:] == ["a", two.color, two.shape]
        across, deep = abs(one.x - two.x), abs(one.z - two.z)
        (row, column), other = (np.argwhere(mask).mean(0) for mask in scene.masks)
        assert abs(across - deep) >= MARGIN
        if relation == ["left", "of"]:
            assert across > deep and one.x < two.x and column < other[1]
        else:
            assert relation == ["behind"] and deep > across and one.z > two.z
            assert row < other[0]
        assert one.shape != two.shape and one.color != two.color
        assert set(scene.words) <= set(RENDERED_VOCABULARY)
    assert relations == {"left of", "behind"}


def test_a_mask_lies_on_the_colour_that_its_word_names(scenes):
    """Of all colours of the palette, the named one is the nearest in hue."""
    names = [name for name in PALETTE if name != "black"]  # which has no hue
    paint = torch.tensor([PALETTE[name] for name in names]).float()
    checked = 0
    for scene in scenes:
        pixels = np.asarray(scene.image, dtype=np.float32)
        for word, owner in zip(scene.words, scene.word_objects, strict=True):
            if word in names:
                seen = torch.tensor(np.median(pixels[scene.masks[owner]], 0))
                alike = torch.cosine_similarity(paint, seen, dim=1)  # (colours,)
                assert names[int(alike.argmax())] == word
                checked += 1
    assert checked > 50


def test_every_object_shows_at_least_what_is_stated():
    for least, most in ((VISIBLE, 1), (0.2, 0.4)):
        for objects, _, masks in draw_scenes(5, 1, SIZE, visible=(least, most)):
            alone = [render([o], LIGHT, SIZE, 2)[1].sum() for o in objects]
            shares = masks.sum((1, 2)) / torch.stack(alone)  # (O,)
            assert least <= shares.min() <= most


def test_kinds_of_scenes_that_training_never_saw():
    small = sample_rendered_scenes(4, 0, (80, 112), 1, radius=(0.4, 0.5))
    assert all(0.4 <= o.radius <= 0.5 for s in small for o in s.objects)
    far = sample_rendered_scenes(4, 0, (80, 112), 1, depth=(2.0, 4.0))
    assert all(2 <= o.z <= 4 for s in far for o in s.objects)
    blue = sample_rendered_scenes(4, 0, (80, 112), 1, light=(0.4, 0.7, 1.0))
    plain = sample_rendered_scenes(4, 0, (80, 112), 1)
    for one, two in zip(blue, plain, strict=True):
        change = np.asarray(one.image).mean((0, 1)) - np.asarray(two.image).mean((0, 1))
        assert change[0] < change[1] < change[2]


def test_by_hand_the_order_does_not_matter():
    scene = make_rendered_scene(PAIR, (96, 144))
    assert scene.words == "a red sphere left of a blue cone".split()
    assert make_rendered_scene(PAIR[::-1], (96, 144)) == scene
    behind = replace(PAIR[1], x=-0.9, z=-1.3)
    words = make_rendered_scene((behind, PAIR[0]), (96, 144)).words
    assert words == "a red sphere behind a blue cone".split()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": "pyramid"}, "unknown object 'red pyramid': shapes are sphere"),
        ({"color": "orange"}, "unknown object 'orange sphere'.*colours are red"),
        ({"x": -6.0}, "the red sphere stands out of the picture"),
        ({"x": 0.2, "z": -0.2}, "touch: their middles are 0.82 apart"),
        ({"x": -0.6, "z": 1.1}, "1.60 apart across and 1.50 in depth"),
    ],
)
def test_what_makes_no_clear_scene_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        make_rendered_scene((replace(PAIR[0], **change), PAIR[1]))


def test_an_object_that_is_hidden_is_refused():
    big = RenderedObject("cube", "blue", 0.0, -0.6, 1.1)
    small = RenderedObject("sphere", "red", 0.0, 1.0, 0.3)
    with pytest.raises(ValueError, match="of the red sphere can be seen"):
        make_rendered_scene((big, small))


def test_other_bad_input():
    with pytest.raises(ValueError, match="2 objects, got 1"):
        make_rendered_scene(PAIR[:1])
    with pytest.raises(ValueError, match="count must be 0 or more, got -1"):
        sample_rendered_scenes(-1, 0)
    with pytest.raises(ValueError, match="size 40 x 96"):
        sample_rendered_scenes(1, 0, (40, 96))
    with pytest.raises(ValueError, match="size 200 x 96"):
        make_rendered_scene(PAIR, (200, 96))


def test_a_mirror_swaps_the_two_that_stand_side_by_side():
    images, words = draw_pool(24, seed=5)
    assert images.shape == (24, 3, *INPUT_SIZE) and words.shape == (24, LONGEST)
    told = {tuple(ids) for ids in words.tolist()}
    seen, same = pick((images, words), 200, torch.Generator().manual_seed(0))
    assert seen.shape == (200, 3, *INPUT_SIZE)
    texts = [[RENDERED_VOCABULARY[i] for i in ids] for ids in same.tolist()]
    fresh = 0
    for ids, text in zip(same.tolist(), texts, strict=True):
        if tuple(ids) in told:
            continue
        fresh += 1
        said = text[1 : text.index("<end>")]
        back = [*said[-3:], "left", "of", *said[:3]]
        assert said[3:5] == ["left", "of"]
        assert tuple(word_ids([back], RENDERED_ID)[0].tolist()) in told
    assert 20 < fresh < 150
