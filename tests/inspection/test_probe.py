"""A layout that is found by experiment is the one that the model has."""

import pytest
import timm
import torch
import transformers
from torch import nn
from torch.nn.functional import pad
from torchvision.models import resnet18

from helpers.inspection import probe_layout
from helpers.inspection.probe import share_keys
from helpers.maps import TokenLayout
from tests.inspection.tiny import SMALL

H, W, PATCH = 64, 96, 16
GRID = (4, 6)  # not square
IMAGE = torch.rand(3, H, W, generator=torch.Generator().manual_seed(0))


def cells_of(stride, width=12):
    """A patch embedding: (B, 3, H, W) -> (B, h, w, D)."""
    torch.manual_seed(0)
    layer = nn.Conv2d(3, width, stride, stride)
    return lambda images: layer(images).permute(0, 2, 3, 1)


def check(layout, index, length):
    assert torch.equal(layout.index, index) and layout.length == length
    assert not layout.unresolved and layout.confidence.shape == index.shape


@pytest.mark.parametrize("deep", [False, True], ids=["embedding", "last layer"])
def test_a_vit_with_a_class_token(deep):
    torch.manual_seed(0)
    config = transformers.ViTConfig(**SMALL, image_size=H, patch_size=PATCH)
    model = transformers.ViTModel(config).eval()

    def read(images):
        if deep:
            return model(images, interpolate_pos_encoding=True).last_hidden_state
        return model.embeddings(images, interpolate_pos_encoding=True)

    known = TokenLayout.from_grid(*GRID, prefix=1)
    check(probe_layout(read, IMAGE, GRID), known.index, 25)


def test_registers_of_timm():
    torch.manual_seed(0)
    model = timm.models.VisionTransformer(
        (H, W), PATCH, embed_dim=32, depth=2, num_heads=4, reg_tokens=4
    ).eval()
    known = TokenLayout.from_grid(*GRID, prefix=5)
    check(probe_layout(model.forward_features, IMAGE, GRID), known.index, 29)


def test_shuffled_patches():
    embed = cells_of(PATCH)
    order = torch.randperm(24, generator=torch.Generator().manual_seed(1))
    layout = probe_layout(lambda x: embed(x).flatten(1, 2)[:, order], IMAGE, GRID)
    check(layout, order.argsort().unflatten(0, GRID), 24)


def test_a_line_break_after_every_row_and_text_around():
    embed = cells_of(PATCH)

    def read(images):
        rows = pad(embed(images), (0, 0, 0, 1))  # (B, h, w + 1, D)
        return pad(rows.flatten(1, 2), (0, 0, 3, 2))  # (B, 3 + h (w + 1) + 2, D)

    index = 3 + torch.arange(4 * 7).unflatten(0, (4, 7))[:, :6]  # (h, w)
    check(probe_layout(read, IMAGE, GRID), index, 33)


def test_a_thumbnail_in_front_answers_too_and_is_not_taken():
    coarse, fine = cells_of(2 * PATCH), cells_of(PATCH)

    def read(images):
        both = [coarse(images).flatten(1, 2), fine(images).flatten(1, 2)]
        return torch.cat(both, dim=1)  # (B, 6 + 24, D)

    known = TokenLayout.from_grid(*GRID, prefix=6)
    check(probe_layout(read, IMAGE, GRID), known.index, 30)


def windows(x, side, shift):
    """(B, h, w, D) -> (B, windows * side * side, D), as Swin cuts them."""
    h, w = x.shape[1:3]
    x = pad(x, (0, 0, 0, -w % side, 0, -h % side))  # (B, h', w', D)
    x = x.roll((-shift, -shift), dims=(1, 2))
    x = x.unflatten(1, (-1, side)).unflatten(3, (-1, side))  # (B, rows, side, ...)
    return x.transpose(2, 3).flatten(1, 4)  # (B, N, D)


def test_small_numbers_give_no_false_certainty():
    torch.manual_seed(0)
    embed, mix = cells_of(PATCH), nn.Conv2d(12, 12, 3, padding=1)  # nine cells a key

    def read(images, by):
        return by * mix(embed(images).permute(0, 3, 1, 2)).flatten(2).mT  # (B, N, D)

    usual, small = (
        probe_layout(lambda x, b=b: read(x, b), IMAGE, GRID) for b in (1, 1e-20)
    )
    assert usual.unresolved == small.unresolved and usual.unresolved
    assert torch.equal(usual.index, small.index)
    torch.testing.assert_close(usual.confidence, small.confidence)


@pytest.mark.parametrize("shift", [0, 2])
@pytest.mark.parametrize("grid", [(8, 12), (6, 13)], ids=["whole", "padded"])
def test_windows_are_found_and_are_those_of_from_windows(shift, grid):
    embed = cells_of(8)
    image = torch.rand(3, 8 * grid[0], 8 * grid[1])
    layout = probe_layout(lambda x: windows(embed(x), 4, shift), image, grid)
    known = TokenLayout.from_windows(*grid, 4, shift)
    check(layout, known.index, known.length)


def test_a_resnet_looks_up_and_left():
    torch.manual_seed(0)
    body = nn.Sequential(*list(resnet18(weights=None).eval().children())[:-2])
    image = torch.rand(3, 128, 192)
    layout = probe_layout(lambda x: body(x).flatten(2).mT, image, GRID)
    assert torch.equal(layout.index, TokenLayout.from_grid(*GRID).index)
    assert layout.confidence.mean() < 0.5, "its cells see their neighbours' pixels"


def test_cells_without_a_key_of_their_own_are_unresolved():
    coarse, seen = cells_of(2 * PATCH), []

    def read(images):
        seen.append(len(images))
        return pad(coarse(images).flatten(1, 2), (0, 0, 0, 20))  # (B, 6 + 20, D)

    layout = probe_layout(read, IMAGE, GRID)
    assert len(layout.unresolved) == 24  # four cells share each key
    digits = 2 * 5  # two halves for each
    assert sum(seen) == 1 + digits + 2 * 3 * 24  # two places, three noises


def test_the_answer_does_not_depend_on_the_batch_and_lays_weights_out():
    embed = cells_of(PATCH)
    layouts = [
        probe_layout(lambda x: embed(x).flatten(1, 2), IMAGE, GRID, batch)
        for batch in (1, 5, 64)
    ]
    assert all(torch.equal(x.index, layouts[0].index) for x in layouts)
    assert layouts[0].to_grid(torch.rand(2, 9, 24)).shape == (2, 9, 4, 6)


def test_what_cannot_be_probed_is_named():
    embed = cells_of(PATCH)
    with pytest.raises(ValueError, match=r"\(1, 4, 6, 12\)"):
        probe_layout(embed, IMAGE, GRID)
    with pytest.raises(ValueError, match="at least 8 x 6 = 48"):
        probe_layout(lambda x: embed(x).flatten(1, 2), IMAGE, (8, 6))
    with pytest.raises(ValueError, match=r"\(1, 3, 64, 96\)"):
        probe_layout(embed, IMAGE[None], GRID)
    with pytest.raises(ValueError, match="no key answered"):
        probe_layout(lambda x: torch.ones(len(x), 24, 5), IMAGE, GRID)
    with pytest.raises(ValueError, match="got .tuple."):
        probe_layout(lambda x: (embed(x).flatten(1, 2),), IMAGE, GRID)
    with pytest.raises(ValueError, match="got 2 images and returned .1, 24"):
        probe_layout(lambda x: embed(x[:1]).flatten(1, 2), IMAGE, GRID)
    with pytest.raises(ValueError, match="NaN"):
        probe_layout(lambda x: embed(x).flatten(1, 2) * torch.nan, IMAGE, GRID)


def test_images_may_be_changed_in_place():
    embed, before = cells_of(PATCH), IMAGE.clone()
    plain = probe_layout(lambda x: embed(x * 0.5).flatten(1, 2), IMAGE, GRID)
    found = probe_layout(lambda x: embed(x.mul_(0.5)).flatten(1, 2), IMAGE, GRID)
    assert torch.equal(found.index, plain.index)
    assert torch.equal(IMAGE, before)


def test_the_surest_cell_takes_its_key_first():
    votes = torch.tensor(
        [[0.0, 5.0, 4.0, 0.0], [0.0, 6.0, 1.0, 2.0], [0.0, 3.0, 2.0, 0.0]]
    )
    assert share_keys(votes).tolist() == [2, 1, 0], "what nobody answers gets the rest"


def test_a_key_that_is_another_at_another_change_is_unresolved():
    torch.manual_seed(0)
    embed = nn.Conv2d(3, 1, PATCH, PATCH)
    still = embed(IMAGE[None])

    def read(images):
        moved = (embed(images) - still).flatten(1)  # (B, h w)
        keys = torch.cat([moved.relu(), (-moved).relu()], 1)  # by the change's sign
        return torch.cat([keys, moved.abs()[:, :1]], 1)[..., None]  # (B, 49, 1)

    layout = probe_layout(read, IMAGE, GRID)  # cell (0, 0) moves two keys alike
    assert len(layout.unresolved) > 3 and (0, 0) in layout.unresolved


def test_the_change_lies_where_fewest_cells_stay_unresolved():
    torch.manual_seed(0)
    embed = nn.Conv2d(3, 12, PATCH, PATCH)

    def up_and_left(images, by=8):
        return embed(pad(images, (by, -by, by, -by))).flatten(2).mT  # (B, N, D)

    check(
        probe_layout(up_and_left, IMAGE, GRID), TokenLayout.from_grid(*GRID).index, 24
    )

    def down_and_right(images):
        keys = up_and_left(images, by=-4)  # (B, N, D)
        shared = keys[:, :1] + keys[:, 1:2]  # one key for two cells
        return torch.cat([shared, 0 * shared, keys[:, 2:]], 1)

    layout = probe_layout(down_and_right, IMAGE, GRID)
    assert layout.unresolved == ((0, 0), (0, 1))
    assert layout == TokenLayout.from_grid(*GRID)


def test_keys_that_are_the_pixels_themselves():
    image = torch.rand(3, 6, 9)
    layout = probe_layout(lambda images: images.flatten(2).mT, image, (6, 9))
    check(layout, TokenLayout.from_grid(6, 9).index, 54)


def test_learned_queries_have_no_cell():
    torch.manual_seed(0)
    embed = cells_of(PATCH, width=32)
    attention = nn.MultiheadAttention(32, 4, batch_first=True).eval()
    latents = 0.1 * torch.randn(1, 40, 32)  # (B, N, D)

    def read(images):
        cells = embed(images).flatten(1, 2)  # (B, h w, D)
        queries = latents.expand(len(images), -1, -1)
        return attention(queries, cells, cells, need_weights=False)[0]

    with pytest.raises(ValueError, match="no key has a cell"):
        probe_layout(read, IMAGE, GRID)
