import pytest
import torch

from helpers.captioning import (
    VARIANTS,
    Captioner,
    sample_scenes,
    to_input,
    word_ids,
)
from tests.captioning.taught import defined_in

(may_look,) = defined_in("09_does_it_matter", "may_look")

B, T, N = 3, 9, 99


def forced(variant):
    """A captioner without training, and what it is fed."""
    torch.manual_seed(0)
    scenes = sample_scenes(B, 0, (72, 88))
    images = torch.stack([to_input(scene.image) for scene in scenes])  # (B, 3, H, W)
    words = word_ids([scene.words for scene in scenes])[:, :-1]  # (B, T)
    return Captioner(variant).eval(), images, words


@pytest.mark.parametrize("variant", VARIANTS)
@torch.inference_mode()
def test_what_is_hidden_gets_no_weight_at_this_word_only(variant):
    model, images, words = forced(variant)
    _, before = model(images, words)  # (B, ..., T, N)
    allowed = torch.ones(B, T, N, dtype=torch.bool)
    allowed[1, 4, 10:] = False
    with may_look(model, allowed):
        model(images, words)
        _, weights = model(images, words)  # a second call counts from the first word
    assert (weights[1, ..., 4, 10:] == 0).all() and (weights[1, ..., 4, :10] > 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
    assert (weights[1, ..., [0, 3, 5, 8], :] > 0).all()
    torch.testing.assert_close(weights[[0, 2]], before[[0, 2]])
    torch.testing.assert_close(weights[1, ..., :4, :], before[1, ..., :4, :])


@pytest.mark.parametrize("variant", VARIANTS)
@torch.inference_mode()
def test_after_the_block_all_is_as_before(variant):
    model, images, words = forced(variant)
    logits, _ = model(images, words)
    nothing = torch.zeros(B, T, N, dtype=torch.bool)
    with pytest.raises(ValueError, match="no key to look at"), may_look(model, nothing):
        model(images, words)
    assert torch.equal(model(images, words)[0], logits)
