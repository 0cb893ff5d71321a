"""Tensors that people bring in place of weights, as programs hold them."""

import torch
from torch.nn.functional import normalize, pad

from .case import Case
from .classical import small
from .values import weights_like


def other(random):
    """One Case."""
    name = random.choice(list(OTHERS))
    weights, image_size, (h, w) = small(random)  # (B, A, T, N)
    values, kinds, known = OTHERS[name](random, weights, h * w)
    if random.random() < 0.3 and values.dtype == torch.float32 and name not in SINGLE:
        values = random.choice([values.half(), values.bfloat16()])
    if random.random() < 0.5 and known is not None:
        known = {"image_size": image_size, "patch_size": 16, **known}
    return Case(name, values, known or {}, kinds=kinds)


def normal(random, *shape):
    seed = torch.Generator().manual_seed(random.randrange(2**31))
    return torch.randn(*shape, generator=seed) * random.choice([0.3, 1, 4])


def hidden(random, weights, cells):
    """Of an encoder, with a few channels far larger than the others."""
    states = normal(random, len(weights), cells + 1, random.choice([384, 768, 1024]))
    states[..., random.randrange(300)] *= 15
    return states, ("tokens",), {}


def cache(random, weights, cells):
    shape = 1, random.choice([8, 12, 32]), random.randint(30, 700), 128
    return normal(random, *shape), ("queries, keys or values",), None


def head(random, weights, cells):
    parts = normal(random, 2, 12, cells + 1, 72)
    return parts, ("queries, keys or values",), {}


def logits(random, weights, cells):
    words = random.choice([30522, 32064, 50257])
    raw = normal(random, 1, 9, words)
    return random.choice([raw, raw.softmax(-1)]), ("logits",), {}


def feature_map(random, weights, cells):
    size = random.choice([7, 14, 28])
    features = normal(random, 2, random.choice([256, 512]), size, size)
    return features, ("feature map",), None


def mask(random, weights, cells):
    T, N = weights.shape[-2:]
    later = torch.ones(N, N, dtype=torch.bool).triu(1)  # (N, N)
    kept = weights > weights.quantile(0.7, dim=-1, keepdim=True)
    added = torch.zeros(1, 1, N, N)
    lowest = random.choice([-torch.inf, -1e4, torch.finfo(torch.float32).min])
    padding = pad(torch.ones(2, N - 5), (0, 5))
    padding[1, 12:] = 0
    masks = kept.float(), ~later, added.masked_fill(later, lowest), padding.long()
    return random.choice(masks), ("mask", "causal mask"), {}


def numbers(random, weights, cells):
    N = weights.shape[-1]
    seed = torch.Generator().manual_seed(random.randrange(2**31))
    tokens = torch.randint(0, 32000, (2, N), generator=seed)
    positions = torch.arange(N).expand(2, N)
    return random.choice([tokens, positions, tokens % 9]), ("whole numbers",), {}


def picture(random, weights, cells):
    H, W = random.choice([224, 336, 448]), random.choice([224, 256, 512])
    shades = torch.rand(2, 3, H, W) * 4.5 - 2
    coarse = (torch.rand(H, W, 3) * 255).to(torch.uint8)
    return random.choice([shades, shades.sigmoid(), coarse]), ("picture",), None


def alike(random, weights, cells):
    tokens = normal(random, cells, 384) + random.choice([0, 0.5])
    tokens = random.choice([tokens, normalize(tokens, dim=-1)])
    return tokens @ tokens.T, ("similarities",), {}


def bias(random, weights, cells):
    side = random.choice([7, 8])
    table = normal(random, 4, 2 * side - 1, 2 * side - 1)
    rows, columns = torch.arange(side**2) // side, torch.arange(side**2) % side
    down, across = (x[:, None] - x + side - 1 for x in (rows, columns))
    return table[:, down, across], ("position bias",), {}


def gradients(random, weights, cells):
    down = normal(random, *weights.shape)
    ofscores = weights * (down - (down * weights).sum(-1, keepdim=True))
    kinds = {"centred": ofscores, "gradients": 1e-3 * down.tanh()}
    kind = random.choice(list(kinds))
    return kinds[kind], (kind,), {}


def compared(random, weights, cells):
    """Words and cells, as CLIP compares them."""
    words, keys = normal(random, 5, 99), normal(random, cells, 99)
    return normalize(words, dim=-1) @ normalize(keys, dim=-1).T, ("cosines",), {}


def enlarged(random, weights, cells):
    one = weights_like(random, (1, 5, 14, 14), "smooth").flatten(-2).softmax(-1)
    maps = one.unflatten(-1, (14, 14)).repeat_interleave(16, -1)
    known = {"image_size": (224, 224), "patch_size": 16}
    return maps.repeat_interleave(16, -2), ("enlarged maps",), known


def grad_cam(random, weights, cells):
    size = random.choice([(7, 7), (14, 14)])
    maps = normal(random, random.randint(2, 4), *size).relu()
    known = {"image_size": (size[0] * 32, size[1] * 32), "patch_size": 32}
    return 3 * maps, ("grid map",), known


OTHERS = {
    "hidden states": hidden,
    "a cache": cache,
    "parts of heads": head,
    "logits": logits,
    "a feature map": feature_map,
    "a mask": mask,
    "whole numbers": numbers,
    "a picture": picture,
    "similarities": alike,
    "a position bias": bias,
    "gradients": gradients,
    "words and cells": compared,
    "enlarged maps": enlarged,
    "Grad-CAM": grad_cam,
}
SINGLE = ("a mask", "a position bias", "gradients", "enlarged maps")
