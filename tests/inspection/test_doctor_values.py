"""What the values decide: the axis of the softmax, masks, means, feature maps."""

import re

import pytest
import torch

from helpers.inspection import diagnose

SMALL = {"image_size": (128, 192), "patch_size": 16}  # 8 x 12 cells


def scores(*shape):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def kinds(report):
    return [problem.kind for problem in report.problems]


@pytest.mark.parametrize("heads", [1, None])
def test_a_last_axis_of_size_1_holds_no_keys_where_another_sums_to_1(heads):
    columns = scores(2, 96, 96).softmax(1)[..., None]  # over the queries
    report = diagnose(columns, **SMALL, heads=heads)
    names = [axis.name for axis in report.axes[1:]]
    assert names == ["keys", "queries", "heads" if heads else "left over"]
    assert kinds(report) == ["wrong axis"]
    assert "that mends nothing" in report.problems[0].remedy
    rows = diagnose(scores(2, 9, 96).softmax(2)[..., None], **SMALL, heads=heads)
    assert rows.axes[2].name == "keys" and not rows.problems


def test_one_key_has_the_weights_that_there_are():
    gate = torch.linspace(0.25, 0.75, 192).view(2, 96, 1)
    assert "one number, 0.25 ... 0.75" in diagnose(gate, **SMALL).problems[0].found
    assert "of weight 0.25 ." not in diagnose(0 * gate + 0.25).problems[0].found


@pytest.mark.parametrize("hidden", [-torch.inf, -1e4, -65504.0])
def test_what_a_mask_leaves_tells_on_which_side_of_the_softmax_it_was(hidden):
    before = scores(2, 4, 97, 97)
    after = before.softmax(-1)
    before[..., 70:] = after[..., 70:] = hidden
    assert kinds(diagnose(before, **SMALL)) == ["scores, masked"]
    report = diagnose(after, **SMALL)
    assert kinds(report) == ["weights, masked"]
    assert "No second softmax" in report.problems[0].remedy
    assert report.layouts[0].grid == (8, 12)
    assert kinds(diagnose(before.sigmoid().where(before > -99, before), **SMALL)) == [
        "scores, masked"
    ]


@pytest.mark.parametrize("hidden", [-100, -torch.inf])
def test_scores_tell_shifted_windows_by_their_mask(hidden):
    known = {"image_size": (32, 48), "patch_size": 1, "heads": 5, "model": "SwinIR"}
    rows = scores(24, 5, 64, 64)  # 4 x 6 windows of 8 x 8
    plain = diagnose(rows, **known)
    assert "no number tells" in str(plain) and "shifted by 4" in plain.reasons[1]
    far = torch.arange(64) < 32  # the upper half of a window
    rows[18:] = rows[18:].masked_fill(far[:, None] != far, hidden)
    report = diagnose(rows, **known)
    assert "shifted by 4" in report.reasons[0] and len(report.reasons) == 1
    assert "that mask, and no fault" in str(report)


@pytest.mark.parametrize("heads, last", [(5, True), (5, False), (1, True)])
def test_the_hint_for_windows_runs(heads, last):
    B, count = 2, 24  # 4 x 6 windows of 8 x 8
    shape = (B * count * heads, 64, 64) if last else (B * count, heads, 64, 64)
    weights = scores(*shape).softmax(-1)
    report = diagnose(weights, (32, 48), 1, heads=heads, batch=B, model="SwinIR")
    hint = re.search(r"weights(\.unflatten\(0, \(.*?\)\))", str(report))[1]
    apart = eval(f"weights{hint}", {"weights": weights, "B": B})
    own = (heads,) * (heads > 1 or not last)
    assert apart.shape == (B, count, *own, 64, 64)
    joined = apart.mean(tuple(range(2, apart.dim() - 1))).flatten(1)  # (B, 24 * 64)
    assert report.layouts[0].to_grid(joined).shape == (B, 32, 48)


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("C", [48, 128])
def test_signed_channels_in_the_shape_of_the_image_are_features(stride, C):
    maps = scores(2, C, 192 // stride, 320 // stride)
    report = diagnose(maps, (192, 320))
    assert [axis.name for axis in report.axes[2:]] == ["rows", "columns"]
    assert not report.layouts and "a feature map" in str(report)
    assert (report.axes[1].name == "channels") == (stride > 1)


def test_signed_squares_stay_scores_where_heads_are_named():
    maps = scores(2, 64, 112, 112)
    assert "may" in str(diagnose(maps, (224, 224)))
    named = diagnose(maps, (224, 224), heads=64)
    assert named.what == "weights" and kinds(named) == ["scores"]


def causal(*shape):
    ahead = torch.ones(shape[-2:], dtype=torch.bool).triu(1)  # (T, N)
    return scores(*shape).masked_fill(ahead, -torch.inf)


@pytest.mark.parametrize("named", [{"layers": 5}, {}])
def test_a_mean_over_all_queries_of_a_causal_prompt_favours_early_keys(named):
    prompt = causal(5, 4, 141, 141)
    prompt[..., 0] += 4  # a sink
    prompt = prompt.softmax(-1)
    mean = diagnose(prompt.mean((1, 2)), **SMALL, text=20, **named)
    assert kinds(mean) == ["early keys"] and mean.layouts[0].index[0, 0] == 20
    assert "divide the sum of key k by the 141 - k" in mean.problems[0].remedy
    last = prompt[:, :, 116:].mean((1, 2))  # queries behind the image
    assert not diagnose(last, **SMALL, text=20, **named).problems
    assert not diagnose(prompt, **SMALL, text=20, heads=4, layers=5).problems


def test_words_that_many_cells_look_at_are_no_mean_of_a_prompt():
    words = scores(4, 96, 77) - 0.1 * torch.arange(77)  # (heads, cells, words)
    words[..., 0] += 3
    assert not diagnose(words.softmax(-1), image_size=(64, 96), patch_size=8).problems


@pytest.mark.parametrize("gain", [0, 4])
def test_registers_that_hold_much_together_are_said_to(gain):
    weights = scores(2, 4, 5 + 96, 5 + 96)
    weights[..., 1:5] += gain
    report = diagnose(weights.softmax(-1), image_size=(64, 96), patch_size=8)
    assert report.best.off_grid == 5 and not report.problems
    assert ("5 keys off the grid hold" in str(report)) is (gain > 0)


def test_signed_tokens_of_a_head_are_no_scores_though_its_width_is_a_grid_too():
    parts = torch.randn(2, 12, 71, 72, generator=torch.Generator().manual_seed(3))
    report = diagnose(parts, image_size=(112, 160), patch_size=16)  # 71 = 1 + 7 x 10
    assert report.what == "queries, keys or values"
    square = torch.randn(2, 12, 72, 72, generator=torch.Generator().manual_seed(3))
    assert "scores" in kinds(diagnose(square, image_size=(112, 160), patch_size=16))


def test_a_causal_square_of_text_is_no_clean_bill():
    report = diagnose(causal(2, 4, 41, 41).softmax(-1), **SMALL, heads=4)
    assert "self-attention of a text" in str(report)
    assert "no problem found" not in str(report)
    assert "no problem found" in str(diagnose(scores(2, 4, 9, 196).softmax(-1)))


def test_a_causal_mask_tells_a_softmax_over_queries_from_swapped_axes():
    masked = causal(2, 3, 12, 12)
    assert kinds(diagnose(masked.softmax(-2))) == ["over"]
    assert kinds(diagnose(masked.softmax(-1).mT)) == ["wrong axis"]
