import numpy as np
import pytest
import torch

from helpers.captioning import rank_accuracy
from tests.captioning.taught import defined_in

_, rank_correlation = defined_in(
    "09_does_it_matter", "centred_ranks", "rank_correlation"
)

H, W, h, w = 96, 152, 12, 19


def an_object():
    """A mask that covers cells (5, 11), (5, 12) and half of (6, 11)."""
    mask = np.zeros((H, W), bool)
    mask[40:48, 88:104] = mask[48:52, 88:96] = True
    return mask


def test_of_the_brightest_cells_as_many_as_the_object_has():
    heat = torch.rand(h, w, generator=torch.Generator().manual_seed(0))
    heat[5, 11], heat[6, 11], heat[5, 12] = 4, 3, 0.0
    assert rank_accuracy(heat, an_object()) == pytest.approx(2 / 3)
    heat[5, 12] = 2  # the third brightest, how bright does not matter
    assert rank_accuracy(heat, an_object()) == 1
    heat[0, 0] = 9
    assert rank_accuracy(heat, an_object()) == pytest.approx(2 / 3)


def test_a_map_of_zeros_gets_no_hits_for_cells_that_come_late():
    assert rank_accuracy(torch.zeros(h, w), an_object()) == 0


def test_an_object_that_half_covers_no_cell():
    mask = np.zeros((H, W), bool)
    mask[7:9, 7:9] = True
    with pytest.raises(ValueError, match="4 pixels covers no cell of a 12 x 19 grid"):
        rank_accuracy(torch.rand(h, w), mask)


def test_the_order_counts_and_not_the_values():
    one = torch.tensor([[1.0, 2, 3, 9], [1.0, 2, 3, 9]])  # (2, 4)
    two = torch.tensor([[0.1, 0.2, 0.3, 0.4], [5.0, 4, 0, -80]])
    assert rank_correlation(one, two).tolist() == pytest.approx([1, -1])
    assert rank_correlation(one[None], two[None]).shape == (1, 2)


def test_equal_values_share_their_rank():
    # ranks 0.5, 0.5, 2 against 0, 1, 2: 1.5 / sqrt(1.5 * 2)
    found = rank_correlation(torch.tensor([4.0, 4, 7]), torch.tensor([1.0, 2, 3]))
    assert float(found) == pytest.approx(1.5 / 3**0.5)


def test_a_row_without_an_order():
    assert float(rank_correlation(torch.ones(5), torch.arange(5.0))) == 0
