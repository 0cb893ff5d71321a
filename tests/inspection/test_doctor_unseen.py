"""What looks like something else: even rows, logarithms, channels, spaced frames."""

import pytest
import torch

from helpers.inspection import diagnose


def softmax(*shape, spread=1.0):
    random = torch.Generator().manual_seed(0)
    return (spread * torch.randn(*shape, generator=random)).softmax(-1)


def kinds(report):
    return [problem.kind for problem in report.problems]


@pytest.mark.parametrize("averaged", [True, False])
def test_an_even_row_sums_to_one_and_has_several_causes(averaged):
    even = torch.full((2, 4, 9, 197), 1 / 197)
    if averaged:
        even = softmax(2, 4, 9, 197).mean(-1, keepdim=True).expand(2, 4, 9, 197)
    report = diagnose(even, (224, 224), 16)
    assert kinds(report) == ["constant"]
    assert report.axes[-1].evidence.startswith("sums to 1")
    assert "mean over the keys" in report.problems[0].cause
    assert report.problems[0].remedy.startswith("which")


@pytest.mark.parametrize("summed", [False, True])
def test_logarithms_of_causal_weights_are_read_as_weights(summed):
    ahead = torch.ones(640, 640, dtype=torch.bool).triu(1)
    weights = softmax(1, 8, 640, 640).masked_fill(ahead, 0)
    weights = weights / weights.sum(-1, keepdim=True)  # (1, 8, 640, 640)
    logs = (weights.sum(1) if summed else weights).log()
    known = {"queries": 640, "text": (24, 40)} | ({} if summed else {"heads": 8})
    report = diagnose(logs, (336, 336), 14, **known)
    assert report.what == "weights" and kinds(report) == ["log-softmax"]
    assert f"sum to {8 if summed else 1}:" in report.problems[0].found
    assert report.layouts[0].index[0, 0] == 24


def test_scores_are_no_logarithms():
    scores = torch.randn(2, 4, 9, 197, generator=torch.Generator().manual_seed(0))
    assert kinds(diagnose(scores, (224, 224), 16)) == ["scores"]


def test_named_queries_are_no_tokens():
    scores = torch.randn(2, 196, 768, generator=torch.Generator().manual_seed(0))
    assert diagnose(scores, (224, 224), 16).what == "tokens"
    assert diagnose(scores, (224, 224), 16, queries=196).what == "weights"


@pytest.mark.parametrize("N", [197, 201])
def test_a_softmax_over_channels_is_a_question(N):
    report = diagnose(softmax(2, N, 768, spread=0.1), (224, 224), 16)
    assert "channels" in report.problems[0].cause
    assert not report.layouts
    assert any("softmax over their channels" in text for text in report.ambiguous)
    prompt = diagnose(softmax(2, N, N), (224, 224), 16)
    assert not any("over their channels" in text for text in prompt.ambiguous)


@pytest.mark.parametrize("merge, each", [(2, 12), (1, 2), (2, 3)])
def test_other_keys_in_each_frame(merge, each):
    side = 24 // merge
    size = side**2 + each
    N = 6 + 4 * size + 4
    report = diagnose((2, 5, 9, N), (336, 336), 14, merge=merge, frames=4, text=(6, 4))
    index = report.layouts[0].index
    step = side + 1 if each == side else side  # a line break behind each row
    assert index.shape == (4, side, side) and index[0, 0, 0] == 6
    assert index[1, 0, 0] == 6 + size and index[0, 1, 0] == 6 + step


def test_a_layout_against_text_is_marked():
    known = {"frames": 4, "text": (6, 4)}
    report = diagnose((2, 5, 9, 6 + 4 * 576 + 7 + 4), (336, 336), 14, **known)
    assert any("text= leaves 2311 keys" in text for text in report.ambiguous)


def test_line_breaks_without_a_name_are_a_guess():
    assert "a guess" in diagnose((2, 5, 9, 210), (224, 224), 16).reasons[0]
    fuyu = diagnose((2, 5, 9, 110), (300, 300), 30, model="fuyu-8b")
    assert "a guess" not in fuyu.reasons[0]


@pytest.mark.parametrize("half", [1, 0.5])
def test_an_identity_that_was_added(half):
    weights = softmax(2, 4, 197, 197)
    rollout = half * (weights + torch.eye(197))  # (2, 4, 197, 197)
    assert kinds(diagnose(rollout, (224, 224), 16)) == ["identity"]
    assert kinds(diagnose(2 * half * weights, (224, 224), 16)) != ["identity"]


def test_signs_below_the_diagonal_have_two_causes():
    scores = torch.randn(2, 4, 197, 197, generator=torch.Generator().manual_seed(0))
    assert kinds(diagnose(scores.tril(), (224, 224), 16)) == ["signed, causal"]
    assert kinds(diagnose(scores, (224, 224), 16)) == ["scores"]


@pytest.mark.parametrize("N", [138, 100])
def test_fewer_keys_than_cells_may_have_been_dropped(N):
    report = diagnose((2, 4, N, N), (224, 224), 16)
    assert any("dropped or merged" in text for text in report.ambiguous)
