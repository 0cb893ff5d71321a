"""What a layer says of a picture, and how each number of it pushes a word.

The common ground of Grad-CAM (Selvaraju et al. 2017) and HiResCAM (Draelos & Carin
2020): both multiply the two and add up the channels.
"""

import torch

BATCH = 100  # pictures at a time: a gradient keeps the activations of every layer


def features_and_gradients(model, layer, images, words, t):
    """The output of a layer of a captioner, and the gradient of a word's score in it.

    layer: a module of the model that is called once, and returns (B, D, h, w) or
    (B, N, D). images (B, 3, H, W), words (B, T + 1): ids, the start first. t: which
    word is meant, 0 the first: one number, or one for each picture (B,).
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
