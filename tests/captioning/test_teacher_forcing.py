"""Saying given words gives the maps of a captioner that says them by itself."""

import pytest
import torch

from helpers.captioning import (
    START,
    VARIANTS,
    VOCABULARY,
    Captioner,
    as_captions,
    force,
    sample_scenes,
    word_ids,
)
from helpers.captioning.words import END, PAD

SIZE = (96, 136)  # 12 x 17 cells


def test_ids_are_start_words_end_padding():
    ids = word_ids([["a", "red", "star"], ["a"] * 8])
    assert ids.shape == (2, 10) and ids.dtype == torch.long
    said = [VOCABULARY[i] for i in ids[0].tolist()]
    assert said == [START, "a", "red", "star", END] + [PAD] * 5
    assert VOCABULARY[ids[1, -1]] == END


def test_what_has_no_ids():
    with pytest.raises(ValueError, match="9 words: .* 8 at most"):
        word_ids([["a"] * 9])
    with pytest.raises(KeyError, match="pink"):
        word_ids([["a", "pink", "star"]])


def test_forcing_leaves_a_training_captioner_as_it_was():
    captioner = Captioner("additive").train()
    captioner.encoder.eval()  # frozen
    before = {k: v.clone() for k, v in captioner.state_dict().items()}
    logits, _ = force(captioner, sample_scenes(3, 1, SIZE))
    assert captioner.training and not captioner.encoder.training
    captioner.encoder.train()
    again, _ = force(captioner, sample_scenes(3, 1, SIZE))
    torch.testing.assert_close(logits, again)  # in evaluation mode, either way
    for name, tensor in captioner.state_dict().items():  # batch norm has statistics
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize("variant", VARIANTS)
def test_forced_maps_are_those_of_a_captioner_that_says_the_same(captioners, variant):
    scenes = sample_scenes(5, seed=3, size=SIZE)
    free = captioners[variant].captions([scene.image for scene in scenes])
    _, weights = force(captioners[variant], scenes)
    forced = as_captions(scenes, weights)
    same = [i for i in range(5) if free[i].words == scenes[i].words]
    assert len(same) >= 3
    for i in same:
        assert forced[i].words == scenes[i].words
        assert forced[i].maps.shape == (len(scenes[i].words), 12, 17)
        torch.testing.assert_close(forced[i].maps, free[i].maps, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(
            forced[i].weights, free[i].weights, atol=1e-5, rtol=1e-4
        )
