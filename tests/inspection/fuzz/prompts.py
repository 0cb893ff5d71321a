"""Valid tensors of language models with image tokens in their prompts.

Every layout is built by hand, from what the architecture does, with `torch` alone.
"""

import torch

from helpers.maps import TokenLayout

from .case import Case
from .encoders import BREAK, END, IMAGE, grid
from .values import as_type, weights_like


def text(random, low, high):
    return [random.randint(3, 40) for _ in range(random.randint(low, high))]


def around(ids, later=0):
    """How many tokens stand in front of the image tokens, and behind them."""
    places = [place for place, token in enumerate(ids) if token == IMAGE]
    return places[0], len(ids) + later - 1 - places[-1]


def decoder(random, name, ids, layout, known, run, later=0, ahead=(0, 0), told=None):
    """Self-attention of a language model over a prompt, or a step of its writing."""
    N = len(ids) + later
    step = later or random.random() < 0.5
    B = random.choice([1, 2])
    shape = (B, 4, 1, N) if step else (B, 4, N, N)
    if N > 900 and not step:
        shape = (1, 1, N, N)
    kind = "sink" if random.random() < 0.5 else None
    weights = weights_like(random, shape, kind, causal=not step, ahead=ahead)
    told = {"model": name.split(",")[0], "text": around(ids, later), **(told or {})}
    ids = torch.tensor(ids)
    run = {"input_ids": ids[None].expand(B, -1), "image_token": IMAGE, **run}
    if layout is not None:
        layout = TokenLayout(layout, N)
    return Case(name, as_type(random, weights), known, run, layout, told=told)


def llava(random):
    side, patch = random.choice([(336, 14), (224, 14), (384, 14), (224, 16)])
    n = side // patch
    front, back = text(random, 1, 40), text(random, 5, 60)
    ids = front + [IMAGE] * n * n + back
    known = {"image_size": (side, side), "patch_size": patch}
    later = random.choice([0, 0, 7])
    return decoder(random, "LLaVA-1.5", ids, grid(n, n, len(front)), known, {}, later)


def llava_placeholder(random):
    n = 24
    front, back = text(random, 1, 40), text(random, 5, 60)
    case = decoder(
        random, "LLaVA, one token a picture", front + [IMAGE] * n * n + back,
        grid(n, n, len(front)), {"image_size": (336, 336), "patch_size": 14}, {},
    )  # fmt: skip
    case.run["input_ids"] = torch.tensor([front + [IMAGE] + back])
    return case


def qwen_language(random):
    h, w = (2 * random.randint(3, 14) for _ in range(2))
    front, back = text(random, 2, 20), text(random, 5, 60)
    n = h * w // 4
    ids = front + [END] + [IMAGE] * n + [END] + back
    known = {"image_size": (14 * h, 14 * w), "patch_size": 14}
    index = grid(h // 2, w // 2, len(front) + 1)
    run = {"grid_thw": torch.tensor([[1, h, w]])}
    return decoder(random, "Qwen2-VL, language model", ids, index, known, run)


def qwen_video(random):
    t = random.randint(2, 6)
    h, w = (2 * random.randint(3, 8) for _ in range(2))
    front, back = text(random, 2, 20), text(random, 5, 60)
    n = t * h * w // 4
    index = len(front) + torch.arange(n).view(t, h // 2, w // 2)  # (t, h, w)
    run = {"grid_thw": torch.tensor([[t, h, w]])}
    known = {"image_size": (14 * h, 14 * w), "patch_size": 14}
    ids = front + [IMAGE] * n + back
    told = {"frames": 2 * t}
    return decoder(random, "Qwen2-VL, video", ids, index, known, run, told=told)


def two_images(random):
    sizes = [tuple(2 * random.randint(3, 8) for _ in range(2)) for _ in range(2)]
    front, mid, back = (text(random, 2, 9) for _ in range(3))
    (h, w), (h2, w2) = sizes
    ids = front + [IMAGE] * (h * w // 4) + mid + [IMAGE] * (h2 * w2 // 4) + back
    run = {"grid_thw": torch.tensor([[1, h, w], [1, h2, w2]])}
    known = {"image_size": (14 * h, 14 * w), "patch_size": 14}
    index = grid(h // 2, w // 2, len(front))
    return decoder(random, "Qwen2-VL, two images", ids, index, known, run)


def left_padded(random):
    """Two prompts of a batch, the shorter one filled up in front."""
    n, front, back = 16, text(random, 1, 20), text(random, 5, 30)
    pad = random.randint(2, 15)
    ids = [0] * pad + front + [IMAGE] * n * n + back
    N = len(ids)
    weights = weights_like(random, (1, 4, 3, N), hidden=range(pad))
    known = {"image_size": (224, 224), "patch_size": 14}
    run = {"input_ids": torch.tensor([ids]), "image_token": IMAGE}
    told = {"model": "LLaVA", "text": (len(front), len(back))}
    layout = TokenLayout(grid(n, n, pad + len(front)), N)
    weights = as_type(random, weights)
    return Case("left-padded prompt", weights, known, run, layout, told=told)


def pixtral(random):
    h, w = random.randint(5, 24), random.randint(5, 24)
    front, back = text(random, 1, 10), text(random, 5, 40)
    row = [IMAGE] * w + [BREAK]
    ids = front + (row * h)[:-1] + [END] + back
    index = len(front) + torch.arange(h)[:, None] * (w + 1) + torch.arange(w)
    known = {"image_size": (16 * h, 16 * w), "patch_size": 16}
    return decoder(random, "Pixtral", ids, index, known, {})


def fuyu(random):
    """All the keys, no text known of: a newline behind every row."""
    h, w = random.randint(6, 20), random.randint(6, 20)
    index = torch.arange(h)[:, None] * (w + 1) + torch.arange(w)  # (h, w)
    known = {"image_size": (30 * h, 30 * w), "patch_size": 30}
    ids = ([IMAGE] * w + [BREAK]) * h + text(random, 3, 20)
    return decoder(random, "Fuyu", ids, index, known, {})


def git(random):
    """The image's tokens look at one another, the words at the image and back."""
    n = random.choice([14, 16])
    ids = [1] + [IMAGE] * n * n + text(random, 3, 20)
    known = {"image_size": (n * 16, n * 16), "patch_size": 16}
    ahead = (0, 1 + n * n)
    return decoder(random, "GIT", ids, grid(n, n, 1), known, {}, 0, ahead)


def paligemma(random):
    """Image and prompt look at one another."""
    n, words = random.choice([16, 32]), text(random, 5, 40)
    ids = [IMAGE] * n * n + words
    known = {"image_size": (n * 14, n * 14), "patch_size": 14}
    later, ahead = random.choice([0, 2]), (0, len(ids))
    return decoder(random, "PaliGemma", ids, grid(n, n), known, {}, later, ahead)


def gemma3(random):
    """64 x 64 patches, 4 x 4 averaged; the image's tokens look at one another."""
    front, back = text(random, 2, 10), text(random, 5, 40)
    ids = front + [IMAGE] * 256 + back
    known, start = {"image_size": (896, 896), "patch_size": 14}, len(front)
    ahead = (start, start + 256)
    return decoder(random, "Gemma 3", ids, grid(16, 16, start), known, {}, 0, ahead)


def pooled(random):
    """Learned queries between the picture and the words: no key has a cell."""
    name, n, side = random.choice(
        [("InstructBLIP", 32, 224), ("MiniCPM-V", 64, 448), ("Idefics2", 64, 364)]
    )
    front, back = text(random, 2, 10), text(random, 5, 40)
    ids = front + [IMAGE] * n + back
    known = {"image_size": (side, side), "patch_size": 14}
    return decoder(random, name, ids, None, known, {})
