"""Facts that bind, parts in order, and what was done to weights after their softmax."""

import pytest
import torch

from helpers.inspection import diagnose
from helpers.maps import TokenLayout

WIDE = {"image_size": (256, 384), "patch_size": 16}  # 16 x 24 cells
SMALL = {"image_size": (128, 192), "patch_size": 16}  # 8 x 12 cells
GRID = TokenLayout.from_grid(16, 24)


def softmax(*shape, causal=False):
    random = torch.Generator().manual_seed(0)
    scores = 2 * torch.randn(*shape, generator=random)  # (..., T, N)
    if causal:
        ahead = torch.ones(shape[-2:], dtype=torch.bool).triu(1)  # (T, N)
        scores = scores.masked_fill(ahead, -torch.inf)
    return scores.softmax(-1)


def kinds(report):
    return [problem.kind for problem in report.problems]


VIDEO = {"batch": 2, "frames": 8, "heads": 5, **WIDE}
FOLDED = {  # an axis with halves of guidance, and its name
    "with heads": ((2 * 2 * 8 * 5, 384, 384), VIDEO, " x heads"),
    "heads apart": ((2 * 2 * 8, 5, 384, 384), VIDEO, ""),
    "by name": (
        (2 * 2 * 8 * 5, 384, 384),
        VIDEO | {"patch_size": None, "model": "AnimateDiff"},
        " x heads",
    ),
    "words": ((2 * 2 * 8 * 5, 384, 77), VIDEO | {"words": 77}, " x heads"),
}


@pytest.mark.parametrize("name", FOLDED)
def test_guidance_doubles_images_that_share_an_axis_with_frames(name):
    shape, known, heads = FOLDED[name]
    report = diagnose(shape, **known)
    assert report.axes[0].name == "halves of guidance x images x frames" + heads
    assert report.layouts[:1] == ([] if name == "words" else [GRID])
    assert "16 x 24" in str(report) and "windows" not in str(report)


def test_frames_on_an_axis_of_their_own_leave_a_picture():
    apart = diagnose((2, 8, 5, 256, 256), (256, 256), frames=8, batch=2, heads=5)
    assert [a.name for a in apart.axes[:3]] == ["images", "frames", "heads"]
    assert apart.layouts == [TokenLayout.from_grid(16, 16)]
    time = diagnose((2 * 2 * 384, 5, 8, 8), **VIDEO)
    assert time.axes[0].name == "halves of guidance x images x places"
    assert not time.layouts and "8 frames" in time.ambiguous[-1]


@pytest.mark.parametrize("T, N, words", [(384, 424, 40), (424, 424, 40), (7, 136, 40)])
def test_named_words_stand_in_front_or_behind(T, N, words):
    report = diagnose((2, 5, T, N), **WIDE, words=words)
    first, second = report.candidates[:2]
    assert first.layout.index.min() == words and second.layout.index.min() == 0
    assert first.free and second.free and "text=" in report.next
    assert not any("whose cells" in text for text in report.ambiguous)


def test_words_are_taken_from_the_keys_of_a_model_that_draws():
    known = {"model": "Kandinsky 2.2", "words": 77}
    report = diagnose((6, 384, 384 + 77), **WIDE, **known)
    assert [c.layout.index.min() for c in report.candidates] == [77, 0]
    unknown = diagnose((2, 5, 384, 461), model="SD3", words=77, heads=5, batch=2)
    assert "other 384 are as many as the queries" in unknown.ambiguous[-1]
    adapter = diagnose((6, 384, 81), **WIDE, **known)
    assert not adapter.layouts and "77 of the 81 keys" in str(adapter)
    assert "the 81 keys are words" not in str(adapter)
    padded = diagnose((2, 5, 384, 384 + 77), **WIDE, words=20)
    assert padded.candidates[0].free and padded.layouts[0].grid == (16, 24)


@pytest.mark.parametrize("more", [16, 17, 18, 33])
def test_other_keys_stand_in_front_or_behind_before_line_breaks(more):
    report = diagnose((2, 5, 9, 384 + more), **WIDE)
    front, behind, *rest = report.layouts
    assert front == TokenLayout.from_grid(16, 24, more)
    assert behind == TokenLayout.from_grid(16, 24, suffix=more)
    assert all(c.kind == "breaks" and c.free for c in report.candidates[2:])
    assert bool(rest) == (more < 33) and "to_grid" not in report.next


def tiles(front, text, flat=False):
    """Weights (B, A, 1, N) of 2 x 3 tiles of 8 x 8 and an overview."""
    random = torch.Generator().manual_seed(1)
    seen = torch.randn(2, 5, 6, 8, generator=random)
    seen = torch.nn.functional.interpolate(seen, size=(16, 24), mode="bilinear")
    seen = torch.randn(2, 5, 16, 24, generator=random) if flat else 3 * seen
    parts = seen.unflatten(3, (3, 8)).unflatten(2, (2, 8)).transpose(3, 4).flatten(2)
    over = torch.nn.functional.avg_pool2d(seen, (2, 3)).flatten(2)
    image = [over, parts] if front else [parts, over]
    words = [torch.randn(2, 5, n, generator=random) for n in text]
    return torch.cat([words[0], *image, words[1]], -1).softmax(-1)[:, :, None]


@pytest.mark.parametrize("front", [True, False])
@pytest.mark.parametrize("text", [(20, 13), (5, 40)])
def test_the_smoother_order_of_tiles_and_overview_comes_first(front, text):
    known = {"image_size": (112, 112), "patch_size": 14, "tiles": (2, 3), "text": text}
    report = diagnose(tiles(front, text), **known)
    start = text[0] + 64 * front
    whole = TokenLayout.from_tiles(2, 3, 8, 8, start, 448 - 384 - 64 * front + text[1])
    assert report.layouts[0] == whole and len(report.candidates) == 2
    assert report.next == "" and any("change least" in note for note in report.notes)
    rough = diagnose(tiles(front, text, flat=True), **known)
    assert rough.next == "" and not any("change least" in n for n in rough.notes)
    named = diagnose(tiles(front, text), **known, model="InternVL2")
    assert len(named.candidates) == 1 and "to_grid" in named.next


@pytest.mark.parametrize("T", [8 * 384, 8 * 1536, 9])
def test_time_is_not_pooled_before_space(T):
    report = diagnose((2, 5, T, 8 * 96), (256, 384), frames=16)
    assert report.layouts[0] == TokenLayout.from_frames(8, 8, 12)


EDITED = {  # which part of (B, A, T, N), and what was done to it
    "an image, mixed": ((1,), lambda w: 0.7 * w.roll(1, 0) + 0.5 * w, "[1] of axis 0"),
    "a head, sharpened": ((slice(None), 2), torch.square, "[2] of axis 1"),
    "a word, twice": ((..., 3, slice(None)), lambda w: 2 * w, "[3] of axis 2"),
    "an image, halved": ((0,), lambda w: w / 2, "[0] of axis 0"),
    "a key, reweighted": ((..., 5), lambda w: 3 * w, "with key 5 times 0.333"),
}


@pytest.mark.parametrize("name", EDITED)
@pytest.mark.parametrize("kind", [torch.float32, torch.float16])
def test_what_was_edited_after_the_softmax(name, kind):
    where, change, said = EDITED[name]
    weights = softmax(2, 5, 9, 96)
    weights[where] = change(weights[where])
    report = diagnose(weights.to(kind), **SMALL, heads=5)
    assert kinds(report) == ["edited"] and said in report.problems[0].found
    assert "may have been changed" in report.problems[0].cause


def test_dropout_needs_zeros_or_averaged_heads():
    torch.manual_seed(0)
    dropped = torch.nn.functional.dropout(softmax(2, 5, 9, 96), 0.1)
    assert kinds(diagnose(dropped, **SMALL)) == ["dropout"]
    assert kinds(diagnose(dropped.mean(1), **SMALL)) == ["dropout"]
    noisy = softmax(2, 5, 9, 96) * (0.9 + 0.2 * torch.rand(2, 5, 9, 96))
    assert kinds(diagnose(noisy, **SMALL, heads=5)) == ["no softmax"]
    causal = softmax(2, 5, 96, 96, causal=True)
    causal = causal * (0.9 + 0.2 * torch.rand(96, 96))
    assert kinds(diagnose(causal, **SMALL, heads=5)) == ["no softmax"]


@pytest.mark.parametrize("shape", [(2, 5, 9, 1), (2, 5, 1, 1), (2, 96, 1), (10, 9, 1)])
def test_one_key_holds_no_map(shape):
    report = diagnose(torch.ones(shape), **SMALL)
    assert kinds(report) == ["one key"] and "does not sum" not in str(report)
    assert "another layer or branch" in report.problems[0].remedy


def test_a_block_that_looks_ahead_is_zero():
    block = softmax(2, 5, 140, 140, causal=True)[:, :, :30, 44:]
    report = diagnose(block, **SMALL)
    assert kinds(report) == ["zeros"] and "queries stand before" in str(report)
    assert "swap queries and keys" in report.problems[0].remedy


def test_a_grid_of_queries_is_named_where_the_keys_are_words():
    for known in ({}, {"words": 20}, {"model": "Stable Diffusion"}):
        assert "16 x 24" in str(diagnose((2, 5, 384, 20), **WIDE, **known))
    frames = diagnose((2 * 8, 5, 384, 77), **VIDEO)
    assert frames.axes[0].name == "images x frames"
    assert "16 x 24" in str(frames) and "4 x 8 x 12" not in str(frames)


@pytest.mark.parametrize("name", ["frames", "layers"])
@pytest.mark.parametrize("sized", [True, False])
def test_maps_beside_frames_or_layers_have_rows_and_columns(name, sized):
    maps = softmax(2, 16, 9, 144).amax(2).view(2, 16, 12, 12)
    least, most = maps.amin((-2, -1), True), maps.amax((-2, -1), True)
    known = {"image_size": (192, 192), "patch_size": 16} if sized else {}
    for one, kind in ((maps, "grid map"), ((maps - least) / (most - least), "min-max")):
        report = diagnose(one, **known, **{name: 16}, batch=2)
        assert [axis.name for axis in report.axes] == [
            "images",
            name,
            "rows",
            "columns",
        ]
        assert report.layouts == [TokenLayout.from_grid(12, 12)]
        assert kinds(report) == [kind] and "not a picture" not in str(report)
        assert "12 keys" not in str(report)


@pytest.mark.parametrize(
    "N, model", [(20, ""), (96, ""), (16, "BLIP"), (20, "ViT-GPT2")]
)
def test_tokens_that_look_back_only_are_a_text(N, model):
    report = diagnose(softmax(2, 5, N, N, causal=True), **SMALL, model=model)
    assert not report.layouts and not report.problems
    assert "self-attention of a text" in report.ambiguous[-1]
    assert any("cross_attentions" in note for note in report.notes)


def bias(h, w, front=0):
    """(A, N, N): one number for each offset (row - row, column - column)."""
    random = torch.Generator().manual_seed(0)
    table = torch.randn(4, 2 * h - 1, 2 * w - 1, generator=random)
    r, c = torch.arange(h * w) // w, torch.arange(h * w) % w  # (N,)
    pairs = table[:, r[:, None] - r + h - 1, c[:, None] - c + w - 1]  # (A, N, N)
    return torch.nn.functional.pad(pairs, (front, 0, front, 0))


@pytest.mark.parametrize("h, w, front", [(8, 12, 0), (8, 12, 1), (7, 7, 0), (1, 20, 0)])
@pytest.mark.parametrize("change", [lambda b: b, torch.Tensor.bfloat16, torch.sigmoid])
def test_a_position_bias_depends_on_offsets_only(h, w, front, change):
    report = diagnose(change(bias(h, w, front)), **SMALL, heads=4)
    assert kinds(report) == ["position bias"]
    assert "relative position bias" in report.problems[0].cause
    shuffled = bias(h, w)[:, torch.randperm(h * w)]
    assert kinds(diagnose(shuffled, **SMALL, heads=4)) == ["scores"]
