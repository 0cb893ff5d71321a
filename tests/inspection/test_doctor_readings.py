"""Several readings of the same numbers: squares, windows, channels, few keys."""

import pytest
import torch

from helpers.inspection import diagnose
from helpers.maps import TokenLayout

SIZED = {"image_size": (224, 224), "patch_size": 16}


def uniform(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def kinds(report):
    return [problem.kind for problem in report.problems]


@pytest.mark.parametrize("known", [SIZED, {}])
@pytest.mark.parametrize("T", [6, 392])
def test_two_equal_squares_are_no_frames_until_frames_says_so(known, T):
    report = diagnose((1, 12, T, 2 * 14 * 14), **known)
    assert TokenLayout.from_frames(2, 14, 14) in report.layouts[: 4 - 3 * bool(known)]
    assert any("left and right" in d and "template" in d for d in report.ambiguous)
    named = diagnose((1, 12, T, 2 * 14 * 14), frames=2, **known)
    assert "left and right" not in str(named)


def test_as_many_keys_off_the_grid_as_on_it_may_be_a_second_picture():
    report = diagnose((1, 12, 392, 392), **SIZED, model="ViT-B/16")
    assert "several images, tiles or frames?" in str(report)


@pytest.mark.parametrize("side, k", [(16, 2), (7, 8)])
def test_as_many_windows_as_a_patch_has_places_may_stand_apart(side, k):
    known = {"image_size": (4 * side * k,) * 2, "patch_size": 4, "batch": 1}
    report = diagnose((k * k, 4, side**2, side**2), **known, heads=4)
    assert report.axes[0].name == "windows or places in a patch"
    places = torch.arange(side**2).view(side, side)
    cells = torch.arange((side * k) ** 2).view(side, k, side, k)
    apart = cells.transpose(1, 2).flatten(0, 1).flatten(1).T  # (k * k, side * side)
    order = report.layouts[-1].index.flatten()[apart.reshape(k * k, -1)]
    assert torch.equal(order[1], side**2 + places.flatten())
    swin = diagnose((k * k, 4, side**2, side**2), **known, heads=4, model="Swin")
    assert swin.axes[0].name == "windows"
    known |= {"image_size": (32 * k, 32 * k), "patch_size": 8, "heads": 4}
    apart = diagnose((k * k, 4, 16, 16), **known, model="MobileViT")
    assert apart.axes[0].name == report.axes[0].name and len(apart.layouts) == 1
    assert "stand apart" in apart.reasons[0]


@pytest.mark.parametrize("known", [{}, {"image_size": (224, 160)}])
@pytest.mark.parametrize("C", [64, 96])
def test_gates_and_features_are_no_heads(known, C):
    gate = uniform(1, C, 56, 40)
    for values in (gate, (6 * gate - 3).relu()):
        report = diagnose(values, **known)
        assert report.axes[1].name == "channels" and not report.layouts
        assert kinds(report) == ["feature map"]
        assert "no row sums to 1" in str(report) and "over keys" in str(report)
    named = diagnose(gate, **known, heads=C)
    assert named.axes[1].name == "heads" and kinds(named) == ["sigmoid"]


@pytest.mark.parametrize("N", [4, 6, 9, 10, 14])
def test_few_keys_make_no_grid_without_a_size(N):
    report = diagnose((9 * uniform(1, 8, 5, N)).softmax(-1))
    assert not report.layouts and not report.problems
    assert "words, objects, slots or classes" in report.ambiguous[0]
    sized = diagnose(uniform(1, 8, 5, 9).softmax(-1), (96, 96), 32)
    assert sized.layouts[0].grid == (3, 3)
    assert not diagnose(uniform(1, 8, 5, 9).softmax(-1), **SIZED).layouts


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("size", [1, 900])
def test_what_hides_is_the_number_that_is_there(kind, after, size):
    least = torch.finfo(kind).min
    scores = (6 * uniform(1, 4, 20, 20) - 3).to(kind)
    values = scores.softmax(-1) if after else size * scores
    values[..., 15:] = least
    report = diagnose(values)
    assert kinds(report) == ["weights, masked" if after else "scores, masked"]
    assert f"what is hidden is {least:.5g}," in report.problems[0].found
    values[..., 15:] = -torch.inf
    assert "what is hidden is -inf," in diagnose(values).problems[0].found


def test_a_sigmoid_that_reaches_1_is_not_scaled():
    values = (6 * uniform(3, 4, 9, 141) - 3).sigmoid()
    values[:, 0, 0, 0] = 1  # as rounding makes it
    assert kinds(diagnose(values, (160, 224), 16)) == ["sigmoid"]
    weights = (8 * uniform(3, 4, 9, 141)).softmax(-1)
    assert kinds(diagnose(weights / weights.max(), (160, 224), 16)) != ["sigmoid"]


def test_padding_that_differs_from_picture_to_picture_is_read():
    sizes, scores = [(14, 18), (19, 13), (16, 16)], torch.randn(3, 4, 256, 256)
    wrong = diagnose(scores.softmax(-1), batch=3, heads=4, spatial_shapes=sizes)
    assert not wrong.proven and wrong.ambiguous
    for one, (h, w) in zip(scores, sizes, strict=True):
        one[..., h * w :] = -torch.inf
    report = diagnose(scores.softmax(-1), batch=3, heads=4, spatial_shapes=sizes)
    assert report.proven and [layout.grid for layout in report.layouts] == sizes
    rows = torch.randn(2, 4, 20, 30 * 34)  # whole rows of a grid may be padding
    rows[1, ..., 25 * 34 :] = -torch.inf
    assert (30, 34) in [c.grid for c in diagnose(rows.softmax(-1), batch=2).layouts]
    rows[1, ..., 25 * 34 - 3 :] = -torch.inf
    assert not diagnose(rows.softmax(-1), batch=2).layouts


def test_a_number_of_tiles_is_so_many_pictures_outside_of_prompts():
    facts = {"image_size": (224, 480), "tiles": 6}
    report = diagnose((4, 625, 2520), **facts)
    assert report.layouts[0].grid == (6, 14, 30) and not report.proven
    with pytest.raises(ValueError, match="rows, columns"):
        diagnose((1, 8, 1, 1300), model="InternVL2", **facts)
    assert not diagnose((1, 8, 1, 1300), image_size=(448, 448), tiles=(2, 2)).proven


def test_a_photo_as_llava_next_packs_it():
    facts = {"image_token": 9, "model": "llava-v1.6-mistral-7b-hf"}
    for size, grid in (((480, 640), (36, 48)), ((333, 1000), (24, 72))):
        M = 576 + grid[0] * (grid[1] + 1)
        ids = [1] + [9] * M + [2]
        report = diagnose((1, 8, 1, M + 2), size, input_ids=ids, **facts)
        assert report.proven and report.layouts[0].grid == grid
        other = diagnose((1, 8, 1, M + 1), size, input_ids=[1] + ids[2:], **facts)
        assert not other.proven
