"""Valid tensors of language models whose prompts have an image in tiles, or a video.

Every layout is built by hand, from what the architecture does, with `torch` alone.
"""

import torch

from .encoders import BREAK, END, IMAGE, grid
from .prompts import decoder, text


def next_rows(random):
    """LLaVA-NeXT: thumbnail, then the tiles joined, cut, a newline behind each row."""
    n, rows, columns = 24, *random.choice([(1, 2), (2, 1), (2, 2), (1, 3), (3, 1)])
    h, w = rows * n, columns * n
    if random.random() < 0.5:
        h -= 2 * random.randint(0, h // 8)
    else:
        w -= 2 * random.randint(0, w // 8)
    front, back = text(random, 1, 30), text(random, 5, 40)
    start = len(front) + n * n
    index = start + torch.arange(h)[:, None] * (w + 1) + torch.arange(w)  # (h, w)
    ids = front + [IMAGE] * (n * n + h * (w + 1)) + back
    known = {"image_size": (336, 336), "patch_size": 14}
    run = {"tiles": (rows, columns)}
    later = random.randint(1, 9)
    return decoder(random, "LLaVA-NeXT", ids, index, known, run, later, told=run)


def joined(tiles, rows, columns):
    """Tiles (n, n) each, as one picture."""
    lines = [tiles[r * columns : (r + 1) * columns] for r in range(rows)]
    return torch.cat([torch.cat(line, 1) for line in lines])  # (rows n, columns n)


def internvl(random):
    """Tiles of 448 pixels in one run, a thumbnail behind."""
    rows, columns = random.choice([(1, 2), (2, 2), (2, 3), (3, 2), (1, 4)])
    n, front, back = 16, text(random, 1, 30), text(random, 5, 40)
    tiles = [grid(n, n, len(front) + k * n * n) for k in range(rows * columns)]
    ids = front + [IMAGE] * (rows * columns + 1) * n * n + back
    known, run = (
        {"image_size": (448, 448), "patch_size": 14},
        {"tiles": (rows, columns)},
    )
    picture, later = joined(tiles, rows, columns), random.randint(1, 9)
    return decoder(random, "InternVL3", ids, picture, known, run, later, told=run)


def idefics3(random):
    """Two tokens in front of every tile, a newline behind every row, a thumbnail."""
    rows, columns = random.choice([(1, 2), (2, 2), (2, 3), (3, 2), (4, 4)])
    name, n, size, patch = random.choice(
        [("SmolVLM", 8, 512, 16), ("Idefics3", 13, 364, 14)]
    )
    ids, tiles = text(random, 1, 30), []
    for tile in range(rows * columns):
        ids += [BREAK] * (bool(tile) and tile % columns == 0) + [END, 60 + tile]
        tiles.append(grid(n, n, len(ids)))
        ids += [IMAGE] * n * n
    ids += [BREAK, END, 59] + [IMAGE] * n * n + [END] + text(random, 5, 40)
    known = {"image_size": (size, size), "patch_size": patch}
    run = {"tiles": (rows, columns)}
    picture, later = joined(tiles, rows, columns), random.randint(1, 9)
    return decoder(random, name, ids, picture, known, run, later, told=run)


def internvl_video(random):
    """Frames with words between them; no tiles."""
    n, t = 16, random.randint(2, 6)
    ids, frames = [], []
    for _ in range(t):
        ids += text(random, 4, 4)
        frames.append(grid(n, n, len(ids)))
        ids += [IMAGE] * n * n
    known = {"image_size": (448, 448), "patch_size": 14}
    ids += text(random, 5, 30)
    index, told = torch.stack(frames), {"frames": t}  # (t, h, w)
    return decoder(random, "InternVL, video", ids, index, known, {}, 3, told=told)


def onevision(random):
    """LLaVA-OneVision: 27 x 27 cells of every frame become 14 x 14; a newline."""
    n, t = 14, random.choice([4, 8])
    front, back = text(random, 1, 30), text(random, 5, 40)
    ids = front + [IMAGE] * (t * n * n + 1) + back
    index = len(front) + torch.arange(t * n * n).view(t, n, n)  # (t, h, w)
    known, told = {"image_size": (384, 384), "patch_size": 14}, {"frames": t}
    name = "LLaVA-OneVision, video"
    return decoder(random, name, ids, index, known, {}, 2, told=told)
