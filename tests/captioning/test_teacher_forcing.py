"""Saying given words gives the maps of a captioner that says them by itself."""

import pytest
import torch
from captum.attr import LayerGradCam

from helpers.captioning import (
    START,
    VARIANTS,
    VOCABULARY,
    Captioner,
    as_captions,
    features_and_gradients,
    force,
    sample_scenes,
    to_input,
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


@pytest.fixture
def inputs(monkeypatch):
    """images (B, 3, H, W) and word ids (B, T + 1), B = 3: in batches of 2 and 1."""
    monkeypatch.setattr("helpers.captioning.teacher_forcing.BATCH", 2)
    torch.manual_seed(0)
    scenes = sample_scenes(3, 0, (72, 88))  # 9 x 11 cells
    images = torch.stack([to_input(scene.image) for scene in scenes])
    return images, word_ids([scene.words for scene in scenes])


def test_the_gradient_is_that_of_the_words_own_score(inputs):
    """A small step along it raises the score of each word by its squared length."""
    model, (images, words) = Captioner("additive").eval().double(), inputs
    images, t, rows = images.double(), torch.tensor([1, 2, 6]), torch.arange(3)
    cells, push = features_and_gradients(model, model.encoder.norm, images, words, t)
    assert cells.shape == push.shape == (3, 99, 128)
    places = model.encoder(images)[1]  # (N, P)

    def score(cells):
        logits, _ = model.decoder(cells, places.double(), words[:, :-1])
        return logits[rows, t, words[rows, t + 1]]

    with torch.no_grad():
        rise = (score(cells + 1e-5 * push) - score(cells)) / 1e-5
    torch.testing.assert_close(rise, push.square().sum((1, 2)), rtol=1e-3, atol=0)


def test_features_times_mean_gradients_are_captums_grad_cam(inputs):
    model, (images, words) = Captioner("additive").eval(), inputs
    layer = model.encoder.layers  # (B, D, h, w)
    theirs = LayerGradCam(lambda x: model(x, words[:, :3])[0][:, -1], layer).attribute(
        images, target=words[:, 3], relu_attributions=True
    )
    features, push = features_and_gradients(model, layer, images, words, 2)
    ours = (features * push.mean(1, keepdim=True)).sum(-1).relu()  # (B, N)
    assert features.shape == push.shape == (3, 99, 128) and not layer._forward_hooks
    torch.testing.assert_close(ours, theirs.flatten(1).detach(), atol=1e-5, rtol=1e-3)
