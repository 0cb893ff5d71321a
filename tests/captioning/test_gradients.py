import torch

from helpers.captioning import (
    Captioner,
    features_and_gradients,
    sample_scenes,
    to_input,
    word_ids,
)

B, h, w = 3, 9, 11


def inputs():
    scenes = sample_scenes(B, 0, (72, 88))
    images = torch.stack([to_input(scene.image) for scene in scenes])  # (B, 3, H, W)
    return images, word_ids([scene.words for scene in scenes])


def test_the_gradient_is_that_of_the_words_own_score(monkeypatch):
    """A small step along it raises the score of each word by its squared length."""
    monkeypatch.setattr("helpers.captioning.gradients.BATCH", 2)  # 3 pictures: 2 + 1
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
