"""The tool on attentions that were written by hand, and the cases themselves."""

import pytest
import torch
from handwritten import CASES
from handwritten.judge import accepted, judge, same, try_tool
from handwritten.record import Map, reference
from handwritten.torch_modules import by_hand

from helpers.inspection import capture_attention

NAMES = [case.name for case in CASES]
HEARD = [case for case in CASES if case.expect != "not listed"]
every_case = pytest.mark.parametrize("case", CASES, ids=NAMES)
heard_case = pytest.mark.parametrize("case", HEARD, ids=[one.name for one in HEARD])


@every_case
def test_tool_is_right_or_says_so(case):
    verdict = try_tool(case, capture_attention)
    assert accepted(case, verdict), f"{verdict.word}: {verdict.why}"


def test_cases_have_names_of_their_own():
    assert len(set(NAMES)) == len(NAMES)


def test_cases_run_alike_twice():
    for case in CASES:
        assert same(case.run(case.model()), case.run(case.model())), case.name


def test_multi_head_attention_by_hand_gives_what_torch_gives():
    torch.manual_seed(0)
    mha = torch.nn.MultiheadAttention(12, 3, kdim=10, vdim=10, batch_first=True)
    x, y = torch.randn(2, 5, 12), torch.randn(2, 7, 10)
    expected = mha(x, y, y, average_attn_weights=False)[1]  # (B, A, T, N)
    torch.testing.assert_close(by_hand(mha, x, y), expected)


@heard_case
def test_references_add_up_and_follow_the_images(case):
    answers = reference(case)
    assert all(answers)
    for maps, flipped in zip(answers, reference(case, flip=True), strict=True):
        for one, other in zip(maps, flipped, strict=True):
            for w, z in zip(one.calls, other.calls, strict=True):
                assert w.dim() == 4
                if case.rows_sum_to_one:
                    rows = w.nansum(-1)[~w.isnan().all(-1)]  # (rows,)
                    torch.testing.assert_close(rows, torch.ones_like(rows))
                if case.images_apart:
                    torch.testing.assert_close(
                        w.flip(0), z, atol=case.atol, rtol=1e-3, equal_nan=True
                    )


def as_captured(maps: list[Map]) -> tuple[dict, dict]:
    """Give the weights and kinds that a faultless tool would."""
    weights, kinds = {}, {}
    for one in maps:
        for i, call in enumerate(one.calls):
            key = f"{one.layer}, call {i + 1}" if i else one.layer
            weights[key], kinds[key] = call, one.kinds[i] or "self"
    return weights, kinds


def faults(weights: dict, kinds: dict):
    """Yield every planted fault: its name, and what a faulty tool would give."""
    key, other = list(weights)[-1], {"self": "cross", "cross": "self"}
    w = weights[key].nan_to_num(0.125)  # (B, A, T, N)
    b, a, t, n = w.shape
    wrong = {
        "keys moved": w.roll(1, -1),
        "images moved": w.roll(1, 0),
        "queries moved": w.roll(1, 2),
        "heads moved": w.roll(1, 1),
        "images and heads misread": w.transpose(0, 1).reshape(b, a, t, n),
        "queries and keys misread": w.mT.reshape(b, a, t, n),
        "axes of images and heads swapped": w.transpose(0, 1),
        "axes of heads and queries swapped": w.transpose(1, 2),
        "heads averaged": w.mean(1, keepdim=True),
        "last query lost": w[:, :, 1:],
    }
    for name, one in wrong.items():
        if one.shape != w.shape or not torch.equal(one, w):
            yield name, weights | {key: one}, kinds
    yield "half precision", weights | {key: w.half()}, kinds
    yield "kind", weights, kinds | {key: other[kinds[key]]}
    yield "another layer", weights | {"other": w}, kinds | {"other": "self"}
    rest = {one: value for one, value in weights.items() if one != key}
    yield "lost", rest, kinds


@heard_case
def test_judge_tells_right_from_planted_faults(case):
    answers = reference(case)
    for maps in answers:
        weights, kinds = as_captured(maps)
        assert judge(case, answers, weights, kinds).word == "right"
        free = {"kind"} if any(None in one.kinds for one in maps) else set()
        free |= {"axes of heads and queries swapped"} if len(answers) > 1 else set()
        for name, w, k in faults(weights, kinds):
            if name not in free:
                assert judge(case, answers, w, k).word != "right", name
