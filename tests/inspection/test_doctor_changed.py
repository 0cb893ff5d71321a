"""Weights that something changed after the softmax, and facts that count twice."""

import pytest
import torch

from helpers.inspection import diagnose
from helpers.maps import TokenLayout

INPUT = {"image_size": (112, 160), "patch_size": 16}  # 7 x 10 cells


def softmax(*shape, dim=-1):
    random = torch.Generator().manual_seed(0)
    return torch.randn(*shape, generator=random).mul(2).softmax(dim)


def with_dropout(weights):
    torch.manual_seed(0)
    weights[:, 1] = torch.nn.functional.dropout(weights[:, 1], 0.2)
    return weights


def cut(weights, share):
    """Only the largest weights that hold this share of each row."""
    ordered, places = weights.sort(-1, descending=True)
    kept = ordered * (ordered.cumsum(-1) - ordered < share)
    return torch.zeros_like(weights).scatter(-1, places, kept)


CHANGED = {
    "cumulative": lambda w: w.cumsum(-1),
    "sorted": lambda w: w.sort(-1, descending=True).values,
    "rounded": lambda w: (100 * w).round() / 100,
    "dropout": with_dropout,
    "sigmoid": lambda w: w.pow(0.1).unflatten(-1, (7, 10)),
    "dropped keys": lambda w: cut(w, 0.6),
    "weights, masked": lambda w: w.index_fill(-1, torch.arange(60, 70), -torch.inf),
}


@pytest.mark.parametrize("kind", CHANGED)
def test_what_changed_the_weights_is_named_and_their_cells_are_found(kind):
    report = diagnose(CHANGED[kind](softmax(2, 5, 30, 70)), **INPUT)
    assert [problem.kind for problem in report.problems] == [kind]
    assert report.layouts[0] == TokenLayout.from_grid(7, 10)
    assert kind != "weights, masked" or "hidden is -inf" in report.problems[0].found
    assert kind != "dropout" or "[1] of axis 1" in report.problems[0].found


@pytest.mark.parametrize("named", [{}, {"heads": 5}, {"queries": 30}])
@pytest.mark.parametrize("axis", [1, 2])
def test_a_softmax_over_heads_or_queries_leaves_the_keys_where_they_are(axis, named):
    report = diagnose(softmax(2, 5, 30, 70, dim=axis), **INPUT, **named)
    assert [problem.kind for problem in report.problems] == ["over"]
    assert ["heads", "queries"][axis - 1] in report.problems[0].found
    assert report.layouts[0] == TokenLayout.from_grid(7, 10)
    assert [a.name for a in report.axes] == ["images", "heads", "queries", "keys"]


def test_the_entry_with_nan_is_told():
    weights = softmax(2, 5, 30, 70)
    weights[:, 3] = torch.nan
    (found,) = diagnose(weights, **INPUT).problems
    assert found.kind == "nan" and "[3] of axis 1" in found.found


def test_a_row_of_one_number_was_no_softmax():
    gates = softmax(2, 96, 3)[..., :1]
    assert diagnose(gates, **INPUT).problems[0].kind == "one value"


@pytest.mark.parametrize("hidden", [-torch.inf, -65504.0])
def test_a_causal_mask_is_one_and_places_the_image(hidden):
    mask = torch.zeros(1, 1, 90, 90)
    mask = mask.masked_fill(torch.ones(90, 90).triu(1).bool(), hidden)
    report = diagnose(mask, **INPUT, text=(12, 8))
    assert report.what == "causal mask" == report.problems[0].kind
    assert report.layouts[0] == TokenLayout.from_grid(7, 10, prefix=12, suffix=8)


@pytest.mark.parametrize(
    "name, known, extra",
    [
        ("hustvl/yolos-small", {"text": (1, 100)}, (1, 100)),
        ("hustvl/yolos-small", {}, (1, 100)),
        ("DINOv3 ViT-L/16", {"words": 5}, (5, 0)),
        ("DINOv3 ViT-L/16", {"text": 5}, (5, 0)),
        ("ViT-B/16", {"words": 1}, (1, 0)),
    ],
)
def test_keys_that_the_name_tells_are_not_counted_twice(name, known, extra):
    report = diagnose((2, 6, 9, 70 + sum(extra)), **INPUT, model=name, **known)
    assert report.layouts == [TokenLayout.from_grid(7, 10, *extra)]


@pytest.mark.parametrize(
    "size, patch, N, grid, first",
    [
        ((299, 299), None, 64, (8, 8), 0),  # Inception
        ((256, 128), 16, 211, (21, 10), 1),  # TransReID
        ((128, 1024), 16, 1214, (12, 101), 2),  # AST
        ((32, 100), None, 25, (1, 25), 0),  # a line of text
    ],
)
def test_grids_that_no_stride_divides(size, patch, N, grid, first):
    report = diagnose((2, 6, 9, N), size, patch)
    assert report.layouts[0] == TokenLayout.from_grid(*grid, first)
    assert any("unusual" in doubt for doubt in report.ambiguous)


@pytest.mark.parametrize(
    "name, word", [("CLIP ViT-B/32", "text"), ("MiniGPT-4", "learned queries")]
)
def test_tokens_that_look_back_are_no_cells_of_an_encoder(name, word):
    scores = torch.full((77, 77), -torch.inf).triu(1) + softmax(2, 5, 77, 77)
    report = diagnose(scores.softmax(-1), (224, 224), model=name)
    assert not report.layouts and word in report.ambiguous[-1]


def test_more_keys_than_cells_are_words_of_a_vocabulary():
    for rows in (softmax(2, 12, 9000), softmax(2, 12, 9000).log()):
        report = diagnose(rows, (224, 224), words=12)
        assert report.what == "logits" == report.problems[0].kind


def test_sides_that_nobody_named_are_no_line_to_run():
    report = diagnose((2, 5, 30, 70))
    assert report.layouts and not report.next
