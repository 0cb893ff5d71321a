"""Valid tensors of classical layouts: encoders, and decoders over a grid."""

import math

import torch

from helpers.maps import TokenLayout

from .case import Case
from .values import as_type, leading, weights_like

# name, pixels from cell to cell, keys in front, usual sizes, rounded up
ENCODERS = (
    ("ViT-B/16", 16, 1, (224, 384, 448, 512), False),
    ("ViT-B/32", 32, 1, (224, 288, 384, 448), False),
    ("ViT-L/14, CLIP", 14, 1, (224, 336), False),
    ("DeiT, distilled", 16, 2, (224, 384), False),
    ("DINOv2", 14, 1, (224, 336, 518), False),
    ("DINOv2, 4 registers", 14, 5, (224, 336, 518), False),
    ("DINOv3", 16, 5, (224, 256, 512), False),
    ("SigLIP", 16, 0, (224, 256, 384, 512), False),
    ("SigLIP-L/14", 14, 0, (224, 336, 378), False),
    ("DINO ViT-S/8", 8, 1, (224, 256, 480), False),
    ("ResNet", 32, 0, (224, 256, 448, 640, 800), True),
    ("VGG", 16, 0, (224, 256, 512), True),
    ("Swin, last stage", 32, 0, (224, 384), True),
    ("DETR", 32, 0, (480, 512, 640, 800, 1066), True),
)


def classical(random):
    """One Case."""
    if random.random() < 0.06:
        return words(random)
    name, stride, prefix, sizes, up = random.choice(ENCODERS)
    H = random.choice(sizes)
    W = H if random.random() < 0.5 else random.choice(sizes)
    if random.random() < 0.15:
        H, W = stride * random.randint(5, 24), stride * random.randint(5, 24)
    h, w = (math.ceil(n / stride) if up else n // stride for n in (H, W))
    N = prefix + h * w
    T = random.choice([1, random.randint(2, 30), random.randint(2, 300), N])
    if T == N and N > 1400:
        T = random.randint(2, 30)
    shape, known = leading(random, T, N)
    if random.random() < 0.05:
        shape, known = (N,), {}
    weights = weights_like(random, shape)
    keys = -1
    if random.random() < 0.05 and T > 1:
        weights, keys = weights_like(random, (2, N)).unsqueeze(-1), -2  # (B, N, 1)
        known = {"batch": 2}
    known = {**known, "image_size": (H, W)}
    if random.random() < 0.7:
        known["patch_size"] = stride
    layout = TokenLayout.from_grid(h, w, prefix)
    return Case(name, as_type(random, weights), known, {}, layout, keys)


def words(random):
    """A decoder's self-attention: words that look at earlier words, and no picture."""
    T = random.randint(3, 40)
    weights = weights_like(random, (2, 8, T, T), causal=True)
    known = {"image_size": (224, 224), "patch_size": random.choice([14, 16])}
    return Case("words, causal", as_type(random, weights), known, {}, None)


def shape_only(case):
    """The same case with a bare shape in place of the weights."""
    return Case(
        case.name,
        tuple(case.weights.shape),
        case.known,
        case.run,
        case.layout,
        case.keys,
    )


def small(random):
    """(weights (B, A, T, N), image size, grid) of a ViT, before they are broken."""
    h, w = random.sample(range(7, 17), 2)
    prefix = random.choice([0, 1, 5])
    T = random.randint(4, 12)
    weights = weights_like(random, (random.randint(2, 3), 4, T, prefix + h * w))
    return weights, (16 * h, 16 * w), torch.Size((h, w))
