"""Keys of several parts: pictures, tiles, windows, frames; and parts that are none."""

import random

import pytest
import torch
from transformers.models.got_ocr2 import image_processing_got_ocr2 as got_ocr2
from transformers.models.hiera.modeling_hiera import unroll
from transformers.models.mllama import image_processing_mllama as mllama

from helpers.inspection import diagnose
from helpers.inspection.shapes.cuts import alike, on_canvas
from helpers.maps import TokenLayout


def softmax(*shape, seed=0):
    random = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(shape, generator=random)).softmax(-1)


def kinds(report):
    return [problem.kind for problem in report.problems]


def test_each_picture_of_a_prompt_has_a_layout_and_says_its_keys():
    ids = [1, 1, 1, *[9] * 12, 2, 2, *[9] * 15, 3]
    known = {"grid_thw": [(1, 6, 8), (1, 10, 6)], "model": "Qwen2-VL"}
    report = diagnose(softmax(1, 4, 33, 33), input_ids=[ids], image_token=9, **known)
    first, second = report.layouts
    assert first.grid == (3, 4) and first.index.min() == 3
    assert second.grid == (5, 3) and second.index.min() == 17
    assert "keys 3 ... 14" in str(report) and "keys 17 ... 31" in str(report)


def test_windows_may_have_an_axis_behind_the_images_and_heads():
    report = diagnose(softmax(2, 3, 49, 64, 64), image_size=(224, 224))
    names = [axis.name for axis in report.axes]
    assert names[:2] == ["images", "heads"] and "windows" in names[2]
    assert report.best.layout.grid == (56, 56)
    heads = diagnose(softmax(2, 3, 16, 49, 49), image_size=(224, 224))
    assert heads.axes[2].name == "heads"  # as many are usual


def test_hieras_windows_are_sorted_by_twos():
    report = diagnose(softmax(1, 1, 49, 64, 64), image_size=(224, 224))
    cells = torch.arange(56 * 56).view(1, -1, 1)
    order = unroll(cells, (224, 224), (4, 4), [(2, 2)] * 3)  # places, then windows
    order = order.view(64, 49).T.flatten()
    (hiera,) = [c for c in report.candidates if "Hiera" in c.others]
    assert torch.equal(order[hiera.layout.index.flatten()], cells.flatten())


def test_tiles_are_cut_as_the_published_processors_cut_them():
    draw = random.Random(0)
    for _ in range(300):
        H, W = draw.randint(50, 3000), draw.randint(50, 3000)
        columns, rows = got_ocr2.get_optimal_tiled_canvas((H, W), (448, 448), 1, 12)
        assert alike(H, W, 448) == (rows, columns)
        h, w = mllama.get_optimal_tiled_canvas(H, W, 4, 560)
        assert on_canvas(H, W, 560) == (h // 560, w // 560)


@pytest.mark.parametrize("size", [(896, 1344), (600, 900)])
def test_a_picture_of_many_tiles_is_cut_by_the_models_name(size):
    N = 61 + 7 * 256 + 23
    report = diagnose((1, 14, 1, N), image_size=size, model="InternVL3-1B", text=61)
    best = report.best
    assert best.layout.grid == (32, 48) and "2 x 3 tiles" in best.source
    assert "thumbnail" in best.others and "settles it" in str(report)
    tiles = TokenLayout.from_tiles(2, 3, 16, 16)
    assert torch.equal(best.layout.index - 61, tiles.index)
    one = diagnose((1, 14, 1, 340), image_size=(448, 448), model="InternVL3", text=61)
    assert one.best.layout.grid == (16, 16)


def test_llama_fills_its_tiles_up_to_four():
    known = {"image_size": (500, 1000), "model": "Llama-3.2-11B-Vision"}
    report = diagnose((1, 32, 17, 4 * 1601), **known)
    layout = report.layouts[0]
    assert layout.grid == (40, 80) and layout.index[0, 40] == 1602
    assert "3202 keys behind" in str(report)


@pytest.mark.parametrize("text", [5, (5, 14)])
def test_llava_next_counts_a_photo_wherever_the_text_ends(text):
    known = {"model": "LLaVA-NeXT", "image_size": (480, 640), "text": text}
    report = diagnose((1, 32, 1, 2359), **known)
    photo, small = report.layouts
    assert photo.grid == (36, 48) and photo.index[0, 0] == 581
    assert photo.index[1, 0] == 581 + 49 and small.index[0, 0] == 5


def test_cells_beyond_a_pictures_own_are_padding_of_its_batch():
    known = {"image_size": (800, 1066), "model": "Conditional DETR"}
    report = diagnose(softmax(2, 8, 30, 34 * 34), **known)
    assert report.best.layout.grid == (34, 34) and "pixel_mask=" in str(report)
    assert "first 25 rows and 34 columns" in str(report)
    alone = diagnose(softmax(1, 8, 30, 34 * 34), **known)
    assert "padded" not in str(alone)


def test_keys_of_several_frames_have_the_grid_of_the_queries():
    report = diagnose((1, 1, 4096, 7 * 4096 + 64), image_size=(1024, 1024))
    assert {layout.grid for layout in report.layouts} == {(7, 64, 64)}
    assert "where the 64 keys" in str(report)


def test_words_and_steps_run_on_from_row_to_row():
    place = torch.arange(64)
    apart = (place[:, None] - place).abs()
    report = diagnose(softmax(6, 64, 64) * 0 + (-apart / 4.0).softmax(-1))
    assert "one axis and no grid" in str(report)
    y, x = place // 8, place % 8
    apart = (y[:, None] - y) ** 2 + (x[:, None] - x) ** 2
    report = diagnose((-apart / 9.0).softmax(-1).expand(6, 64, 64))
    assert "one axis" not in str(report)
    assert "Whisper" in str(diagnose((1, 6, 12, 1500)))


def test_a_causal_mask_after_the_softmax_leaves_the_last_row_alone_whole():
    report = diagnose(softmax(1, 3, 50, 50).tril())
    assert kinds(report) == ["late mask"]
    before = torch.full((50, 50), -torch.inf).triu(1)
    report = diagnose((softmax(1, 3, 50, 50).log() + before).softmax(-1))
    assert not report.problems


def test_a_softmax_over_the_queries_of_pooled_keys_leaves_the_keys_last():
    scores = softmax(1, 5, 2048, 512).log()
    report = diagnose(scores.softmax(-2), image_size=(512, 1024))
    assert kinds(report) == ["over"] and report.best.layout.grid == (16, 32)
    assert report.axes[-1].name == "keys"


def test_a_model_that_drops_tokens_says_so():
    known = {"image_size": (224, 224), "patch_size": 16, "model": "EViT-DeiT-S"}
    report = diagnose((2, 6, 100, 100), **known)
    assert not report.layouts and "indices of every stage" in str(report)
    assert diagnose((2, 6, 197, 197), **known).best.layout.grid == (14, 14)


def test_a_graphs_attention_has_edges_and_no_keys():
    edges = torch.stack([torch.arange(40) % 9, torch.arange(40) % 7])
    report = diagnose((edges, torch.rand(40, 8)), heads=8)
    assert report.what == "weights of edges" and not report.layouts
    assert [axis.name for axis in report.axes] == ["edges", "heads"]
    assert not report.problems
    two = diagnose((softmax(3, 4, 40, 8), softmax(3, 4, 40, 8)))  # of two layers
    assert two.what == "weights"


def test_latents_of_a_resampler_stand_behind_the_cells():
    known = {"image_size": (980, 735), "patch_size": 14}
    report = diagnose((1, 16, 64, 70 * 52 + 64), **known)
    assert report.layouts[0] == TokenLayout.from_grid(70, 52, 0, 64)
    assert "latents of a resampler" in str(report)


def test_a_picture_is_resized_where_the_model_has_one_size():
    ids = [1, 1, *[9] * 256, 2, 3]
    known = {"image_size": (1200, 1800), "model": "google/gemma-3-4b-it"}
    report = diagnose(softmax(1, 2, 1, 260), input_ids=[ids], image_token=9, **known)
    assert report.layouts[0].grid == (16, 16) and report.layouts[0].index.min() == 2
    assert "896 x 896" in str(report) and "no squares" in str(report)


def test_queries_of_a_neighbourhood_have_a_grid_and_keys_have_none():
    known = {"image_size": (224, 224), "model": "dinat-mini"}
    report = diagnose(softmax(1, 4, 28, 28, 49), **known)
    names = [axis.name for axis in report.axes]
    assert names[2:4] == ["rows of queries", "columns of queries"]
    assert not report.layouts and "neighbourhood" in str(report)


def test_77_keys_of_cells_are_words_also_behind_a_softmax_over_the_cells():
    scores = softmax(16, 1536, 77).log()
    report = diagnose(scores.softmax(1), image_size=(768, 512), heads=8)
    assert kinds(report) == ["over"] and not report.layouts
    assert [axis.name for axis in report.axes][1:] == ["queries", "keys"]


def test_a_class_token_stands_between_the_text_and_the_cells():
    known = {"image_size": (224, 224), "patch_size": 16, "text": 50}
    report = diagnose(softmax(1, 2, 247, 247), **known)
    assert report.layouts[0] == TokenLayout.from_grid(14, 14, 51)
    prompt = diagnose((1, 2, 1, 247), **known)  # may have none
    assert prompt.layouts[0].index.min() == 50


@pytest.mark.parametrize(("side", "count"), [((32, 32), 1024), ((60, 48), 2880)])
def test_a_key_for_every_pixel(side, count):
    report = diagnose((1, 8, 512, count), image_size=side)
    assert report.best.layout == TokenLayout.from_grid(*side)


def test_levels_of_a_pyramid_with_fewer_queries_than_cells():
    shapes = [(28, 20), (14, 10), (7, 5)]
    report = diagnose(
        softmax(2, 8, 300, 735), image_size=(224, 160), spatial_shapes=shapes
    )
    assert [layout.grid for layout in report.layouts] == shapes
    assert "level 2 of 3" in str(report) and report.proven


def test_pictures_of_unlike_sizes_are_no_levels():
    report = diagnose((2, 8, 300, 900), spatial_shapes=[(20, 30), (15, 20)])
    assert "image 2 of 2" in str(report)


def test_entries_with_nan_are_named():
    layers = [softmax(1, 12, 50, 50) for _ in range(9)]
    for number in (1, 4, 5, 6):
        layers[number][:] = torch.nan
    assert "number 1, 4 to 6 alone" in str(diagnose(layers, image_size=(224, 224)))
    whole = str(diagnose([softmax(1, 12, 50, 50)] * 2, image_size=(224, 224)))
    assert "NaN" not in whole


def test_nan_alone_may_be_of_half_precision():
    report = diagnose(torch.full((2, 3, 50, 50), torch.nan))
    assert "if the model ran in half precision" in report.problems[0].cause
    assert "half" not in report.problems[0].found


def steps(rows, counts):
    return tuple((softmax(rows, 4, 1, count),) * 2 for count in counts)


def test_keys_that_were_written_are_told_from_the_prompt():
    grown = diagnose(steps(1, range(600, 605)), image_size=(336, 336))
    assert "those from 600 to 603 are words" in str(grown)
    same = str(diagnose(steps(1, [577] * 5), image_size=(384, 384)))
    assert "were written" not in same and "beams" not in same


def test_rows_of_steps_may_be_beams():
    text = " ".join(str(diagnose(steps(3, [197] * 4), image_size=(224, 224))).split())
    assert "with 3 rows: images, or beams of one image" in text


def test_entries_of_other_shapes_are_read_too():
    stages = [softmax(64 // 4**i, 3 * 2**i, 49, 49) for i in range(4)]
    report = diagnose(stages, image_size=(224, 224), model="swin-tiny")
    notes = [note for note in report.notes if note.startswith("entry")]
    found = [(side, f"{windows} windows") for side, windows in [(56, 64), (28, 16)]]
    for note, (side, windows) in zip(notes, found, strict=False):
        assert f"{side} x {side} cells" in note and windows in note
    assert len(notes) == 3 and report.best.layout.grid == (7, 7)
    assert sum("which windows" in doubt for doubt in report.ambiguous) == 1


def test_an_axis_that_differs_from_stage_to_stage_counts_windows():
    stages = [softmax(windows, heads, 49, 49) for windows, heads in [(32, 3), (8, 6)]]
    report = diagnose(stages)
    text = str(report)
    assert report.axes[0].name == "images x windows" and "axis 0 has 32, 8" in text
    assert "32 images x windows, 3 heads" in text
    batches = [softmax(n, 3, 49, 49) for n in (32, 8)]  # the last one is smaller
    assert "windows of theirs" not in str(diagnose(batches))


def test_maps_that_were_enlarged_say_their_cells_and_their_scale():
    cells = torch.rand(3, 6, 9, generator=torch.Generator().manual_seed(5))
    low, high = cells.amin((1, 2), keepdim=True), cells.amax((1, 2), keepdim=True)
    scaled = (cells - low) / (high - low)
    for maps, said in ((cells, False), (scaled, True)):
        large = maps.repeat_interleave(8, 1).repeat_interleave(8, 2)  # (3, 48, 72)
        text = " ".join(str(diagnose(large, image_size=(48, 72), patch_size=8)).split())
        assert "each value stands 8 x 8 times: 6 x 9 cells" in text
        assert ("each map runs from 0 to 1" in text) is said
        assert "axis 0: 3 maps" in text
    smooth = torch.rand(3, 48, 72, generator=torch.Generator().manual_seed(6))
    assert "each value stands" not in str(diagnose(smooth, image_size=(48, 72)))


def test_entries_of_one_shape_are_read_once():
    report = diagnose([softmax(1, 3, 50, 50)] * 3, image_size=(224, 224))
    assert not any(note.startswith("entry") for note in report.notes)


@pytest.mark.parametrize(("rows", "frames"), [(8, 8), (16, 8), (5, 5)])
def test_frames_that_look_at_themselves_alone_have_an_axis(rows, frames):
    report = diagnose((rows, 12, 197, 197), image_size=(224, 224), frames=frames)
    assert "frames" in report.axes[0].name and report.best.layout.grid == (14, 14)


def test_frames_that_look_at_all_frames_have_a_volume():
    known = {"image_size": (224, 224), "frames": 8}
    assert diagnose((8, 12, 1569, 1569), **known).best.layout.grid == (8, 14, 14)
    assert diagnose((8, 12, 784, 784), **known).best.layout.grid == (4, 14, 14)


def test_a_padded_picture_of_a_batch_is_named():
    weights = torch.rand(2, 8, 20, 5, 9) + 0.1
    weights[0, ..., 6:] = 0
    weights[0, ..., 4:, :] = 0
    weights = weights.flatten(3)
    weights = weights / weights.sum(-1, keepdim=True)
    report = diagnose(weights, image_size=(160, 288), patch_size=32)
    assert "its last 1 rows and 3 columns" in str(report) and not report.problems
    whole = diagnose(weights[1:], image_size=(160, 288), patch_size=32)
    assert "padding" not in str(whole)


def test_words_written_behind_the_prompt_are_told():
    ids = [1, *[9] * 20, 2, 3]
    known = {"input_ids": ids, "image_token": 9, "grid_thw": [(1, 8, 10)]}
    text = str(diagnose((1, 4, 1, 27), **known))
    assert "last 4 stand behind input_ids" in " ".join(text.split())
    assert "behind input_ids" not in str(diagnose((1, 4, 1, 23), **known))


@pytest.mark.parametrize("shape", [(11, 14, 14), (2, 11, 14, 14), (11, 196)])
def test_a_map_of_ones_is_a_placeholder_and_no_fault(shape):
    cells = shape[-2:] if shape[-1] == 14 else shape[-1:]
    maps = softmax(*shape[: -len(cells)], 196).reshape(shape)
    first = (slice(None),) * (len(shape) - len(cells) - 1) + (0,)
    maps[first] = 1.0
    report = diagnose(maps, image_size=(256, 256))
    assert "placeholder" in str(report) and not report.problems
    assert report.best.layout.grid == (14, 14)
    assert diagnose(maps[..., :7] / 2, image_size=(256, 256)).problems


def test_maps_that_sum_to_one_are_maps_whatever_the_size_of_the_image():
    maps = softmax(9, 10 * 12).unflatten(-1, (10, 12))
    report = diagnose(maps, image_size=(300, 400))
    assert report.best.layout.grid == (10, 12) and not report.problems
    joint = softmax(4, 197 * 197).unflatten(-1, (197, 197))
    assert kinds(diagnose(joint, image_size=(224, 224))) == ["joint softmax"]


def test_one_map_that_is_even_is_no_position_bias():
    maps = softmax(5, 12, 12)
    maps[0] = 0.5
    assert "position bias" not in kinds(diagnose(maps))


def test_heads_as_many_as_some_pictures_cells_are_no_tokens():
    whole = softmax(16, 577)
    report = diagnose(whole[:, 1:] * 0.7, image_size=(336, 336), patch_size=14)
    assert "tokens" not in " ".join(report.ambiguous)
