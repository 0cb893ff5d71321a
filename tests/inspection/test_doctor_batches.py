"""A batch whose images have a layout each; what the run tells of tiles and merges; what
a count leaves unsaid of the other keys."""

import pytest
import torch

from helpers.inspection import diagnose
from helpers.maps.token_layout import TokenLayout

IMAGE = 7  # the id of an image token


def ids(*parts):
    """The ids (n,) of (token, how many)."""
    return torch.tensor([token for token, count in parts for _ in range(count)])


def prompt(front, count, N):
    return ids((1, front), (IMAGE, count), (2, N - front - count))


def run(line, report, weights):
    """The maps of a line that the report prints."""
    assert line.startswith("maps = ")
    return eval(line.removeprefix("maps = "), {"report": report, "weights": weights})  # noqa: S307


def looking_at(shape, layouts, cells, images=0):
    """Weights whose image i has its peak at its own cell; the axis of the images."""
    weights = torch.rand(shape, generator=torch.Generator().manual_seed(3))
    for one, layout, cell in zip(
        weights.movedim(images, 0), layouts, cells, strict=True
    ):
        one[..., layout.index[cell]] += 40
    return weights / weights.sum(-1, keepdim=True)


def peaks(maps):
    """The cell of each image's peak."""
    means = (one.flatten(0, -3).mean(0) for one in maps)  # (h, w)
    return [divmod(int(mean.argmax()), mean.shape[1]) for mean in means]


PADDED = {  # facts, and the layouts of the images
    "prompts of unlike length": (
        {
            "input_ids": torch.stack([prompt(20, 96, 131), prompt(7, 96, 131)]),
            "image_token": IMAGE,
            "image_size": (128, 192),
            "patch_size": 16,
        },
        [TokenLayout.from_grid(8, 12, n, 131 - 96 - n) for n in (20, 7)],
    ),
    "a grid for each prompt": (
        {
            "input_ids": torch.stack([prompt(9, 48, 90), prompt(15, 40, 90)]),
            "image_token": IMAGE,
            "grid_thw": torch.tensor([[1, 12, 16], [1, 16, 10]]),
        },
        [TokenLayout.from_grid(6, 8, 9, 33), TokenLayout.from_grid(8, 5, 15, 35)],
    ),
    "the same prompt of unlike images": (
        {
            "input_ids": torch.stack([prompt(9, 48, 90)] * 2),
            "image_token": IMAGE,
            "grid_thw": [[1, 12, 16], [1, 16, 12]],
        },
        [TokenLayout.from_grid(6, 8, 9, 33), TokenLayout.from_grid(8, 6, 9, 33)],
    ),
    "padding behind": (
        {"spatial_shapes": torch.tensor([[9, 13], [12, 10]])},
        [TokenLayout.from_grid(9, 13, 0, 11), TokenLayout.from_grid(12, 10, 0, 8)],
    ),
}


@pytest.mark.parametrize("kind", PADDED)
@pytest.mark.parametrize("layers", [(), (5,)])
def test_each_image_of_a_batch_is_drawn_by_its_own_layout(kind, layers):
    facts, layouts = PADDED[kind]
    N, cells = layouts[0].length, [(2, 7), (5, 1)]
    facts = facts | {"batch": 2, "heads": 4}
    shape = (*layers, 2, 4, 3, N)
    report = diagnose(shape, **facts)
    assert report.layouts == layouts and report.proven
    weights = looking_at(shape, layouts, cells, images=len(layers))
    assert peaks(run(report.next, report, weights)) == cells
    wrong = layouts[0].to_grid(weights.movedim(len(layers), 0)[1])
    assert peaks([wrong]) != cells[1:]


def test_images_that_share_a_layout_or_have_none():
    rows = torch.stack([prompt(9, 48, 90), prompt(15, 40, 90), prompt(9, 48, 90)])
    grids = [[1, 12, 16], [1, 16, 10], [1, 12, 16]]
    facts = {"input_ids": rows, "image_token": IMAGE, "grid_thw": grids}
    report = diagnose((3, 4, 5, 90), **facts)
    assert [c.images for c in report.candidates] == [(0, 2), (1,)]
    first, second = report.layouts
    cells = [(2, 7), (5, 1), (0, 3)]
    weights = looking_at((3, 4, 5, 90), (first, second, first), cells)
    assert peaks(run(report.next, report, weights)) == cells
    rows[1], facts["grid_thw"] = 2, grids[::2]  # a prompt without an image
    report = diagnose((3, 4, 5, 90), **facts)
    assert "no image token" in report.ambiguous[0]
    assert peaks(run(report.next, report, weights)) == cells[::2]


def test_prompts_whose_images_stand_alike_have_one_line():
    rows = torch.stack([prompt(9, 96, 130), prompt(9, 96, 130)])
    rows[1, -3:] = 5
    facts = {"image_size": (128, 192), "patch_size": 16, "image_token": IMAGE}
    report = diagnose((2, 4, 3, 130), input_ids=rows, **facts)
    assert report.next.startswith("maps = report.layouts[0].to_grid(weights)")


def test_whose_weights_these_are_is_open_without_an_axis_of_images():
    for facts, _ in PADDED.values():
        N = PADDED["padding behind"][1][0].length
        N = len(facts["input_ids"][0]) if "input_ids" in facts else N
        report = diagnose((1, 4, 3, N), **facts)
        assert "which of the 2 images" in " ".join(report.ambiguous) and not report.next


def test_grids_without_prompts_are_dealt_to_no_image():
    report = diagnose((2, 4, 3, 100), grid_thw=[[1, 12, 16], [1, 16, 10]])
    assert "a prompt of its own" in report.ambiguous[0]
    assert "input_ids=" in report.next
    one = diagnose((1, 4, 3, 88), grid_thw=[[1, 12, 16], [1, 16, 10]])
    assert one.proven and "report.layouts[0]" in one.next


def test_pictures_that_fill_all_their_keys_are_not_merged():
    report = diagnose((4, 12, 256, 256), spatial_shapes=[[16, 16]] * 4)
    assert report.layouts[0] == TokenLayout.from_grid(16, 16)


def test_a_sink_of_unlike_images_is_at_no_one_cell():
    facts, layouts = PADDED["a grid for each prompt"]
    weights = torch.rand(2, 4, 9, 90)
    weights[..., 20] += 60
    weights = weights / weights.sum(-1, keepdim=True)
    note = " ".join(diagnose(weights, **facts).notes)
    assert "elsewhere in each picture" in note


TILED = {  # image, patch, keys of a tile
    "InternVL3": ((448, 448), 14, 256),
    "SmolVLM": ((512, 512), 16, 64),
    "Idefics3": ((364, 364), 14, 169),
}


@pytest.mark.parametrize("name", TILED)
def test_tiles_of_a_named_model_are_known_from_the_run(name):
    image, patch, each = TILED[name]
    M, side = 7 * each, int(each**0.5)
    facts = {"image_size": image, "patch_size": patch, "tiles": (2, 3)}
    facts |= {"input_ids": prompt(11, M, M + 30), "image_token": IMAGE}
    report = diagnose((2, 4, 3, M + 30), model=name, **facts)
    wanted = TokenLayout.from_tiles(2, 3, side, side, 11, each + 19)
    assert report.proven and report.layouts == [wanted] and not report.ambiguous
    unnamed = diagnose((2, 4, 3, M + 30), **facts)
    assert not unnamed.proven and "order" in unnamed.ambiguous[-1]
    facts["input_ids"] = prompt(11, 4 * each, M + 30)  # of fewer tiles
    other = diagnose((2, 4, 3, M + 30), model=name, **facts)
    assert not other.proven and other.ambiguous


@pytest.mark.parametrize(("name", "key"), [("Qwen2-VL", 16), ("Qwen2.5-VL", 64)])
def test_an_encoder_that_merges_later_has_the_order_of_its_name(name, key):
    grid, shape = [[1, 12, 16]], (1, 16, 192, 192)
    report = diagnose(shape, model=name, grid_thw=grid)
    assert report.proven and len(report.layouts) == 1 and not report.ambiguous
    assert report.layouts[0].index[0, [1, 2, 8]].tolist() == [1, 4, key]
    unnamed = diagnose(shape, grid_thw=grid)
    assert not unnamed.proven and len(unnamed.layouts) == 3
    assert report.layouts[0] in unnamed.layouts


def test_a_count_says_what_it_does_not_tell_of_the_other_keys():
    facts = {"image_size": (224, 160), "patch_size": 16}
    report = diagnose((2, 4, 9, 141), **facts)
    assert report.best.off_grid == 1
    told = "nor where it stands"
    assert told in report.notes[-1] and not report.ambiguous
    assert "2 other keys" in diagnose((2, 4, 9, 142), **facts).notes[-1]
    layout = TokenLayout.from_grid(14, 10, 1)
    cells = diagnose((2, 4, 9, 140), **facts)
    named = diagnose((2, 4, 9, 141), layout=layout, **facts)
    by_name = diagnose((2, 4, 9, 141), model="ViT", **facts)
    row = {"input_ids": prompt(1, 140, 141), "image_token": IMAGE}
    for known in (cells, named, by_name, diagnose((2, 4, 9, 141), **row, **facts)):
        assert told not in " ".join(known.notes)
    tested = diagnose((2, 4, 9, 141), read_tokens=read, **facts)
    assert tested.best.known == "tested by experiment" and told not in str(tested)
    asked = diagnose((2, 4, 9, 147), **facts)
    assert "text=" in str(asked) and "a count tells neither" not in str(asked)


def read(images):
    """Tokens (B, 141, 3): a class token and the mean of each patch."""
    cells = images.unfold(2, 16, 16).unfold(3, 16, 16).mean((-1, -2))  # (B, 3, h, w)
    cells = cells.flatten(2).mT  # (B, h * w, 3)
    return torch.cat([cells.mean(1, keepdim=True), cells], 1)


def test_what_is_left_without_its_sinks_sums_to_1():
    weights = torch.rand(2, 4, 9, 141)
    weights[..., [17, 60]] += 90
    weights = weights / weights.sum(-1, keepdim=True)
    report = diagnose(weights, (224, 160), 16)
    assert sorted(report.sinks) == [17, 60]
    notes = [note for note in report.notes if "a sink" in note]
    assert len(notes) == 2
    for note in notes:
        first, then = note.split("left = ")[1].split(", and say so")[0].split("; ")
        left = eval(first, {"weights": weights, "torch": torch})  # noqa: S307
        left = eval(then, {"left": left})  # noqa: S307
        torch.testing.assert_close(left.sum(-1), torch.ones(2, 4, 9))
        assert left[..., [17, 60]].sum() == 0
