"""The doctor names axes and layouts, finds what is wrong, and leaves the healthy be."""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from helpers.captioning import Captioner, to_input
from helpers.inspection import capture_attention, diagnose
from helpers.inspection.shapes.files import read_weights
from helpers.maps import TokenLayout


def softmax(*shape, seed=0, spread=1.0):
    random = torch.Generator().manual_seed(seed)
    return (spread * torch.randn(*shape, generator=random)).softmax(-1)


# shape, image, patch, (h, w), key of cell (0, 0): what the architectures really have
DECIDED = {
    "ViT": ((1, 12, 197, 197), (224, 224), 16, (14, 14), 1),
    "ViT, wide": ((2, 4, 281, 281), (224, 320), 16, (14, 20), 1),
    "DeiT": ((2, 4, 198, 198), (224, 224), 16, (14, 14), 2),
    "SigLIP": ((2, 4, 280, 280), (224, 320), 16, (14, 20), 0),
    "DINOv2, cut off": ((2, 4, 385, 385), (230, 341), 14, (16, 24), 1),
    "DINOv2, registers": ((2, 4, 389, 389), (224, 336), 14, (16, 24), 5),
    "DETR": ((2, 4, 10, 60), (192, 320), 32, (6, 10), 0),
    "DETR, rounded up": ((2, 4, 9, 70), (200, 310), 32, (7, 10), 0),
    "ViT and GPT-2": ((2, 2, 4, 281), (224, 320), 16, (14, 20), 1),
    "Swin and GPT-2": ((2, 2, 4, 784), (224, 224), 4, (28, 28), 0),
    "TrOCR": ((2, 2, 4, 577), (384, 384), 16, (24, 24), 1),
    "CLIP, 32": ((3, 8, 50, 50), (224, 224), 32, (7, 7), 1),
    "ResNet-50": ((3, 9, 300), (480, 640), 32, (15, 20), 0),
    "patches that are not square": (
        (2, 4, 141, 141),
        (224, 320),
        (16, 32),
        (14, 10),
        1,
    ),
}


@pytest.mark.parametrize("case", DECIDED)
@pytest.mark.parametrize("with_values", [True, False])
def test_the_right_layout_comes_first(case, with_values):
    shape, image, patch, grid, first = DECIDED[case]
    weights = softmax(*shape) if with_values else shape
    report = diagnose(weights, image, patch)
    best = report.layouts[0]
    assert best.grid == grid and best.index[0, 0] == first
    assert best.length == shape[-1] and not report.problems
    names = [axis.name for axis in report.axes]
    assert names[-2:] == ["queries", "keys"]
    assert ("sums to 1" in report.axes[-1].evidence) is with_values


@pytest.mark.parametrize(
    "case", [name for name in DECIDED if "Swin" not in name and "not sq" not in name]
)
def test_the_usual_strides_are_tried_without_a_patch_size(case):
    shape, image, _, grid, first = DECIDED[case]
    best = diagnose(shape, image).layouts[0]
    assert best.grid == grid and best.index[0, 0] == first


@pytest.mark.parametrize("batch", [None, 2])
def test_windows_come_first_where_the_numbers_say_windows(batch):
    report = diagnose((192, 2, 49, 49), (224, 320), 4, batch=batch)
    best = report.layouts[0]
    assert best.grid == (56, 80) and best.length == 96 * 49
    assert report.axes[0].name == "images x windows"
    assert "open: which windows" in str(report) and not report.problems
    shifted = TokenLayout.from_windows(56, 80, 7, 3)
    assert any(torch.equal(x.index, shifted.index) for x in report.layouts)


OPEN = {
    "GIT, words behind": ((2, 4, 201, 201), (224, 224), 16, (14, 14)),
    "ViLT, words in front": ((2, 4, 76, 76), (224, 320), 32, (7, 10)),
    "LLaVA": ((2, 4, 69, 69), (64, 64), 8, (8, 8)),
    "Qwen2-VL": ((2, 4, 31, 31), (112, 168), 14, (4, 6)),
    "LLaVA-NeXT, line breaks": ((2, 4, 57, 57), (56, 112), 14, (4, 8)),
}


@pytest.mark.parametrize("case", OPEN)
def test_what_numbers_cannot_decide_stays_open(case):
    shape, image, patch, grid = OPEN[case]
    report = diagnose(softmax(*shape), image, patch)
    assert report.ambiguous and "open: where the" in str(report)
    assert not report.proven and not report.problems
    assert grid in [c.layout.grid for c in report.candidates if c.free]


def test_without_an_image_the_grid_is_ambiguous():
    report = diagnose((2, 9, 197))
    assert report.layouts[0].grid == (14, 14) and report.ambiguous


@pytest.mark.parametrize("seed", range(200))
def test_healthy_weights_have_no_problem(seed):
    choose = np.random.default_rng(seed)
    h, w = choose.choice(range(5, 17), size=2, replace=False).tolist()
    prefix = int(choose.choice([0, 1, 2, 5]))
    leading = choose.choice([2, 3, 4, 6, 7, 9], size=seed % 4, replace=False).tolist()
    spread = choose.uniform(0.3, 5)
    weights = softmax(*leading, prefix + h * w, seed=seed, spread=spread)
    if seed % 5 == 0:
        weights = weights.half()
    report = diagnose(weights, (16 * h, 16 * w), 16)
    assert not report.problems, report
    found = report.layouts[0]
    assert found.grid == (h, w) and found.index[0, 0] == prefix


def test_the_captioners_are_healthy_when_trained(captioners, unseen):
    for name, captioner in captioners.items():
        for scene in unseen[:10]:
            report = diagnose(captioner.caption(scene.image).weights, (112, 112), 8)
            assert not report.problems, (name, str(report))
            assert report.layouts[0].grid == (14, 14)


def found_in(weights, *sizes, **known):
    return " ".join(str(p) for p in diagnose(weights, *sizes, **known).problems)


def kinds(weights, *sizes, **known):
    return [problem.kind for problem in diagnose(weights, *sizes, **known).problems]


HEALTHY = softmax(2, 4, 9, 71)  # (B, A, T, N): 7 x 10 cells and a class token
SIZES = ((112, 160), 16)


def test_dropout_in_training_mode():
    dropped = torch.nn.functional.dropout(HEALTHY, 0.2)
    assert "model.eval()" in found_in(dropped, *SIZES)


def test_softmax_over_the_wrong_axis():
    scores = torch.randn(2, 4, 9, 71)
    assert "axis 2 sums to 1" in found_in(scores.softmax(2), *SIZES)
    assert "over the images of the batch" in found_in(scores.softmax(0), *SIZES)
    assert "of weight 1" in found_in(torch.randn(2, 71, 1).softmax(-1), *SIZES)


def test_swapped_axes():
    swapped = HEALTHY.transpose(2, 3)  # (B, A, N, T)
    report = diagnose(swapped, *SIZES)
    assert [axis.name for axis in report.axes][2] == "keys"
    assert "movedim(2, -1)" in str(report)
    assert report.layouts[0].grid == (7, 10)
    shape = diagnose((2, 4, 71, 9), *SIZES)
    assert "swapped" in shape.ambiguous[0] and not shape.problems


def test_dropped_keys_and_sums_over_heads():
    assert "dropped after the softmax" in found_in(HEALTHY[..., 1:], *SIZES)
    assert "every row sums to 4" in found_in(HEALTHY.sum(1), *SIZES)
    assert "every row sums to 255" in found_in(255 * HEALTHY, *SIZES)


def test_scores_are_no_weights():
    scores = torch.randn(2, 4, 9, 71)
    assert "never negative" in found_in(scores, *SIZES)
    assert "no softmax along this axis" in found_in(scores.exp(), *SIZES)


def test_nan_and_infinity_are_counted():
    bad = HEALTHY.clone()
    bad[0, 0, 3] = torch.nan
    bad[1, 2, 4, 0] = torch.inf
    assert f"72 of {bad.numel()}" in found_in(bad, *SIZES)
    assert "NaN" in found_in(torch.full((9, 71), torch.nan), *SIZES)


def test_even_maps_and_one_map_for_all_words():
    assert kinds(torch.full((9, 71), 1 / 71), *SIZES) == ["constant"]
    assert kinds(softmax(9, 71, spread=0.1), *SIZES) == ["even"]
    one = HEALTHY[:, :, :1].expand(-1, -1, 9, -1)
    assert "all 9 queries have the same map" in found_in(one, *SIZES)


def test_attention_across_the_batch():
    torch.manual_seed(0)
    layer = torch.nn.MultiheadAttention(32, 4)  # batch_first=False
    cells = torch.randn(2, 70, 32)  # (B, N, D)
    _, weights = layer(cells, cells, cells, average_attn_weights=False)
    assert weights.shape == (70, 4, 2, 2)
    assert "images of the batch look at each other" in found_in(weights, *SIZES)


def test_averaged_heads_and_a_word_too_many():
    assert "4 heads are expected" in found_in(HEALTHY.mean(1), *SIZES, batch=2, heads=4)
    assert not found_in(HEALTHY, *SIZES, batch=2, heads=4, queries=9)
    assert "8 queries are expected" in found_in(HEALTHY, *SIZES, queries=8)


def test_a_count_that_no_layout_explains():
    for weights in (softmax(2, 4, 9, 45), (2, 4, 9, 45)):
        report = diagnose(weights, (112, 112), 16)
        assert not report.layouts and not report.problems
        assert "no grid that is counted here has 45 keys" in report.ambiguous[0]
    wrong = found_in(softmax(9, 49), (224, 224), layout=TokenLayout.from_grid(14, 14))
    assert "49 keys" in wrong and "196" in wrong


def test_words_that_look_at_words_are_no_problem_and_no_picture():
    causal = torch.randn(2, 4, 9, 9).masked_fill(
        ~torch.ones(9, 9, dtype=torch.bool).tril(), -torch.inf
    )
    report = diagnose(causal.softmax(-1), *SIZES)
    assert not report.problems and not report.layouts
    assert "words" in report.notes[0]


def test_maps_that_are_on_the_grid_already():
    report = diagnose(softmax(2, 4, 9, 70).unflatten(-1, (7, 10)), *SIZES)
    assert [axis.name for axis in report.axes][-2:] == ["rows", "columns"]
    assert report.layouts[0].grid == (7, 10) and not report.problems


@pytest.mark.parametrize("sizes", [(), SIZES])
def test_maps_without_their_class_token_are_on_the_grid_too(sizes):
    maps = TokenLayout.from_grid(7, 10, prefix=1).to_grid(HEALTHY)  # (B, A, T, h, w)
    report = diagnose(maps, *sizes)
    names = [axis.name for axis in report.axes]
    assert names == ["images", "heads", "queries", "rows", "columns"]
    assert report.layouts[0].grid == (7, 10) and not report.problems
    assert "keys off the grid" in report.notes[0]
    maps[0, 1, 2] = 0  # a query that is padding
    report = diagnose(maps, *sizes)
    assert not report.problems and "1 queries look at nothing" in str(report)
    cut = HEALTHY[..., 1:] if sizes else HEALTHY[0, 0, :, 1:]
    assert diagnose(cut, *sizes).axes[-1].name == "keys"


def test_known_counts_name_the_axes():
    report = diagnose(HEALTHY.mean(1), *SIZES, batch=2)
    assert report.axes[0].name == "images" and not report.ambiguous
    assert diagnose(HEALTHY.mean(1), *SIZES).ambiguous
    assert diagnose(HEALTHY[0], *SIZES, heads=4).axes[0].name == "heads"


def test_an_untrained_captioner_is_found_out(unseen):
    torch.manual_seed(0)
    captioner = Captioner("additive").eval()
    images = torch.stack([to_input(scene.image) for scene in unseen[:3]])
    words = torch.randint(3, 12, (3, 7))
    with torch.inference_mode():
        _, weights = captioner(images, words)  # (B, T, N)
    assert "untrained" in found_in(weights, (112, 112), 8, batch=3)


@pytest.mark.parametrize("nothing", [None, (None, None), [], ((), ()), {}])
def test_nothing_at_all(nothing):
    report = diagnose(nothing, *SIZES)
    assert "eager" in str(report.problems[0]) and not report.layouts


def test_collections_are_opened():
    layers = (HEALTHY, HEALTHY)
    assert diagnose(layers, *SIZES).shape == HEALTHY.shape
    steps = tuple((softmax(2, 4, 1, 71 + t),) * 2 for t in range(3))
    assert diagnose(steps, *SIZES).shape == (2, 4, 1, 73)
    named = {"logits": HEALTHY, "cross_attentions": layers}
    assert "cross_attentions" in diagnose(named, *SIZES).notes[0]
    assert diagnose(HEALTHY.numpy(), *SIZES).layouts[0].grid == (7, 10)


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="str"):
        diagnose("weights.pt")
    with pytest.raises(ValueError, match=r"\(H, W\)"):
        diagnose(HEALTHY, 112)
    with pytest.raises(ValueError, match="got 0"):
        diagnose(HEALTHY, (112, 0))
    assert diagnose(torch.rand(0, 5)).problems and diagnose(torch.tensor(1.0)).problems


def run(*arguments):
    command = [sys.executable, "-m", "helpers", "diagnose", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_command_line_says_the_same(tmp_path):
    done = run("1,12,197,197", "--image", "224x224", "--patch", 16)
    assert done.returncode == 0
    call = "in Python: report = diagnose(weights, image_size=(224, 224), patch_size=16)"
    report = diagnose((1, 12, 197, 197), (224, 224), 16)
    assert done.stdout.splitlines() == [*str(report).splitlines(), call]
    torch.save((HEALTHY, HEALTHY), tmp_path / "weights.pt")
    np.save(tmp_path / "weights.npy", HEALTHY.numpy())
    save_file({"cross": HEALTHY}, tmp_path / "weights.safetensors")
    for file in tmp_path.iterdir():
        said = run(file, "--image", "112x160", "--patch", 16)
        assert "7 x 10 cells" in said.stdout and "sums to 1" in said.stdout, file
    assert "PROBLEM" in run("9,14,0").stdout
    assert run("nowhere.pt").returncode == 2


@pytest.mark.parametrize(
    "shape", ["(2, 12, 20, 205)", "torch.Size([2, 12, 20, 205])", "[2,12,20,205]"]
)
def test_a_shape_is_read_as_it_is_printed(shape):
    said = run(shape).stdout
    report = str(diagnose((2, 12, 20, 205)))
    assert said.startswith(report[: report.index("open: the grid")])
    assert "patch_size=" in report and "--patch N, --merge N" in said
    assert not re.search(r"\w=", said)


def test_what_is_neither_file_nor_shape_is_named():
    done = run("2x12x20x205")
    assert done.returncode == 2
    assert "'2x12x20x205' is no file and no shape; write a shape as 1,12" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.npy", b"nonsense", "a.npy is damaged"),
        ("a.safetensors", b"nonsense", "a.safetensors is damaged"),
        ("a.pt", b"nonsense", "a.pt"),
        ("a.txt", b"1 2 3", "expected one of"),
    ],
)
def test_bad_files_are_named(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=said):
        read_weights(tmp_path / name)


def test_code_in_a_file_is_not_run(tmp_path):
    torch.save({"model": Captioner("additive")}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="not loaded"):
        read_weights(tmp_path / "model.pt")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pt"):
        read_weights("nowhere.pt")


def test_a_column_of_weights_is_no_grid():
    column = torch.randn(3, 70, 1).softmax(1)  # (B, N, 1), as alpha often comes
    for weights in (column, (3, 70, 1)):
        report = diagnose(weights, *SIZES, batch=3)
        assert [a.name for a in report.axes] == ["images", "keys", "left over"]
        assert report.layouts[0].grid == (7, 10) and not report.problems
    assert "axis of size 1" in found_in(torch.ones(3, 70, 1), *SIZES)


def test_queries_that_are_padding_are_no_problem():
    weights = softmax(3, 4, 9, 71)
    weights[0, :, :2] = 0
    report = diagnose(weights, *SIZES)
    assert not report.problems and "8 queries look at nothing" in str(report)
    assert found_in(torch.zeros(3, 4, 9, 71), *SIZES)


def test_a_bare_shape_promises_nothing_about_values():
    assert "values were not given" in str(diagnose((2, 4, 9, 196), (112, 112), 8))
    assert "\nno problem found in the sums" in str(diagnose(HEALTHY, *SIZES))


def test_what_is_no_weights_at_all():
    report = diagnose((2, 197, 768), (224, 224), 16)
    assert report.what == "tokens" and "rather tokens" in report.ambiguous[0]
    assert kinds(torch.randn(2, 197, 768), (224, 224), 16) == ["tokens"]
    assert "the image itself" in str(diagnose((2, 3, 96, 136), (96, 136)))
    assert "the image itself" not in str(diagnose((2, 3, 96, 136), (136, 96)))
    square = diagnose((3, 4, 256, 256), (256, 256))  # 16 x 16 cells look at themselves
    assert square.layouts[0].grid == (16, 16) and square.what == "weights"


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision_is_no_dropout(kind):
    half = softmax(2, 4, 9, 71, spread=4).to(kind)
    for weights in (half, half.float()):
        assert not kinds(weights, *SIZES)
    half[0, 0, 2:4] = torch.nan
    assert kinds(half, *SIZES) == ["nan, half precision"]


def test_scaled_maps_and_a_softmax_too_many():
    low, high = HEALTHY.amin(-1, True), HEALTHY.amax(-1, True)  # (B, A, T, 1)
    assert kinds(HEALTHY / high, *SIZES) == ["max-scaled"]
    assert kinds((HEALTHY - low) / (high - low), *SIZES) == ["min-max"]
    assert kinds(softmax(2, 4, 9, 71, spread=4).softmax(-1), *SIZES) == [
        "softmax twice"
    ]
    joint = torch.randn(2, 4, 9 * 71).softmax(-1).unflatten(-1, (9, 71))
    assert kinds(joint, *SIZES) == ["joint softmax"]
    assert kinds(HEALTHY[:1].expand(2, -1, -1, -1), *SIZES) == [
        "one map for all images"
    ]
    rolled = softmax(1, 71, 71) * (torch.rand(1, 71, 71) > 0.5) + torch.eye(71)
    assert kinds(rolled / rolled.sum(-1), *SIZES) == ["keepdim"]
    assert not kinds(rolled / rolled.sum(-1, keepdim=True), *SIZES)


def test_a_sink_is_named_with_its_cell_and_can_be_left_out():
    sunk = 0.4 * HEALTHY  # (B, A, T, N): 7 x 10 cells and a class token
    sunk[..., 1] += 0.6
    report = diagnose(sunk, *SIZES)
    assert report.sinks == [1] and not report.problems
    assert "drawn as cell (0, 0)" in str(report)
    left = sunk.index_fill(-1, torch.tensor([1]), 0)
    assert not diagnose(left / left.sum(-1, keepdim=True), *SIZES).sinks


def test_a_prompt_may_hold_a_picture():
    causal = torch.randn(1, 2, 300, 300).masked_fill(
        torch.ones(300, 300, dtype=torch.bool).triu(1), -torch.inf
    )
    report = diagnose(causal.softmax(-1), (224, 224), 14)
    assert report.candidates[0].free and report.layouts[0].grid == (16, 16)
    assert "no query looks ahead" in str(report)


def test_a_count_is_a_proposal_and_a_run_is_none():
    report = diagnose((1, 12, 205, 205))
    assert "proposal 1, counted only: 12 x 17" in str(report) and not report.proven
    assert "may as well be words" in report.ambiguous[0]
    ids = torch.tensor([[5, 6, *[50] * 576, 7, 8, 9]])
    run = {"input_ids": ids, "image_token": 50}
    report = diagnose((1, 4, 1, 583), (336, 336), 14, **run)  # two words were written
    assert report.proven and not report.ambiguous
    assert report.layouts == [TokenLayout.from_grid(24, 24, 2, 5)]
    with pytest.raises(ValueError, match="image_token"):
        diagnose((1, 4, 1, 583), input_ids=ids)
    none = diagnose((1, 4, 1, 583), input_ids=ids, image_token=51)
    assert not none.layouts and "no image token" in none.ambiguous[0]


def test_what_was_captured_is_taken_as_it_is():
    layer = torch.nn.MultiheadAttention(32, 4, batch_first=True)
    cells, words = torch.randn(2, 70, 32), torch.randn(2, 9, 32)
    with capture_attention(layer) as captured:
        layer(words, cells, cells)
    report = diagnose(captured, *SIZES)
    assert report.shape == (2, 4, 9, 70) and report.layouts[0].grid == (7, 10)
    assert "cross" in report.notes[0]


TOKENS = {  # what people bring instead of weights: shape, image, patch, what is said
    "a ViT's tokens": (
        (2, 197, 768),
        (224, 224),
        16,
        "axis 1 of size 197 is 14 x 14, 1",
    ),
    "not square": ((3, 1281, 768), (512, 640), 16, "axis 1 of size 1281 is 32 x 40, 1"),
    "a video's": ((2, 1568, 384), (224, 224), 16, "axis 1 of size 1568 is 8 x 14 x 14"),
    "without sizes": ((1, 197, 192), None, None, "axis 1 of size 197 is 14 x 14, 1"),
    "sequence first": ((625, 2, 256), (800, 800), 32, "axis 0 of size 625 is 25 x 25"),
    "frames": ((1, 1568, 768), None, None, "axis 1 of size 1568 is 8 x 14 x 14"),
    "channels last": ((2, 7, 9, 768), (224, 288), 32, "channels last: 7 x 9 cells"),
    "swapped": ((1, 1024, 16, 32), (448, 224), 14, "swapped: 16 x 32, where"),
}


@pytest.mark.parametrize("shape, image, patch, said", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("with_values", [False, True])
def test_tokens_and_feature_maps_are_not_taken_for_weights(
    shape, image, patch, said, with_values
):
    weights = torch.randn(shape) if with_values else shape
    report = diagnose(weights, image_size=image, patch_size=patch)
    assert said in report.ambiguous[0] and report.what != "weights"
    if report.what == "tokens":  # their layout is worth as much
        axis = [axis.name for axis in report.axes].index("tokens")
        best = report.layouts[0]
        cells = " x ".join(map(str, best.grid))
        assert best.length == shape[axis] and cells in report.ambiguous[0]
    else:
        assert not report.layouts


@pytest.mark.parametrize("shape", [(2, 64, 256), (2, 8, 100, 256), (2, 256, 256)])
def test_weights_as_long_as_a_width_is_wide_stay_weights(shape):
    weights = torch.rand(shape).softmax(-1)
    report = diagnose(weights, image_size=(128, 128), patch_size=8)
    assert report.layouts[0].grid == (16, 16)
    assert not any("tokens than weights" in text for text in report.ambiguous)


def test_the_facts_have_options_of_the_same_names():
    text = run(*"1,32,1,623 --image 336x336 --patch 14 --text 35 --model LLaVA".split())
    facts = {"image_size": (336, 336), "patch_size": 14, "text": 35, "model": "LLaVA"}
    report = str(diagnose((1, 32, 1, 623), **facts))
    assert text.stdout.startswith(report[: report.index("open: ")])
    assert report.splitlines()[-1] in text.stdout
    video = run("28,1158,1158", "--grid-thw", "4,24,46", "--text", "15,39")
    said = " ".join(video.stdout.split())  # without its line breaks
    assert "4 x 12 x 23 cells" in said and "15 keys in front" in said
    tiles = run(*"1,8,1,1300 --image 448x448 --patch 14 --tiles 2x2 --merge 2".split())
    assert "32 x 32 cells" in tiles.stdout
    frames = run(*"1,8,9,1568 --image 224x224 --patch 16 --frames 16".split())
    assert "8 x 14 x 14 cells" in frames.stdout
    cameras = run(*"1,8,900,4224 --image 256x704 --patch 16 --tiles 6".split())
    assert "6 x 16 x 44 cells" in cameras.stdout and "--tiles RxC" in cameras.stdout
    for wrong in ("--text=1,2,3", "--text=x", "--grid-thw=1,2", "--tiles=0"):
        assert run("1,8,9,49", wrong).returncode == 2


def test_a_pipe_that_closes_is_no_error():
    command = f"{sys.executable} -m helpers diagnose 1,12,197,197 | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert not done.stderr
