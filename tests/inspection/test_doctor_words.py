"""Words that ask, words that share a cell, abbreviations, windows and sinks."""

import pytest
import torch

from helpers.inspection import diagnose
from helpers.inspection.shapes.families import UNKNOWN, family_of

WIDE = {"image_size": (192, 320), "patch_size": 16}  # 12 x 20 cells
SQUARE = {"image_size": (224, 224)}


def scores(*shape):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def kinds(report):
    return [problem.kind for problem in report.problems]


@pytest.mark.parametrize(
    "shape, known",
    [
        ((3, 8, 11, 240), {"model": "BLIP"}),
        ((3, 8, 11, 241), {}),
        ((7, 3, 8, 1, 240), {"queries": 1}),
        ((11, 12, 20), {}),
    ],
)
@pytest.mark.parametrize("words", [7, 11])
def test_words_that_have_an_axis_take_no_key(shape, known, words):
    plain = diagnose(scores(*shape).softmax(-1), **WIDE, **known)
    named = diagnose(scores(*shape).softmax(-1), **WIDE, **known, words=words)
    assert named.layouts == plain.layouts and kinds(named) == kinds(plain)
    assert "among" not in " ".join(named.ambiguous)


@pytest.mark.parametrize("T", [9, 249])
def test_words_stand_among_the_keys_where_the_others_fit_the_image(T):
    report = diagnose(scores(2, 6, T, 249).softmax(-1), **WIDE, words=9)
    assert {int(layout.index.min()) for layout in report.layouts} == {0, 9}
    assert all(candidate.free for candidate in report.candidates)


def test_words_and_the_usual_keys_are_both_proposed_where_both_fit():
    report = diagnose((2, 6, 13, 245), **WIDE, words=5)
    assert report.candidates[0].free and not report.candidates[-1].free


@pytest.mark.parametrize(
    "name, N, words, said",
    [
        ("LXMERT", 36, 11, "boxes"),
        ("VL-T5", 41, 5, "36, if 5 words"),
        ("Moment-DETR", 75, 75, "clips"),
        ("ClipCap", 24, 14, "prefix"),
    ],
)
def test_what_a_family_says_of_its_keys_comes_before_counts(name, N, words, said):
    report = diagnose((3, 8, 11, N), model=name, words=words)
    assert said in report.ambiguous[0] and not report.layouts


@pytest.mark.parametrize("shape, axis", [((9, 12, 20), 0), ((2, 3, 9, 12, 20), 2)])
def test_maps_of_words_that_share_each_cell_are_no_fault(shape, axis):
    weights = scores(*shape).softmax(axis)
    report = diagnose(weights, **WIDE)
    assert not report.problems and report.axes[axis].name == "words"
    assert report.layouts[0].grid == (12, 20) and "need not sum to 1" in str(report)
    cut = diagnose(weights.narrow(axis, 1, 6), **WIDE, words=6)
    assert not cut.problems and "cut off" in str(cut) and cut.axes[axis].size == 6


def test_small_maps_of_another_kind_are_no_words():
    maps = scores(5, 12, 20).relu()
    small = diagnose(0.9 * maps / maps.sum(0).max(), **WIDE)
    assert kinds(small) == ["grid map"] and "words" in small.problems[0].cause
    heads = diagnose(scores(2, 9, 12, 20).softmax(1), **WIDE, heads=9)
    assert heads.problems and heads.axes[1].name == "heads"


@pytest.mark.parametrize(
    "name, known",
    [
        ("SAM (Segment Anything Model)", True),
        ("SAM (Self-Attention Memory)", False),
        ("DiT (Document Image Transformer)", False),
        ("facebook/DiT-XL-2-256", True),
        ("VILT (Video Instruction Learning Transformer)", False),
        ("DETR (DEtection TRansformer)", True),
        ("DETR panoptic", True),
        ("AST abstract syntax tree", False),
    ],
)
def test_an_abbreviation_of_something_else_is_no_family(name, known):
    assert (family_of(name) != UNKNOWN) == known


@pytest.mark.parametrize(
    "shape, size, grid",
    [((15, 4, 64, 64), (192, 320), (24, 40)), ((6, 3, 49, 49), (448, 672), (14, 21))],
)
def test_as_many_windows_as_the_image_has_come_first(shape, size, grid):
    report = diagnose(scores(*shape).softmax(-1), size)
    assert report.layouts[0].grid == grid and report.axes[0].name == "windows"


def test_a_batch_of_four_may_be_windows():
    weights = scores(4, 12, 49, 49).softmax(-1)
    grids = [layout.grid for layout in diagnose(weights, **SQUARE).layouts]
    assert grids == [(7, 7), (14, 14), (14, 14)]  # whole, or cells that stand apart
    named = diagnose(weights, **SQUARE, batch=4)
    assert [layout.grid for layout in named.layouts] == [(7, 7)]


@pytest.mark.parametrize("width", [40, 64])
def test_a_scale_behind_the_softmax_is_recognised(width):
    weights = scores(2, 6, 9, 240).softmax(-1)
    scaled = diagnose(weights * width**-0.5, **WIDE).problems[0]
    assert f"1 / sqrt({width})" in scaled.cause and "scores * scale" in scaled.remedy
    summed = diagnose(weights.sum(1), **WIDE).problems[0]
    assert summed.kind == "summed" and "sqrt(" not in summed.cause[-20:]


@pytest.mark.parametrize("raised", [0, 7])
def test_a_sink_is_measured_where_queries_see_many_keys(raised):
    raw = scores(2, 8, 60, 60)
    raw[..., 0] += raised
    ahead = torch.ones(60, 60, dtype=torch.bool).triu(1)
    report = diagnose(raw.masked_fill(ahead, -torch.inf).softmax(-1))
    assert report.sinks == [0] * bool(raised)
    assert "where queries see many keys" in str(report) or not raised


@pytest.mark.parametrize("first", [True, False])
def test_keys_in_front_or_behind_are_told_by_smooth_maps(first):
    far = torch.linspace(-2, 2, 12)[:, None] ** 2 + torch.linspace(-2, 2, 20) ** 2
    cells = -far.flatten().expand(2, 5, 31, 240)  # (B, A, T, N)
    others = scores(2, 5, 31, 31)
    parts = (others, cells) if first else (cells, others)
    report = diagnose(torch.cat(parts, -1).softmax(-1), **WIDE)
    assert report.layouts[0].index.min() == 31 * first
    assert report.candidates[0].free


def test_a_batch_of_one_makes_no_windows_of_heads():
    known = {"image_size": (256, 256), "patch_size": 16}
    plain, named = (diagnose((1, 12, 65, 65), **known, **b) for b in ({}, {"batch": 1}))
    assert named.layouts == plain.layouts


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_difference_of_two_softmaxes_has_signs_by_design(share):
    raw = scores(2, 2, 6, 13, 240).softmax(-1)
    report = diagnose(raw[0] - share * raw[1], **WIDE)
    assert kinds(report) == ["differential"] and report.layouts[0].grid == (12, 20)
    assert kinds(diagnose(raw[0] - raw[1], **WIDE)) == ["centred"]


def test_the_pixels_of_an_image_are_no_vocabulary():
    assert diagnose((2, 1, 64, 192 * 320), **WIDE).what == "weights"
    assert diagnose((2, 15, 50257), **WIDE).what == "logits"


def test_named_heads_make_no_words_of_the_width_of_a_head():
    plain, named = (diagnose((10, 240, 64), **WIDE, **h) for h in ({}, {"heads": 10}))
    assert named.what == plain.what != "weights" and named.layouts == plain.layouts
    asked = diagnose((10, 240, 64), **WIDE, heads=10, words=64)
    assert asked.what == "weights" and not asked.layouts
