"""Ways to make a map of a word: its attention, rollout, Grad-CAM, HiResCAM.

A map-maker is a function of a captioner, images (B, 3, H, W), word ids (B, T + 1) that
begin with the start, and t, the number of the word from 0: one for all images, or one
for each (B,). It returns maps (B, h, w), which are not negative.
"""

import torch

from helpers.captioning.captioners import layout_of, reduce_weights


@torch.inference_mode()
def attention_map(model, images, words, t):
    """The attention weights; of a transformer their mean over layers and heads."""
    _, weights = model(images, words[:, :-1])  # (B, ..., T, N)
    maps = torch.stack([reduce_weights(own) for own in weights])  # (B, T, N)
    return _pick(maps, images, t)


def head_map(layer, head):
    """The map-maker of one head of a transformer; layer and head count from 0."""

    @torch.inference_mode()
    def make(model, images, words, t):
        _, weights = model(images, words[:, :-1])  # (B, L, A, T, N)
        return _pick(weights[:, layer, head], images, t)

    return make


@torch.inference_mode()
def rollout_map(model, images, words, t):
    """Attention rollout through the layers of a transformer. Abnar & Zuidema 2020.

    Half of each step passes the attention by, through the residual connection. The
    paper has self-attention only; here each word mixes with earlier words, then reads
    the image.
    """
    kept = []
    layers = model.decoder.layers
    hooks = [
        x.register_forward_hook(lambda *call: kept.append(call[2])) for x in layers
    ]
    try:
        model(images, words[:, :-1])
    finally:
        for hook in hooks:
            hook.remove()
    flow = torch.zeros_like(kept[0][2][:, 0])  # (B, T, N): no image in any word yet
    stay = torch.eye(flow.shape[1])  # (T, T)
    for _, among_words, to_image in kept:  # (B, A, T, T), (B, A, T, N)
        flow = (stay + among_words.mean(1)) / 2 @ flow  # (B, T, N)
        flow = (flow + to_image.mean(1)) / 2  # (B, T, N)
    return _pick(flow, images, t)


def grad_cam(model, images, words, t, layer=None):
    """Channels weighted by their mean gradient, then ReLU. Selvaraju et al. 2017.

    layer: by default the last norm of the encoder, whose cells the attention reads.
    """
    layer = layer or model.encoder.norm
    cells, push = features_and_gradients(model, layer, images, words, t)  # (B, N, D)
    maps = (cells * push.mean(1, keepdim=True)).sum(-1).relu()  # (B, N)
    return layout_of(images).to_grid(maps)


def hires_cam(model, images, words, t, layer=None):
    """Like `grad_cam`, but each cell keeps its own gradient. Draelos & Carin 2020."""
    layer = layer or model.encoder.norm
    cells, push = features_and_gradients(model, layer, images, words, t)  # (B, N, D)
    return layout_of(images).to_grid((cells * push).sum(-1).relu())


def _pick(maps, images, t):
    """Maps (B, T, N) -> of each image the map of its word t, (B, h, w)."""
    return layout_of(images).to_grid(maps[torch.arange(len(images)), t])


BATCH = 50  # pictures at a time: a gradient keeps the activations of every layer


def features_and_gradients(model, layer, images, words, t):
    """The output of a layer of a captioner, and the gradient of a word's score there.

    layer: a module of the model that is called once, and returns (B, D, h, w) or
    (B, N, D). -> features (B, N, D), gradients (B, N, D).
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
