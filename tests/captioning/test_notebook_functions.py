"""What notebooks 08 and 09 define for themselves."""

import ast
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch
from torch.testing import assert_close

from helpers import ROOT
from helpers.captioning import VARIANTS, Captioner, sample_scenes, to_input, word_ids

MAKERS = "attention_map head_map rollout_map grad_cam".split()


def functions_of(lesson, names):
    """The functions of these names, from the cells of a notebook that define them."""
    notebook = nbformat.read(ROOT / f"notebooks/{lesson}.ipynb", as_version=4)
    kinds = ast.Import, ast.ImportFrom, ast.FunctionDef
    space = {"torch": torch, "np": np}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            body = [x for x in ast.parse(cell.source).body if isinstance(x, kinds)]
            if any(getattr(x, "name", None) in names for x in body):
                exec(compile(ast.Module(body, []), lesson, "exec"), space)
    return SimpleNamespace(**space)


LESSON_8 = functions_of("08_is_it_looking_there", ["one_cell", "bootstrap"])
LESSON_9 = functions_of(
    "09_does_it_matter",
    [*MAKERS, "on_grid", "may_look", "centred_ranks", "rank_correlation"],
)
B, T, h, w = 3, 9, 9, 11
T_OF = torch.tensor([1, 2, 6])  # a word for each picture


def captioner(variant):
    """One without training."""
    torch.manual_seed(0)
    return Captioner(variant).eval()


@pytest.fixture(scope="module")
def inputs():
    """images (B, 3, H, W) and word ids (B, T + 1)"""
    scenes = sample_scenes(B, 0, (8 * h, 8 * w))
    images = torch.stack([to_input(scene.image) for scene in scenes])
    return images, word_ids([scene.words for scene in scenes])


def test_a_cell_by_chance():
    seed = torch.Generator().manual_seed(0)
    maps = torch.stack([LESSON_8.one_cell(seed) for _ in range(500)])  # (500, h, w)
    assert (maps.sum((1, 2)) == 1).all() and (maps.amax((1, 2)) == 1).all()
    assert len(maps.flatten(1).argmax(1).unique()) > 160  # of 196 cells


def test_the_interval_holds_the_mean_and_shrinks():
    few, many = [0.0, 1.0] * 10, [0.0, 1.0] * 1000
    low, high = LESSON_8.bootstrap(few)
    assert low < 0.5 < high and tuple(LESSON_8.bootstrap(few)) == (low, high)
    closer = LESSON_8.bootstrap(many)
    assert closer[1] - closer[0] < (high - low) / 5
    assert tuple(LESSON_8.bootstrap([2.0, 2.0])) == (2.0, 2.0)


@pytest.mark.parametrize("maker", MAKERS)
def test_a_map_for_each_picture_and_each_its_own_word(maker, inputs):
    model, make = captioner("transformer"), getattr(LESSON_9, maker)
    maps = make(model, *inputs, T_OF)
    assert maps.shape == (B, h, w) and (maps >= 0).all()
    for number, t in enumerate(T_OF.tolist()):
        alone = make(model, *inputs, t)[number]
        assert_close(maps[number], alone, rtol=1e-3, atol=1e-6)
        assert not torch.allclose(maps[number], make(model, *inputs, 4)[number])
    assert not any(part._forward_hooks for part in model.modules())


def test_attention_sums_to_1_in_every_variant(inputs):
    for variant in VARIANTS:
        maps = LESSON_9.attention_map(captioner(variant), *inputs, T_OF)
        assert_close(maps.sum((1, 2)), torch.ones(B))
    model = captioner("transformer")
    places = [(layer, head) for layer in range(2) for head in range(4)]
    heads = [LESSON_9.head_map(model, *inputs, 3, *place) for place in places]
    assert_close(torch.stack(heads).mean(0), LESSON_9.attention_map(model, *inputs, 3))


def test_rollout_of_a_first_word_goes_through_no_other_word(inputs):
    """It may look at itself only, so in the last layer nothing is mixed in."""
    model, (images, words) = captioner("transformer"), inputs
    with torch.inference_mode():
        _, weights = model(images, words[:, :-1])  # (B, L, A, T, N)
    first = weights[:, :, :, 0].mean(2)  # (B, L, N): of its two layers
    found = LESSON_9.rollout_map(model, images, words, 0).flatten(1)
    assert_close(found, first[:, 0] / 4 + first[:, 1] / 2)


@pytest.mark.parametrize("variant", VARIANTS)
@torch.inference_mode()
def test_what_is_hidden_gets_no_weight_at_this_word_only(variant, inputs):
    model, (images, words) = captioner(variant), inputs
    _, before = model(images, words[:, :-1])  # (B, ..., T, N)
    allowed = torch.ones(B, T, h * w, dtype=torch.bool)
    allowed[1, 4, 10:] = False
    with LESSON_9.may_look(model, allowed):
        model(images, words[:, :-1])
        _, weights = model(images, words[:, :-1])  # counts from the first word again
    assert (weights[1, ..., 4, 10:] == 0).all() and (weights[1, ..., 4, :10] > 0).all()
    assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
    assert (weights[1, ..., [0, 3, 5, 8], :] > 0).all()
    assert_close(weights[[0, 2]], before[[0, 2]])
    assert_close(weights[1, ..., :4, :], before[1, ..., :4, :])
    with (
        pytest.raises(ValueError, match="no key to look at"),
        LESSON_9.may_look(model, allowed & False),
    ):
        model(images, words[:, :-1])
    assert torch.equal(model(images, words[:, :-1])[1], before)


def test_the_order_counts_and_not_the_values():
    one = torch.tensor([[1.0, 2, 3, 9], [1.0, 2, 3, 9]])  # (2, 4)
    two = torch.tensor([[0.1, 0.2, 0.3, 0.4], [5.0, 4, 0, -80]])
    rank_correlation = LESSON_9.rank_correlation
    assert rank_correlation(one, two).tolist() == pytest.approx([1, -1])
    assert rank_correlation(one[None], two[None]).shape == (1, 2)
    # Equal values share their rank: 0.5, 0.5, 2 against 0, 1, 2.
    found = rank_correlation(torch.tensor([4.0, 4, 7]), torch.tensor([1.0, 2, 3]))
    assert float(found) == pytest.approx(1.5 / 3**0.5)
    assert float(rank_correlation(torch.ones(5), torch.arange(5.0))) == 0  # no order
