"""Valid tensors of encoders with merged cells, frames, tiles, padding or words.

Every layout is built by hand, from what the architecture does, with `torch` alone.
"""

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


def encoder(random, name, N, layout, known, run, hidden=()):
    """Attention over the keys of an encoder, from inside or by cross-attention."""
    T = random.choice([N, random.randint(2, 20)]) if N <= 1300 else 5
    shape, extra = leading(random, T, N)
    weights = weights_like(random, shape, hidden=hidden)
    layout = None if layout is None else TokenLayout(layout, N)
    return Case(name, as_type(random, weights), {**known, **extra}, run, layout)


def qwen_encoder(random):
    h, w = (2 * random.randint(4, 14) for _ in range(2))
    known = {"image_size": (14 * h, 14 * w), "patch_size": 14}
    run = {"grid_thw": torch.tensor([[1, h, w]])}
    return encoder(random, "Qwen2-VL, encoder", h * w, blocks(h, w), known, run)


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
    weights = weights_like(random, shape, hidden=hidden)
    layout = TokenLayout(picture, N)
    return Case("Mllama, cross-attention", as_type(random, weights), known, run, layout)


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
    return encoder(random, kind, N, index, known, {})


def naflex(random):
    N = random.choice([256, 576])
    while True:
        h, w = random.randint(6, 30), random.randint(6, 30)
        if N * 0.7 < h * w <= N:
            break
    known = {"image_size": (16 * h, 16 * w), "patch_size": 16}
    run = {"spatial_shapes": torch.tensor([[h, w]])}
    case = encoder(random, "NaFlex", N, grid(h, w), known, run, range(h * w, N))
    return case


def text_conditioned(random):
    """Diffusion: cells of the latent look at 77 words."""
    n = random.choice([8, 16, 32])
    weights = weights_like(random, (2, 4, n * n, 77), "sink")
    known = {"image_size": (16 * n, 16 * n), "patch_size": 16}
    return Case("diffusion, words are keys", as_type(random, weights), known)


def joint(random):
    """Words, then cells, in one sequence (ViLT, FLUX, MM-DiT)."""
    words, n = random.choice([40, 77, 154]), random.choice([12, 16, 24])
    N = words + n * n
    known = {"image_size": (16 * n, 16 * n), "patch_size": 16}
    ids = torch.tensor([[5] * words + [IMAGE] * n * n])
    run = {"input_ids": ids, "image_token": IMAGE}
    return encoder(random, "words, then cells", N, grid(n, n, words), known, run)
