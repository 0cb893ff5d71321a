"""Orders that values tell, crops that overlap, strides, steps, and a report's lines."""

import pytest
import torch
from torch.nn.functional import interpolate

from helpers.inspection import diagnose
from helpers.maps import TokenLayout

WIDE = {"image_size": (192, 320), "patch_size": 16}  # 12 x 20 cells


def scores(*shape):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def smooth(*shape):
    """Maps (..., h, w) that change little from cell to cell."""
    count, (h, w) = torch.Size(shape[:-2]).numel(), shape[-2:]
    return interpolate(scores(1, count, 3, 4), (h, w), mode="bilinear").view(shape)


@pytest.mark.parametrize("kind", ["cells", "blocks"])
def test_values_tell_rows_from_blocks(kind):
    blocks = TokenLayout.from_blocks(12, 20)
    layout = blocks if kind == "blocks" else TokenLayout.from_grid(12, 20)
    raw = torch.empty(2, 7, 240)
    raw[..., layout.index.flatten()] = smooth(2, 7, 12, 20).flatten(-2)
    report = diagnose(raw.softmax(-1), **WIDE)
    assert report.layouts == [layout] and "no proof" in " ".join(report.notes)
    even = diagnose(scores(2, 7, 240).softmax(-1), **WIDE)
    assert [c.kind for c in even.candidates] == ["cells", "blocks"]


@pytest.mark.parametrize("rows, columns, high, wide", [(1, 2, 12, 20), (3, 2, 28, 20)])
@pytest.mark.parametrize("front, behind", [(5, 9), (0, 3)])
def test_crops_that_overlap_are_joined(rows, columns, high, wide, front, behind):
    view, crops = 12 * 13 + 2, high * (wide + 1) + 2
    known = {"model": "Molmo", "tiles": (rows, columns), "text": (front, behind)}
    shape = (2, 4, 1, front + view + crops + behind)
    report = diagnose(shape, (336, 336), 14, merge=2, queries=1, **known)
    index = report.layouts[0].index
    assert index.shape == (high, wide) and index[0, 0] == front + view + 1
    assert index[1, 0] - index[0, 0] == wide + 1


@pytest.mark.parametrize("known", [{"batch": 3}, {}])
def test_a_query_of_each_step(known):
    report = diagnose((7, 3, 8, 1, 240), **WIDE, heads=8, queries=7, **known)
    names = [axis.name for axis in report.axes]
    assert (names[0], *names[2:]) == ("steps", "heads", "queries", "keys")
    assert not report.problems and not any(
        "3 and 4" in text for text in report.ambiguous
    )


def test_queries_and_keys_at_a_stride():
    pooled = diagnose((2, 4, 24 * 40, 12 * 20), (384, 640))
    assert any("2 x 2 of the queries' cells" in text for text in pooled.ambiguous)
    strided = diagnose((2, 3, 60, 240), **WIDE)
    assert any("they are 6 x 10: each is every second" in n for n in strided.notes)
    words = diagnose((2, 3, 60, 240), **WIDE, words=60)
    assert not any("every second" in note for note in words.notes)


def test_what_was_told_is_not_asked_again():
    known = {"image_size": (224, 224), "patch_size": 14, "queries": 1}
    assert "text=" in diagnose((2, 4, 1, 300), **known, model="LLaVA").next
    told = diagnose((2, 4, 1, 300), **known, text=(0, 40))
    assert told.candidates[0].free and told.next.endswith("input_ids=, image_token=")


def test_a_few_cells_are_no_image_of_many_keys():
    known = {"image_size": (64, 64), "patch_size": 8, "text": (3, 4)}
    assert not diagnose((2, 4, 1, 3 + 270 + 4), **known).layouts
    assert diagnose((2, 4, 1, 3 + 90 + 4), **known).layouts


def test_a_scale_behind_is_seen_although_some_weights_round_to_zero():
    weights = (20 * scores(2, 6, 9, 240)).softmax(-1) / 80**0.5
    report = diagnose(weights, **WIDE)
    assert (weights == 0).any() and "1 / sqrt(80)" in report.problems[0].cause


@pytest.mark.parametrize(
    "values", [scores(1, 9, 240), scores(2, 3, 17, 17).softmax(-1)]
)
def test_lines_break_at_spaces(values):
    report = diagnose(values, **WIDE, heads=5)
    *lines, _ = str(report).splitlines()
    assert max(map(len, lines)) <= 88
    said = " ".join(str(report).split())
    assert all(" ".join(text.split()) in said for text in report.ambiguous)
    assert all(" ".join(str(p).split()) in said for p in report.problems)
