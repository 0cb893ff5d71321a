"""The size of a photo is not that of the input: the doctor asks, and claims nothing."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from helpers.inspection import diagnose

# keys, image, (h, w), key of cell (0, 0): the photo was resized or cropped
SQUASHED = {
    "ViT-B/16": (197, (224, 336), (14, 14), 1),
    "ViT-B/16, rounded up": (197, (384, 384), (14, 14), 1),
    "ViT-L/14": (577, (640, 480), (24, 24), 1),
    "ViT-B/32": (145, (224, 224), (12, 12), 1),
    "DeiT": (578, (480, 640), (24, 24), 2),
    "DINOv2 with registers": (261, (300, 400), (16, 16), 5),
    "cropped, no class token": (196, (256, 256), (14, 14), 0),
}


@pytest.mark.parametrize("case", SQUASHED)
def test_a_known_count_asks_for_another_input_first(case):
    N, image, grid, first = SQUASHED[case]
    report = diagnose((2, 12, 9, N), image)
    best = report.candidates[0]
    assert best.layout.grid == grid and best.layout.index[0, 0] == first
    assert not report.proven and "resize and crop" in report.ambiguous[0]
    assert "image_size=" in report.next and "to_grid" not in report.next
    assert all(c.off_grid <= 16 for c in report.candidates)
    assert "no problem found" not in str(report)


@pytest.mark.parametrize("N, image", [(197, (224, 224)), (577, (384, 384))])
def test_the_right_input_is_not_doubted(N, image):
    report = diagnose((2, 12, 9, N), image)
    assert report.ambiguous == [] and "to_grid" in report.next


def test_what_is_known_of_the_run_comes_before_a_known_count():
    sizes = {"image_size": (336, 336), "patch_size": 28, "text": (53, 0)}
    assert diagnose((2, 12, 9, 197), **sizes).layouts[0].grid == (12, 12)
    cells = diagnose((2, 8, 9216, 257), (768, 768))  # which look at another picture
    assert not any(layout.grid == (16, 16) for layout in cells.layouts)


@pytest.mark.parametrize(
    "N, image, said",
    [
        (195, (224, 224), "one fewer than 14 x 14 = 196"),
        (194, (224, 224), "two fewer than 14 x 14 = 196"),
        (48, (224, 224), "one fewer than 7 x 7 = 49"),
        (279, (224, 320), "one fewer than 14 x 20 = 280"),
    ],
)
def test_a_key_or_two_too_few_are_asked_for_first(N, image, said):
    report = diagnose((1, 15, N), image)
    assert said in report.ambiguous[0] and "class token" in report.ambiguous[0]
    assert not report.candidates and not report.next


def test_one_is_singular_and_what_is_not_there_is_not_counted():
    said = str(diagnose((1, 1, 1, 441), (336, 336), 14))
    assert "1 image (" in said and "1 head (" in said and "1 query (" in said
    best, *_ = diagnose((2, 4, 1, 640), (336, 336), 14).candidates
    assert best.free and best.others == "64 keys in front"


def test_a_feature_map_is_first_told_the_order_of_a_captioner():
    report = diagnose((1, 2048, 7, 7))
    text = report.ambiguous[0]
    assert text.index("(B, A, words, 7 * 7)") < text.index("(B, A, 7 * 7, words)")
    assert report.what == "feature map" and not report.notes


def test_the_command_line_prints_options_and_python_arguments():
    command = [sys.executable, "-m", "helpers", "diagnose", "1,12,440"]
    command += ["--image", "336x336", "--text", "35"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--heads N" in run.stdout and "--text N" in run.stdout
    assert "heads=" not in run.stdout and "text=" not in run.stdout.split("\nin Py")[0]
    report = diagnose((1, 12, 440), (336, 336), text=35)
    assert "heads=" in str(report) and "--" not in str(report)


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.to_sparse(),
        lambda w: w.to(torch.float8_e4m3fn),
        lambda w: w.to(torch.float64),
        lambda w: w.requires_grad_(),
        lambda w: w.numpy()[::-1],
    ],
    ids=["sparse", "float8", "float64", "with a gradient", "reversed array"],
)
def test_any_storage_of_numbers_is_read(change):
    weights = torch.rand(2, 3, 5, 50).softmax(-1)
    report = diagnose(change(weights), image_size=(224, 224))
    assert report.best.layout.grid == (7, 7) and report.shape == (2, 3, 5, 50)


@pytest.mark.parametrize(
    "shape", [np.array([2, 3, 5, 50]).tolist(), tuple(np.array([2, 3, 5, 50]))]
)
def test_a_shape_may_be_of_numpy_s_numbers(shape):
    assert diagnose(shape, image_size=(224, 224)).best.layout.grid == (7, 7)


def test_a_tensor_without_numbers_is_its_shape():
    report = diagnose(torch.empty(2, 3, 5, 50, device="meta"), image_size=(224, 224))
    assert report.best.layout.grid == (7, 7) and report.sums is None


def test_an_output_without_attentions_is_not_read_by_its_tokens():
    output = {"last_hidden_state": torch.rand(1, 50, 32), "attentions": (None,) * 3}
    report = diagnose(output, image_size=(224, 224))
    assert report.shape is None and report.problems[0].kind == "nothing"
    assert "attentions of last_hidden_state, attentions" in str(report)


def test_an_array_of_objects_is_refused():
    with pytest.raises(TypeError, match="array of numbers"):
        diagnose(np.array([None, 1.0], dtype=object))
