"""Valid tensors of encoders with merged cells, frames, tiles, padding or words.

Every layout is built by hand, from what the architecture does, with `torch` alone.
"""

from math import ceil

import torch

from helpers.maps import TokenLayout

from .case import Case
from .values import as_type, leading, weights_like

IMAGE, BREAK, END = 50, 51, 52  # ids of tokens


def grid(h, w, start=0):
    return start + torch.arange(h * w).view(h, w)  # (h, w)


def blocks(h, w):
    """Keys of h x w cells that stand 2 x 2 together."""
    order = grid(h, w).view(h // 2, 2, w // 2, 2).transpose(1, 2).flatten()
    return order.argsort().view(h, w)  # (h, w)


def encoder(random, name, N, layout, known, run=None, told=None, hidden=()):
    """Attention over the keys of an encoder, from inside or by cross-attention."""
    T = random.choice([N, random.randint(2, 20)]) if N <= 1300 else 5
    shape, extra = leading(random, T, N)
    weights = weights_like(random, shape, hidden=hidden)
    layout = None if layout is None else TokenLayout(layout, N)
    known = {**known, **extra}
    weights = as_type(random, weights)
    return Case(name, weights, known, run or {}, layout, told=told or {})


def qwen_encoder(random):
    h, w = (2 * random.randint(4, 14) for _ in range(2))
    known = {"image_size": (14 * h, 14 * w), "patch_size": 14}
    run = {"grid_thw": torch.tensor([[1, h, w]])}
    told = {"model": "Qwen2-VL"}
    return encoder(random, "Qwen2-VL, encoder", h * w, blocks(h, w), known, run, told)


def qwen_windows(random):
    """Blocks of 2 x 2 patches, sorted by windows of 4 x 4 blocks (Qwen2.5-VL)."""
    h, w = (random.randint(4, 14) for _ in range(2))  # blocks
    order = [
        ((2 * r + i) * 2 * w) + 2 * c + j
        for top in range(0, h, 4)
        for left in range(0, w, 4)
        for r in range(top, min(top + 4, h))
        for c in range(left, min(left + 4, w))
        for i in range(2)
        for j in range(2)
    ]
    index = torch.tensor(order).argsort().view(2 * h, 2 * w)
    known = {"image_size": (28 * h, 28 * w), "patch_size": 14}
    run = {"grid_thw": torch.tensor([[1, 2 * h, 2 * w]])}
    told = {"model": "Qwen/Qwen2.5-VL-7B-Instruct"}
    N = 4 * h * w
    return encoder(random, "Qwen2.5-VL, encoder", N, index, known, run, told)


def mllama(random):
    rows, columns = random.choice([(1, 2), (2, 1), (2, 2), (1, 3), (1, 4)])
    n, size = 20, 280  # 560 pixels and 40 x 40 in the published one
    N = 4 * (n * n + 1)
    tiles = [grid(n, n, k * (n * n + 1) + 1) for k in range(rows * columns)]
    picture = torch.cat(
        [torch.cat(tiles[r * columns : (r + 1) * columns], 1) for r in range(rows)]
    )
    hidden = range(rows * columns * (n * n + 1), N)
    known = {"image_size": (size, size), "patch_size": 14}
    run = {"tiles": (rows, columns)}
    shape = (1, 4, random.randint(2, 12), N)
    weights = as_type(random, weights_like(random, shape, hidden=hidden))
    told = {"model": "Llama-3.2-11B-Vision", **run}
    layout = TokenLayout(picture, N)
    return Case("Mllama, cross-attention", weights, known, run, layout, told=told)


def video_encoder(random):
    t, n = random.choice([(8, 14), (4, 14), (16, 7), (8, 7)])
    known = {"image_size": (224, 224), "patch_size": 224 // n}
    kind = random.choice(["VideoMAE", "ViViT", "TimeSformer", "Video-LLaVA"])
    cells, frames = n * n, torch.arange(t)[:, None, None]  # (t, 1, 1)
    if kind == "VideoMAE":
        index, N = frames * cells + grid(n, n), t * cells
    if kind == "ViViT":
        index, N = 1 + frames * cells + grid(n, n), 1 + t * cells
    if kind == "TimeSformer":
        index, N = 1 + frames + t * grid(n, n), 1 + t * cells
    if kind == "Video-LLaVA":
        index, N = frames * (cells + 1) + 1 + grid(n, n), t * (cells + 1)
    told = {"model": kind, "frames": 2 * t if kind in ("VideoMAE", "ViViT") else t}
    return encoder(random, kind, N, index, known, {}, told)


def naflex(random):
    N = random.choice([256, 576])
    while True:
        h, w = random.randint(6, 30), random.randint(6, 30)
        if N * 0.7 < h * w <= N:
            break
    known = {"image_size": (16 * h, 16 * w), "patch_size": 16}
    run = {"spatial_shapes": torch.tensor([[h, w]])}
    told, hidden = {"model": "SigLIP 2 NaFlex"}, range(h * w, N)
    return encoder(random, "NaFlex", N, grid(h, w), known, run, told, hidden)


def text_conditioned(random):
    """Diffusion: cells of the latent look at 77 words."""
    n = random.choice([8, 16, 32])
    weights = weights_like(random, (2, 4, n * n, 77), "sink")
    known = {"image_size": (16 * n, 16 * n), "patch_size": 16}
    told = {"model": "Stable Diffusion"}
    name = "diffusion, words are keys"
    return Case(name, as_type(random, weights), known, told=told)


def joint(random):
    """Words, then cells, in one sequence (ViLT, FLUX, MM-DiT)."""
    words, n = random.choice([40, 77, 154]), random.choice([12, 16, 24])
    N = words + n * n
    known = {"image_size": (16 * n, 16 * n), "patch_size": 16}
    ids = torch.tensor([[5] * words + [IMAGE] * n * n])
    run = {"input_ids": ids, "image_token": IMAGE}
    told = {"model": "FLUX.1-dev", "text": (words, 0)}
    layout = grid(n, n, words)
    return encoder(random, "words, then cells", N, layout, known, run, told)


def levels(random):
    """Feature maps of several strides, one behind the other (Deformable DETR)."""
    H, W = (random.randint(10, 30) * 16 for _ in range(2))
    sizes = [(ceil(H / s), ceil(W / s)) for s in (8, 16, 32)]
    (h, w), (h32, w32) = sizes[0], sizes[-1]
    sizes.append((ceil(h32 / 2), ceil(w32 / 2)))
    known = {"image_size": (H, W)}
    run = {"spatial_shapes": torch.tensor(sizes)}
    told = {"model": "Deformable DETR"}
    N = sum(a * b for a, b in sizes)
    return encoder(random, "levels", N, grid(h, w), known, run, told)


def windows(random):
    """Windows of one image: Swin's, and those of SAM, which are filled up."""
    if random.random() < 0.5:
        h, w, n, stride = 56, 56, 7, 4
        shift = random.choice([0, 3])
    else:
        h, w, n, stride, shift = 32, 32, 14, 16, 0
    layout = TokenLayout.from_windows(h, w, n, shift)
    shape = (layout.length // n**2, random.choice([2, 3]), n * n, n * n)
    weights = as_type(random, weights_like(random, shape))
    known = {"image_size": (h * stride, w * stride), "patch_size": stride, "batch": 1}
    told = {"model": "Swin" if n == 7 else "SAM"}
    return Case("windows", weights, known, layout=layout, told=told)


def reduced(random):
    """Queries every 4 pixels, keys every 32 (SegFormer, PVT)."""
    h, w = random.randint(4, 7), random.randint(4, 7)
    weights = weights_like(random, (1, 1, 64 * h * w, h * w))
    known = {"image_size": (32 * h, 32 * w)}
    layout = TokenLayout(grid(h, w), h * w)
    told = {"model": "SegFormer"}
    weights = as_type(random, weights)
    return Case("fewer keys than queries", weights, known, {}, layout, told=told)
