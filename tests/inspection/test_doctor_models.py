"""The doctor on tiny real models: its layouts are those that the probe finds."""

import pytest
import torch
from test_architectures import CASES, IMAGE_TOKEN, image, prompt
from test_layouts_of_models import VIDEOS, idefics, video

from helpers.inspection import diagnose, probe_layout
from helpers.inspection.shapes.report import Known
from helpers.maps import TokenLayout

ENCODERS = {
    "DINOv2": 14,
    "DINOv2, registers": 14,
    "Swin": 8,
    "Swin and GPT-2": 8,
    "DETR": 32,
    "Qwen2-VL": 14,
}
PROMPT = {"input_ids": prompt(1, 5, *[IMAGE_TOKEN] * 64, 6, 7, 8)}
ROWS = {"input_ids": prompt(1, 5, *[IMAGE_TOKEN] * (16 + 4 * 9), 6, 7, 8)}
QWEN = {"input_ids": prompt(1, 61, *[60] * 24, 62, 6, 7), "image_token": 60}
WITH = {  # what a model needs besides the images
    "GIT": {"input_ids": prompt(2, 5, 6, 7)},
    "LLaVA": PROMPT,  # its configuration has the id of its image tokens
    "Qwen2-VL": {**QWEN, "grid_thw": [[1, 8, 12]]},
}


@pytest.mark.parametrize("name", [name for name in CASES if name != "LLaVA-NeXT"])
def test_a_model_at_hand_is_probed(name):
    build, size, known = CASES[name]
    model, *_ = build()
    shape, patch = (1, 4, 5, known.length), ENCODERS.get(name, 16)
    report = diagnose(shape, size, patch, model=model, **WITH.get(name, {}))
    assert report.proven, str(report)
    assert report.candidates[0].known == Known.TESTED
    assert report.layouts == [known] and not report.ambiguous


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


def test_an_experiment_that_settles_nothing_rules_nothing_out():
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    embed = torch.nn.Conv2d(3, 8, 16, 16)

    def read(images):
        keys = embed(images).flatten(2).mT[:, order]  # (B, N, D)
        return keys + 0.7 * keys.roll(1, 1)  # a cell moves two keys, one of them more

    report = diagnose((2, 4, 9, 24), (64, 96), 16, read_tokens=read)
    assert not report.proven
    said = "the experiment leaves open whether 4 x 6 is the grid"
    assert any(said in doubt for doubt in report.ambiguous)


def test_what_the_experiment_cannot_do_is_said():
    linear = torch.nn.Linear(3, 4)
    report = diagnose((2, 4, 9, 24), (64, 96), 16, model=linear)
    assert not report.proven and "the model raised RuntimeError" in report.ambiguous[-1]
    model, _ = CASES["DETR"][0]()
    report = diagnose((2, 4, 9, 24), (64, 96), 16, model=model)
    assert not report.proven and "no layer of the model" in report.ambiguous[-1]
    short = diagnose((2, 4, 9, 24), (64, 96), 16, read_tokens=lambda x: x.flatten(2).mT)
    assert not short.proven and "read_tokens has 6144 keys" in short.ambiguous[-1]
    with pytest.raises(ValueError, match="need image_size"):
        diagnose((2, 4, 9, 24), model=linear)


def test_a_batch_of_prompts():
    model, ids = CASES["LLaVA"][0]()[0], PROMPT["input_ids"]
    known = TokenLayout.from_grid(8, 8, prefix=2, suffix=3)
    shape, sizes = (2, 4, 5, 69), ((128, 128), 16)
    same = diagnose(shape, *sizes, model=model, input_ids=ids.repeat(2, 1))
    assert same.layouts == [known] and same.candidates[0].known == Known.TESTED
    two = torch.cat([ids, ids.flip(1)])
    differ = diagnose(shape, *sizes, model=model, input_ids=two)
    assert "prompts of the batch differ" in differ.ambiguous[-1]
    assert [c.known for c in differ.candidates] == [Known.RUN] * 2
    model, run = CASES["Qwen2-VL"][0]()[0], {"grid_thw": [[1, 8, 12], [1, 12, 8]]}
    batch = QWEN | {"input_ids": QWEN["input_ids"].repeat(2, 1)}
    differ = diagnose((2, 4, 5, 29), (112, 168), 14, model=model, **batch, **run)
    assert "grids of different sizes" in differ.ambiguous[-1]


def test_words_that_were_written_behind_the_prompt():
    model, _ = CASES["LLaVA"][0]()
    report = diagnose((1, 4, 5, 72), (128, 128), 16, model=model, **PROMPT)
    assert report.candidates[0].known == Known.TESTED
    assert report.layouts == [TokenLayout.from_grid(8, 8, prefix=2, suffix=6)]


def test_a_model_that_takes_several_pictures_a_prompt():
    model, _ = idefics()
    ids = prompt(1, 5, *[IMAGE_TOKEN] * 4, 7)  # it takes square pictures alone
    report = diagnose((2, 4, 5, 7), (64, 64), 16, model=model, input_ids=ids)
    assert report.candidates[0].known == Known.TESTED
    assert report.layouts == [TokenLayout.from_grid(2, 2, prefix=2, suffix=1)]


def test_what_a_model_lacks_is_said_in_its_own_words():
    model, _ = CASES["LLaVA"][0]()
    report = diagnose((1, 4, 5, 69), (128, 128), 16, model=model)
    assert not report.proven
    said = report.ambiguous[-1]
    assert (
        "pixel_values (2, 3, 128, 128), the model raised ValueError: You must" in said
    )
    assert said.endswith("input_ids= or read_tokens=")


class Pairs(torch.nn.Conv2d):
    """Patches (B, N, D) of pairs of pictures."""

    def forward(self, images):
        if len(images) % 2:
            raise RuntimeError("no pairs")
        return super().forward(images).flatten(2).mT


def test_an_error_in_the_middle_of_the_experiment_is_said():
    report = diagnose((2, 4, 9, 24), (64, 96), 16, model=Pairs(3, 8, 16, 16))
    assert not report.proven
    assert report.ambiguous[-1].endswith("the model raised RuntimeError: no pairs")


def test_a_model_in_training_is_probed_without_dropout_and_goes_on_in_training():
    model, *_ = CASES["GIT"][0]()
    model.train().git.visual_projection.eval()
    modes = [module.training for module in model.modules()]
    sizes, known = ((224, 224), 16), CASES["GIT"][2]
    report = diagnose((1, 4, 5, 201), *sizes, model=model, **WITH["GIT"])
    assert report.layouts == [known] and report.candidates[0].known == Known.TESTED
    assert [module.training for module in model.modules()] == modes


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_is_probed_step_by_step(name):
    _, config, size, known = VIDEOS[name]
    report = diagnose(
        (2, 4, 5, known.length),
        size,
        16,
        model=video(name)[0],
        frames=config.num_frames,
    )
    assert report.layouts == [known] and report.candidates[0].known == Known.TESTED


def test_a_function_of_pictures_is_no_probe_of_a_video():
    embed = torch.nn.Conv2d(3, 8, 16, 16)

    def read(images):
        return embed(images).flatten(2).mT.repeat(1, 3, 1)  # (B, 3 * 24, D)

    report = diagnose((2, 4, 9, 72), (64, 96), 16, frames=3, read_tokens=read)
    assert not report.proven
    assert any("read_tokens= gets one picture" in doubt for doubt in report.ambiguous)


def test_a_video_in_a_prompt():
    model, *_ = CASES["Qwen2-VL"][0]()
    ids = prompt(1, 61, *[model.config.video_token_id] * 18, 62, 6)
    run = {"input_ids": ids, "grid_thw": [[3, 4, 6]], "model": model}
    report = diagnose((1, 4, 5, 22), (56, 84), 14, **run)
    assert report.candidates[0].known == Known.TESTED and not report.ambiguous
    assert report.layouts == [TokenLayout.from_frames(3, 2, 3, prefix=2, suffix=2)]


def test_the_order_of_a_vision_tower():
    """Its patches come as rows, those of all pictures one behind the other."""
    model, *_ = CASES["Qwen2-VL"][0]()
    shape, run = (1, 4, 96, 96), {"grid_thw": [[1, 8, 12]]}
    report = diagnose(shape, (112, 168), 14, model=model.model.visual, **run)
    assert report.layouts == [TokenLayout.from_blocks(8, 12)]
    assert report.candidates[0].known == Known.TESTED
