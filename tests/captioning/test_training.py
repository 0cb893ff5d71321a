import math

import pytest
import torch

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


def test_an_interruption_keeps_the_best_weights(monkeypatch, capsys):
    torch.manual_seed(0)
    captioner, states = Captioner("additive"), []
    real = training.copy_state

    def remember(model):
        states.append(real(model))
        return states[-1]

    def stop_at_step_six(count, seed, size=SIZE):
        if seed == 6:
            raise KeyboardInterrupt
        return training_batch(count, seed, SIZE)

    monkeypatch.setattr(training, "copy_state", remember)
    monkeypatch.setattr(training, "training_batch", stop_at_step_six)
    history = train(captioner, 50, batch=6, check_every=2)
    assert history.interrupted and len(history.losses) == 5
    assert "Stopped after 5 of 50 steps" in capsys.readouterr().out
    best = states[-1]
    assert all(torch.equal(best[k], v) for k, v in captioner.state_dict().items())


@pytest.mark.parametrize("threads", [1, 2])
def test_training_takes_its_threads_and_gives_them_back(threads, monkeypatch):
    seen = []

    def watch(count, seed, size=SIZE):
        seen.append(torch.get_num_threads())
        return training_batch(count, seed, SIZE)

    monkeypatch.setattr(training, "training_batch", watch)
    with use_threads(3):
        train(Captioner("additive"), 2, batch=6, threads=threads)
        assert torch.get_num_threads() == 3
    assert seen[-2:] == [threads] * 2


def test_a_stop_ends_the_block_with_a_sentence(capsys):
    with use_threads(3):
        with stoppable(range(100, 140)) as bar:
            for step in bar:
                assert torch.get_num_threads() == 1
                if step == 107:
                    raise KeyboardInterrupt
        assert torch.get_num_threads() == 3
    assert step == 107 and bar.stopped
    assert capsys.readouterr().out.startswith("Stopped after 7 of 40 steps: ")
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
