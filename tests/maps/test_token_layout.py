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


def test_breaks_stand_behind_every_row():
    layout = TokenLayout.from_grid(h, w, prefix=2, suffix=1, breaks=1)
    keys = torch.full((layout.length,), -1.0)
    keys[2:-1].view(h, w + 1)[:, :-1] = torch.arange(h * w).view(h, w).float()
    assert_close(layout.to_grid(keys), torch.arange(15.0).view(h, w))


def test_blocks_are_those_that_a_merge_of_2_x_2_takes():
    cells = torch.arange(4 * 6).view(4, 6)  # (h, w)
    keys = cells.view(2, 2, 3, 2).transpose(1, 2).flatten()  # (N,): block by block
    layout = TokenLayout.from_blocks(4, 6, prefix=1)
    assert_close(layout.to_grid(torch.cat([keys.new_tensor([-1]), keys])), cells)
    with pytest.raises(ValueError, match="do not divide 3 x 6"):
        TokenLayout.from_blocks(3, 6)


@pytest.mark.parametrize("time_last", [False, True])
def test_frames_have_an_axis_of_their_own(time_last):
    video = torch.arange(2 * h * w).view(2, h, w)  # (t, h, w)
    order = video.permute(1, 2, 0) if time_last else video
    keys = torch.cat([torch.tensor([-1, -1]), order.flatten()])  # (N,)
    layout = TokenLayout.from_frames(2, h, w, prefix=2, time_last=time_last)
    assert layout.grid == (2, h, w)
    assert_close(layout.to_grid(keys.expand(B, T, -1))[1, 4], video)
    each = TokenLayout.from_frames(2, h, w, frame_prefix=1, frame_suffix=3)
    assert each.length == 2 * (h * w + 4) and each.index[1, 0, 0] == h * w + 5
    with pytest.raises(ValueError, match="time_last"):
        TokenLayout.from_frames(2, h, w, frame_prefix=1, time_last=True)


def test_tiles_make_one_picture():
    picture = torch.arange(2 * h * 3 * w).view(2 * h, 3 * w)  # (h, w) of the whole
    tiles = picture.view(2, h, 3, w).transpose(1, 2).reshape(6, -1)  # (tiles, h w)
    keys = torch.nn.functional.pad(tiles, (1, 2), value=-1).flatten()  # (N,)
    layout = TokenLayout.from_tiles(2, 3, h, w, tile_prefix=1, tile_suffix=2)
    assert_close(layout.to_grid(keys), picture)


def test_a_layout_within_a_prompt():
    positions = [3, 4, 5, 9, 10, 11]
    layout = TokenLayout.from_grid(2, 3).within(positions, 14)
    assert layout.length == 14 and layout.index.tolist() == [[3, 4, 5], [9, 10, 11]]
    with pytest.raises(ValueError, match=r"6 keys, and positions of shape \(5,\)"):
        TokenLayout.from_grid(2, 3).within(positions[:5], 14)
