"""The doctor on tiny real models: its layouts are those that the probe finds."""

import pytest
import torch
from test_architectures import CASES, IMAGE_TOKEN, image, prompt

from helpers.inspection import diagnose, probe_layout
from helpers.inspection.shapes.report import Known
from helpers.maps import TokenLayout

ENCODERS = {
    "DINOv2": 14,
    "DINOv2, registers": 14,
    "Swin": 8,
    "Swin and GPT-2": 8,
    "DETR": 32,
}
WITHOUT = ("GIT", "LLaVA", "LLaVA-NeXT", "Qwen2-VL", "BLIP")


@pytest.mark.parametrize("name", [name for name in CASES if name not in WITHOUT])
def test_a_model_at_hand_is_probed(name):
    build, size, known = CASES[name]
    model, *_ = build()
    shape = (1, 4, 5, known.length)
    report = diagnose(shape, size, ENCODERS.get(name, 16), model=model)
    assert report.proven, str(report)
    assert report.candidates[0].known == Known.TESTED
    assert report.layouts == [known] and not report.ambiguous


PROMPT = {"input_ids": prompt(1, 5, *[IMAGE_TOKEN] * 64, 6, 7, 8)}
ROWS = {"input_ids": prompt(1, 5, *[IMAGE_TOKEN] * (16 + 4 * 9), 6, 7, 8)}
QWEN = {"input_ids": prompt(1, 61, *[60] * 24, 62, 6, 7), "image_token": 60}
RUNS = {  # what the run says, and the sizes of the model's input
    "LLaVA": ({**PROMPT, "image_token": IMAGE_TOKEN}, (128, 128), 16),
    "LLaVA-NeXT": (
        {**ROWS, "image_token": IMAGE_TOKEN, "tiles": (1, 2)},
        (64, 64),
        16,
    ),
    "Qwen2-VL": ({**QWEN, "grid_thw": [[1, 8, 12]]}, (112, 168), 14),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_run_gives_the_layout_that_the_probe_finds(name):
    build, size, known = CASES[name]
    run, input_size, patch = RUNS[name]
    report = diagnose((1, 4, 1, known.length), input_size, patch, **run)
    assert report.candidates[0].known == Known.RUN
    assert report.layouts == [known] and not report.ambiguous
    _, read, *_ = build()
    assert probe_layout(read, image(*size), known.grid) == known
    tested = diagnose((1, 4, 1, known.length), size, patch, **QWEN, read_tokens=read)
    assert tested.candidates[0].known == Known.TESTED


def test_a_wrong_proposal_does_not_survive_the_experiment():
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    embed = torch.nn.Conv2d(3, 8, 16, 16)

    def read(images):
        return embed(images).flatten(2).mT[:, order]  # (B, N, D)

    report = diagnose((2, 4, 9, 24), (64, 96), 16, read_tokens=read)
    assert report.candidates[0].known == Known.TESTED
    assert report.layouts == [TokenLayout(order.argsort().view(4, 6), 24)]


def test_what_the_experiment_cannot_do_is_said():
    linear = torch.nn.Linear(3, 4)
    report = diagnose((2, 4, 9, 24), (64, 96), 16, model=linear)
    assert not report.proven and "no layer of the model" in report.ambiguous[-1]
    short = diagnose((2, 4, 9, 24), (64, 96), 16, read_tokens=lambda x: x.flatten(2).mT)
    assert not short.proven and "read_tokens has 6144 keys" in short.ambiguous[-1]
    with pytest.raises(ValueError, match="need image_size"):
        diagnose((2, 4, 9, 24), model=linear)
