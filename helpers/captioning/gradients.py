"""What a word's score says of the cells: the parts of Grad-CAM and of HiResCAM."""

import torch

BATCH = 50  # pictures at a time: a gradient keeps the activations of every layer


def features_and_gradients(model, layer, images, words, t):
    """The output of a layer of a captioner, and the gradient of a word's score there.

    layer: a module of the model that is called once, and returns (B, D, h, w) or
    (B, N, D). images: (B, 3, H, W). words: ids (B, T + 1), the start first. t: the
    number of the word from 0, one for all images, or one for each (B,).
    -> features (B, N, D), gradients (B, N, D).
    """
    t = torch.as_tensor(t).expand(len(images))  # (B,)
    parts = zip(*(x.split(BATCH) for x in (images, words, t)), strict=True)
    pairs = [_one_batch(model, layer, *part) for part in parts]
    features, gradients = (torch.cat(halves) for halves in zip(*pairs, strict=True))
    return features, gradients


def _one_batch(model, layer, images, words, t):
    kept, rows = [], torch.arange(len(images))
    hook = layer.register_forward_hook(lambda _, inputs, output: kept.append(output))
    try:
        logits, _ = model(images, words[:, :-1])  # (B, T, V)
    finally:
        hook.remove()
    score = logits[rows, t, words[rows, t + 1]].sum()
    pair = [x.detach() for x in (*kept, *torch.autograd.grad(score, kept))]
    return [x.flatten(2).transpose(1, 2) if x.dim() == 4 else x for x in pair]
