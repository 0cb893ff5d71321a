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
    unnamed = diagnose((2, 5, 9, 210), (224, 224), 16)
    assert ["a guess" in reason for reason in unnamed.reasons] == [False, False, True]
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


OTHERS = {  # what people bring: values, the problem, a word of its cause
    "boxes": (torch.rand(2, 100, 4), "boxes", "corners"),
    "classes": (4 * torch.randn(2, 1000), "logits", "classes"),
    "their probabilities": (
        (4 * torch.randn(2, 1000)).softmax(-1),
        "logits",
        "classes",
    ),
    "an embedding": (torch.randn(1, 1, 256), "tokens", "embeddings"),
    "length 1": (
        torch.nn.functional.normalize(softmax(2, 4, 9, 50), dim=-1),
        "unit length",
        "F.normalize",
    ),
    "summed over keys": (
        softmax(2, 4, 9, 50).sum(-1),
        "ones",
        "summed over their keys",
    ),
    "a mask of ones": (torch.ones(2, 40).long(), "ones", "mask"),
    "a largest head": (
        softmax(2, 8, 9, 50).amax(1),
        "no softmax",
        "maximum over heads",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_no_weights_is_named_with_its_cause(case):
    values, kind, word = OTHERS[case]
    report = diagnose(values)
    assert kinds(report) == [kind] and word in report.problems[0].cause
    assert report.what == "weights" or not report.layouts


def test_a_small_square_without_sums_is_no_proven_picture_and_no_proven_attention():
    maps = torch.randn(3, 7, 7, generator=torch.Generator().manual_seed(0)).relu()
    report = diagnose(3 * maps)
    assert "Grad-CAM" in report.problems[0].cause
    assert any(
        "7 x 7 cells, or 7 queries by 7 keys" in text for text in report.ambiguous
    )
    sized = diagnose(3 * maps, (224, 224), 32)
    assert kinds(sized) == ["grid map"] and sized.layouts[0].grid == (7, 7)
    assert kinds(diagnose(0 * maps, (224, 224), 32)) == ["zeros"]


def test_keys_that_were_kept_are_counted():
    rough = softmax(2, 4, 9, 70)
    kept = rough * (rough.argsort(-1).argsort(-1) >= 60)  # ten a row
    assert kinds(diagnose(kept, (112, 160), 16)) == ["top k"]
    report = diagnose(kept / kept.sum(-1, keepdim=True), (112, 160), 16)
    assert not report.problems and "10 keys of each row" in str(report)
    assert "10 keys" not in str(diagnose(rough, (112, 160), 16))


def test_cells_that_look_at_cells_on_a_grid_are_no_words():
    weights = softmax(2, 12, 20, 240).permute(0, 3, 1, 2)  # (B, keys, h, w)
    report = diagnose(weights, (192, 320), 16)
    names = [axis.name for axis in report.axes]
    assert names[1:] == ["keys", "rows of queries", "columns of queries"]
    assert report.layouts[0].grid == (12, 20) and not report.problems
    words = diagnose(weights, (192, 320), 16, words=240)
    assert words.axes[1].name == "words"


def test_a_square_without_a_key_over_comes_before_a_grid_with_many():
    report = diagnose(softmax(1, 8, 3, 3600), (480, 800), heads=8, queries=3)
    assert report.layouts[0].grid == (60, 60)
    assert any("no cells of the picture" in note for note in report.notes)
    plain = diagnose(softmax(1, 8, 3, 1500), (480, 800), heads=8, queries=3)
    assert plain.layouts[0].grid == (30, 50)


def test_hidden_states_come_before_a_grid_with_more_keys_off_it_than_on_it():
    states = 4 * torch.randn(19, 512, generator=torch.Generator().manual_seed(0))
    assert diagnose(states, (224, 224), 16, words=19).what == "tokens"
    prompt = diagnose(states, (224, 224), 16, queries=19, text=(20, None))
    assert prompt.what == "weights" and kinds(prompt) == ["scores"]


def test_a_gate_of_channels_has_no_heads_and_no_keys():
    gate = torch.rand(2, 64, 1, 1, generator=torch.Generator().manual_seed(0))
    report = diagnose(gate, (640, 480), model="a detector")
    assert [axis.name for axis in report.axes[1:]] == ["channels", "rows", "columns"]
    assert kinds(report) == ["channel gate"] and not report.layouts


def test_maxvit_has_windows_of_neighbours_and_of_cells_that_stand_apart():
    report = diagnose(softmax(24, 4, 49, 49), (112, 168), 4, model="maxvit_tiny")
    near, apart = report.layouts[:2]
    cells = torch.arange(28 * 42).view(28, 42)
    blocks = cells.unflatten(0, (4, 7)).unflatten(-1, (6, 7))  # (4, 7, 6, 7)
    strides = cells.unflatten(0, (7, 4)).unflatten(-1, (7, 6))  # (7, 4, 7, 6)
    for layout, windows in (
        (near, blocks.permute(0, 2, 1, 3)),
        (apart, strides.permute(1, 3, 0, 2)),
    ):
        assert torch.equal(
            layout.index.flatten()[windows.flatten()], torch.arange(1176)
        )


def test_windows_in_time_have_no_cells_that_stand_apart():
    known = {"frames": 4, "batch": 1}
    report = diagnose((48, 4, 98, 98), (112, 168), 4, model="maxvit_tiny", **known)
    assert report.layouts[0].grid == (4, 28, 42) and len(report.layouts) == 1
