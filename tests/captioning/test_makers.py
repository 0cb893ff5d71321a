import pytest
import torch
from captum.attr import LayerGradCam

from helpers.captioning import (
    Captioner,
    features_and_gradients,
    sample_scenes,
    to_input,
    word_ids,
)
from tests.captioning.taught import defined_in

MAKERS = "attention_map head_map rollout_map grad_cam hires_cam".split()
_, *MAKERS = defined_in("09_does_it_matter", "on_grid", *MAKERS)
attention_map, head_map, rollout_map, grad_cam, _ = MAKERS

B, h, w = 3, 9, 11


def inputs():
    scenes = sample_scenes(B, 0, (72, 88))
    images = torch.stack([to_input(scene.image) for scene in scenes])  # (B, 3, H, W)
    return images, word_ids([scene.words for scene in scenes])


def test_the_gradient_is_that_of_the_words_own_score(monkeypatch):
    """A small step along it raises the score of each word by its squared length."""
    monkeypatch.setattr(
        "helpers.captioning.teacher_forcing.BATCH", 2
    )  # 3 pictures: 2 + 1
    torch.manual_seed(0)
    model = Captioner("additive").eval().double()
    images, words = inputs()
    images, t = images.double(), torch.tensor([1, 2, 6])
    cells, push = features_and_gradients(model, model.encoder.norm, images, words, t)
    assert cells.shape == push.shape == (B, h * w, 128)
    places = model.encoder(images)[1]  # (N, P)

    def score(cells):
        logits, _ = model.decoder(cells, places.double(), words[:, :-1])
        rows = torch.arange(B)
        return logits[rows, t, words[rows, t + 1]]

    with torch.no_grad():
        rise = (score(cells + 1e-5 * push) - score(cells)) / 1e-5
    torch.testing.assert_close(rise, push.square().sum((1, 2)), rtol=1e-3, atol=0)


def test_a_convolution_is_laid_out_like_the_cells():
    torch.manual_seed(0)
    model = Captioner("transformer").eval()
    images, words = inputs()
    layer = model.encoder.layers
    found, push = features_and_gradients(model, layer, images, words, 2)
    assert found.shape == push.shape == (B, h * w, 128)
    with torch.no_grad():
        grid = layer(images)  # (B, D, h, w)
    torch.testing.assert_close(found.unflatten(1, (h, w)).permute(0, 3, 1, 2), grid)
    assert not layer._forward_hooks


T_OF = torch.tensor([1, 2, 6])  # a place for each picture


def captioner(variant):
    torch.manual_seed(0)
    return Captioner(variant).eval()


@pytest.mark.parametrize("maker", MAKERS)
def test_a_map_for_each_picture_and_each_its_own_word(maker):
    model, (images, words) = captioner("transformer"), inputs()
    maps = maker(model, images, words, T_OF)
    assert maps.shape == (B, h, w) and (maps >= 0).all()
    for number, t in enumerate(T_OF.tolist()):
        alone = maker(model, images, words, t)[number]
        torch.testing.assert_close(maps[number], alone, rtol=1e-3, atol=1e-6)
        assert not torch.allclose(maps[number], maker(model, images, words, 4)[number])
    assert not any(part._forward_hooks for part in model.modules())


def test_attention_sums_to_1_in_every_variant():
    images, words = inputs()
    for variant in ("additive", "dot-product", "transformer"):
        maps = attention_map(captioner(variant), images, words, T_OF)
        torch.testing.assert_close(maps.sum((1, 2)), torch.ones(B))
    model = captioner("transformer")
    heads = [
        head_map(model, images, words, 3, i, a) for i in range(2) for a in range(4)
    ]
    mean = torch.stack(heads).mean(0)  # (B, h, w)
    torch.testing.assert_close(mean, attention_map(model, images, words, 3))


def test_rollout_of_a_first_word_goes_through_no_other_word():
    """It may look at itself only, so in the last layer nothing is mixed in."""
    model, (images, words) = captioner("transformer"), inputs()
    with torch.inference_mode():
        _, weights = model(images, words[:, :-1])  # (B, L, A, T, N)
    first = weights[:, :, :, 0].mean(2)  # (B, L, N): of its two layers
    expected = first[:, 0] / 4 + first[:, 1] / 2  # (B, N)
    found = rollout_map(model, images, words, 0).flatten(1)
    torch.testing.assert_close(found, expected)


def test_features_times_mean_gradients_are_captums_grad_cam():
    model, (images, words) = captioner("additive"), inputs()
    layer = model.encoder.layers
    theirs = LayerGradCam(lambda x: model(x, words[:, :3])[0][:, -1], layer).attribute(
        images, target=words[:, 3], relu_attributions=True
    )
    features, push = features_and_gradients(model, layer, images, words, 2)
    ours = (features * push.mean(1, keepdim=True)).sum(-1).relu()  # (B, N)
    torch.testing.assert_close(ours, theirs.flatten(1).detach(), atol=1e-5, rtol=1e-3)
