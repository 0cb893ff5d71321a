import math

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import pytest
import torch

from helpers import ROOT
from helpers.captioning import (
    START,
    VARIANTS,
    VOCABULARY,
    Captioner,
    caption_loss,
    stoppable,
    train,
    training,
    training_batch,
)
from helpers.captioning.stop_button import use_threads
from helpers.captioning.training import parameter_groups
from helpers.captioning.words import END, PAD

SIZE = (64, 80)


def test_a_batch_holds_pictures_and_their_captions():
    images, words = training_batch(5, 3, SIZE)
    assert images.shape == (5, 3, *SIZE) and words.shape == (5, 10)
    # -1..1, and a little noise
    assert -1.2 < images.min() < -0.5 and 0.5 < images.max() < 1.2
    for row in words.tolist():
        caption = [VOCABULARY[i] for i in row]
        assert caption[0] == START and caption[1] == "a"
        after = caption[caption.index(END) + 1 :]
        assert set(after) <= {PAD}


def test_the_loss_leaves_padding_out():
    _, words = training_batch(20, 3, SIZE)
    logits = torch.zeros(20, 9, len(VOCABULARY))
    before = caption_loss(logits, words).item()
    assert before == pytest.approx(math.log(len(VOCABULARY)))  # all words alike
    padding = words[:, 1:] == VOCABULARY.index(PAD)
    assert padding.any()
    logits[padding] = torch.randn(int(padding.sum()), len(VOCABULARY)) * 100
    assert caption_loss(logits, words).item() == pytest.approx(before)


@pytest.mark.parametrize("variant", VARIANTS)
def test_training_learns_and_is_repeatable(variant):
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        captioner = Captioner(variant)
        history = train(captioner, 8, batch=6, sizes=[SIZE], check_every=4)
        runs.append(history)
        assert not captioner.training
    assert runs[0].losses == runs[1].losses and len(runs[0].losses) == 8
    assert [step for step, _ in runs[0].checks] == [4, 8]
    assert runs[0].losses[-1] < runs[0].losses[0]


@pytest.fixture
def stop_at(monkeypatch):
    """Presses the stop button while a step's scenes are drawn; few and small ones."""
    matplotlib.use("Agg")
    when, threads = {}, []

    def pressed(count, seed, size=SIZE):
        threads.append(torch.get_num_threads())
        if seed == when["step"]:
            raise KeyboardInterrupt
        return training_batch(min(count, 32), seed, SIZE)

    def stop(step):
        when.update(step=step)
        return threads

    monkeypatch.setattr(training, "training_batch", pressed)
    yield stop
    plt.close("all")


def test_an_interruption_keeps_the_best_weights(stop_at, capsys):
    torch.manual_seed(0)
    captioner, seen = Captioner("additive"), stop_at(6)
    with use_threads(3):
        history = train(captioner, 50, batch=6, check_every=2, threads=2)
        assert torch.get_num_threads() == 3 and seen[-2:] == [2, 2]
    assert history.interrupted and len(history.losses) == 5
    assert "Stopped after 5 of 50 steps" in capsys.readouterr().out
    assert [step for step, _ in history.checks] == [2, 4]
    held_out = training_batch(32, training.HELD_OUT_SEED, SIZE)
    lowest = min(loss for _, loss in history.checks)
    assert training.check(captioner, *held_out) == pytest.approx(lowest, rel=1e-4)


def test_the_training_cell_of_notebook_02_can_be_stopped(stop_at, capsys):
    """It keeps what there is, and run again it starts anew."""
    file = ROOT / "notebooks/02_additive_attention.ipynb"
    cells = nbformat.read(file, as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    (place,) = [i for i, source in enumerate(code) if "losses = train(" in source]
    names = {}
    stop_at(3)
    for source in code:
        exec(source, names)
        if source == code[place]:
            assert "Stopped after 3 of 600 steps" in capsys.readouterr().out
            first = names["losses"]
            assert len(first) == 3 and list(names["film"].pages) == [0, 3]
    stop_at(0)  # before the first step
    for source in code[place:]:
        exec(source, names)
        if source == code[place]:
            assert names["losses"] == [] and list(names["film"].pages) == [0]


def test_a_stop_ends_the_block_with_a_sentence(capsys):
    with use_threads(3):
        with stoppable(range(100, 140)) as bar:
            for step in bar:
                assert torch.get_num_threads() == 1
                if step == 107:
                    raise KeyboardInterrupt
        assert torch.get_num_threads() == 3
    assert step == 107 and bar.stopped
    last = capsys.readouterr().out.splitlines()[-1]  # behind the bar, if it was slow
    assert last.startswith("Stopped after 7 of 40 steps: ")
    with pytest.raises(ValueError, match="wrong"), stoppable(range(3)):
        raise ValueError("wrong")


def test_no_steps_is_refused():
    with pytest.raises(ValueError, match="got 0"):
        train(Captioner("additive"), 0)


def test_only_matrices_decay():
    model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.LayerNorm(5))
    decaying, others = parameter_groups(model, weight_decay=0.3)
    assert [p.shape for p in decaying["params"]] == [(5, 3)]
    assert [p.shape for p in others["params"]] == [(5,)] * 3
    assert (decaying["weight_decay"], others["weight_decay"]) == (0.3, 0)
