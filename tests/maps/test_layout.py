import numpy as np
import pytest
import torch
from torch.testing import assert_close

from helpers.inspection.probe import ProbedLayout
from helpers.maps import TokenLayout

B, T, A, h, w = 2, 9, 4, 3, 5


def test_row_major_with_prefix_and_suffix():
    layout = TokenLayout.from_grid(h, w, prefix=2, suffix=3)
    assert layout.grid == (h, w) and layout.length == 2 + h * w + 3
    for r in range(h):
        for c in range(w):
            assert layout.index[r, c] == 2 + r * w + c


@pytest.mark.parametrize("dim", [-1, 3, -2, 1])
def test_to_grid_along_any_axis(dim):
    layout = TokenLayout.from_grid(h, w, prefix=1)
    shape = [B, A, T, 7]
    shape[dim] = layout.length
    weights = torch.randn(shape)
    got = layout.to_grid(weights, dim)
    axis = dim % 4
    assert got.shape == (*shape[:axis], h, w, *shape[axis + 1 :])
    want = weights.movedim(axis, 0)[1:].unflatten(0, (h, w))
    assert_close(got.movedim((axis, axis + 1), (0, 1)), want)


def test_any_order_of_keys():
    index = torch.randperm(20)[: h * w].view(h, w)
    grid = TokenLayout(index, 20).to_grid(torch.arange(20.0))
    assert_close(grid, index.float())


def test_takes_arrays():
    layout = TokenLayout.from_grid(h, w)
    assert layout.to_grid(np.arange(15.0))[1, 2] == 7


@pytest.mark.parametrize(
    ("shape", "dim", "text"),
    [
        (
            (B, T, 197),
            -1,
            r"15 keys \(3 x 5 = 15 cells, 0 off the grid\), but axis -1 .*197",
        ),
        ((B, 15, T), -1, r"axis -1 of the weights \(2, 15, 9\) has 9: .*dim=1"),
        ((), -1, "has 0"),
    ],
)
def test_a_wrong_number_of_keys_is_named(shape, dim, text):
    with pytest.raises(ValueError, match=text):
        TokenLayout.from_grid(h, w).to_grid(torch.zeros(shape), dim)


def test_a_missing_prefix_is_named():
    with pytest.raises(
        ValueError, match=r"16 keys .*1 off the grid.*has 15: 15 cells alone"
    ):
        TokenLayout.from_grid(h, w, prefix=1).to_grid(torch.zeros(B, 15))


@pytest.mark.parametrize(
    ("index", "length", "text"),
    [
        (torch.arange(6), 6, r"an \(h, w\) or \(t, h, w\) tensor"),
        (torch.zeros(2, 3), 6, "torch.float32"),
        (torch.zeros(0, 3, dtype=torch.long), 6, r"one key or more, .*\(0, 3\)"),
        (torch.arange(6).view(2, 3), 5, "names keys 0 to 5, but there are keys 0 to 4"),
        (torch.zeros(2, 3, dtype=torch.long), 6, "names a key twice"),
    ],
)
def test_an_impossible_layout_is_refused(index, length, text):
    with pytest.raises(ValueError, match=text):
        TokenLayout(index, length)


def test_an_impossible_grid_is_refused():
    with pytest.raises(ValueError, match="h=0, w=5"):
        TokenLayout.from_grid(0, 5)


def test_layouts_are_equal_by_index_and_length():
    layout = TokenLayout.from_grid(h, w, prefix=1)
    same = TokenLayout(1 + torch.arange(15).unflatten(0, (h, w)), 16)
    probed = ProbedLayout(same.index, 16, torch.rand(h, w))
    assert layout == same == probed and len({layout, same, probed}) == 1
    assert layout != TokenLayout(same.index, 17)
    assert layout != TokenLayout.from_grid(w, h, prefix=1)
    assert layout != TokenLayout(same.index.flip(0), 16) and layout != 16
