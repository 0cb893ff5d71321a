"""What an axis holds besides one picture: halves, layers, windows, more."""

import pytest
import torch

from helpers.inspection import diagnose
from helpers.inspection.shapes.families import family_of
from helpers.maps import TokenLayout

CELLS = {"image_size": (112, 160), "patch_size": 16}  # 7 x 10 cells


def names(report):
    return [axis.name for axis in report.axes]


def test_as_many_layers_as_heads_look_with_one_query():
    report = diagnose((32, 32, 623), model="LLaVA-1.5", queries=1)
    assert names(report) == ["layers", "heads", "keys"]
    assert report.layouts[0].grid == (24, 24)
    assert not any("queries= settles" in doubt for doubt in report.ambiguous)
    named = diagnose((40, 40, 1500), model="LLaVA-1.5", queries=1, heads=40)
    assert names(named) == ["layers", "heads", "keys"]
    told = diagnose((28, 28, 600), text=20)
    assert names(told)[:2] == ["layers", "heads"] and told.layouts


def test_queries_that_no_axis_has_are_said():
    asked = diagnose((32, 32, 70), **CELLS, queries=7)
    assert "rows of queries" not in names(asked)
    assert [problem.kind for problem in asked.problems] == ["queries"]
    several = diagnose((3, 18, 70), **CELLS, queries=9)
    assert not several.problems and "you named 9 queries" in str(several)
    one = diagnose((2, 4, 70, 70), **CELLS, queries=1)
    assert not one.problems and "one of which you want" in str(one)


def test_heads_behind_the_keys_are_no_fault():
    weights = torch.randn(2, 9, 70, 4).softmax(2)  # (B, T, N, A)
    report = diagnose(weights, **CELLS, heads=4, queries=9)
    assert names(report) == ["images", "queries", "keys", "heads"]
    assert not report.problems and report.layouts[0].grid == (7, 10)
    assert diagnose(weights, **CELLS).problems


@pytest.mark.parametrize(
    "shape, known, name",
    [
        ((2, 4096, 77), {"batch": 1}, "halves of guidance"),
        ((6, 4096, 77), {"batch": 3}, "images x halves of guidance"),
        ((16, 4096, 77), {"batch": 1, "heads": 8}, "halves of guidance x heads"),
        ((2, 8, 4096, 77), {"batch": 1}, "halves of guidance"),
    ],
)
def test_guidance_doubles_the_images(shape, known, name):
    report = diagnose(shape, (512, 512), 8, model="Stable Diffusion 1.5", **known)
    assert report.axes[0].name == name and not report.layouts
    assert names(report)[-2:] == ["queries", "keys"]


def shifted_windows(h, w, side, shift):
    """Weights (windows, A, N, N) with the mask of shifted windows."""
    number = torch.zeros(h, w)
    for axis, n in enumerate((h, w)):
        along = torch.arange(n)
        part = (along >= n - side).long() + (along >= n - shift).long()  # (n,)
        number += part.view((-1, 1) if axis == 0 else (1, -1)) * 3**axis
    parts = number.unflatten(0, (-1, side)).unflatten(2, (-1, side))
    parts = parts.transpose(1, 2).reshape(-1, side * side)  # (windows, N)
    apart = parts[:, None, :] != parts[:, :, None]  # (windows, N, N)
    scores = torch.randn(len(parts), 3, side**2, side**2)
    return scores.masked_fill(apart[:, None], -100.0).softmax(-1)


def test_masks_tell_whether_windows_are_shifted():
    weights = shifted_windows(14, 21, 7, 3)
    known = {"image_size": (56, 84), "patch_size": 4, "batch": 1, "heads": 3}
    report = diagnose(weights, **known)
    assert report.layouts == [TokenLayout.from_windows(14, 21, 7, 3)]
    plain = torch.randn(6, 3, 49, 49).softmax(-1)
    assert diagnose(plain, **known).layouts == [TokenLayout.from_windows(14, 21, 7)]
    assert len(diagnose((6, 3, 49, 49), **known).layouts) == 2


def test_sam_never_shifts_its_windows():
    report = diagnose((25, 12, 196, 196), (1024, 1024), 16, model="SAM ViT-B")
    assert report.layouts == [TokenLayout.from_windows(64, 64, 14)]


def test_a_second_picture_may_stand_on_either_side():
    report = diagnose((2, 4, 320, 320), (256, 256), 16)
    first, second = report.layouts[:2]
    assert first == TokenLayout.from_grid(16, 16, 64)
    assert second == TokenLayout.from_grid(16, 16, 0, 64)
    assert report.ambiguous and "8 x 8 cells of a second picture" in str(report)


def test_the_grid_of_the_queries_is_told():
    report = diagnose((2, 8, 4096, 1024), (512, 512))
    assert "the queries fit the image, too: 64 x 64" in report.notes[0]
    assert "another picture's" in report.ambiguous[0]
    folded = diagnose((16, 16, 256), (256, 256), 16)
    assert not any("the queries fit" in note for note in folded.notes)


def test_one_key_left_over_stands_in_front_or_behind():
    report = diagnose((2, 4, 1, 612 + 1), (336, 336), 14, text=36)
    grid = torch.arange(576).view(24, 24)
    assert report.layouts == [TokenLayout(n + grid, 613) for n in (36, 37)]
    resampler = diagnose((2, 4, 1, 78), **CELLS, text=14, model="MiniCPM-V")
    assert "learned queries" in resampler.ambiguous[-1] and not resampler.layouts


def test_a_sequence_that_is_cut_by_one_is_recognised():
    report = diagnose((1, 8, 1279, 1279), (256, 256), 8, text=256)
    assert any("32 x 32 cells but for the last" in text for text in report.ambiguous)
    later = torch.ones(70, 70).triu(1).bool()
    causal = torch.randn(2, 4, 70, 70).masked_fill(later, -torch.inf).softmax(-1)
    assert "cell k is key k + 1" in str(diagnose(causal, **CELLS))


def test_a_count_that_leaves_no_key_over_comes_before_a_name():
    report = diagnose((8, 12, 4096, 4096), model="LLaVA-1.5")
    assert report.layouts[0].grid == (64, 64) and report.ambiguous
    assert "counted without the name" in report.notes[0]


@pytest.mark.parametrize(
    "name, same", [("llava-hf/frobnicator", ""), ("eclipse", ""), ("google/vit", "vit")]
)
def test_no_piece_of_another_word_tells_a_family(name, same):
    assert family_of(name) == family_of(same)
    assert family_of("TinyCLIP") == family_of("CLIPModel") != family_of("")


def test_tokens_of_a_pyramid_and_of_no_grid():
    pyramid = diagnose(torch.randn(2, 64**2 + 32**2 + 16**2 + 8**2, 256), (512, 512))
    assert names(pyramid) == ["images", "tokens", "width"]
    assert pyramid.candidates[0].kind == "levels"
    long = diagnose(torch.randn(2, 5000, 256), (256, 256), 16)
    assert names(long) == ["images", "tokens", "width"]


def test_prompts_of_a_batch_are_no_alternatives():
    rows = [[1, 2, *[9] * 256, 3], [1, *[9] * 256, 2, 3]]
    run = {"input_ids": torch.tensor(rows), "image_token": 9}
    report = diagnose((2, 4, 5, 259), (448, 448), 14, **run)
    assert [int(x.index.min()) for x in report.layouts] == [2, 1]
    assert not any("as in proposal" in doubt for doubt in report.ambiguous)


def test_words_may_be_among_the_keys_of_joined_tiles():
    known = {"model": "LLaVA-NeXT", "tiles": (1, 3)}
    report = diagnose((2, 4, 1, 2232), (336, 336), 14, **known)
    assert any("that no word is among the keys" in text for text in report.ambiguous)


def test_a_volume_is_told_as_slices():
    for wrong in ({"image_size": (64, 64, 32)}, {"patch_size": (4, 4, 4)}):
        with pytest.raises(ValueError, match="frames=, how many"):
            diagnose((1, 4, 70, 70), **wrong)
