"""Train on rendered scenes: a pool of them, drawn once and seen several times.

Drawing is not free here as it is with flat scenes, so a pool is drawn first; every
scene is also seen in a mirror, which swaps the two objects of "left of".
"""

import torch

from helpers.captioning.rendered_captioner import SIZE
from helpers.captioning.rendered_scenes import (
    RENDERED_ID,
    rendered_batches,
    rendered_words,
)
from helpers.captioning.scenes import END, PAD, START

LONGEST = 10  # start, 8 words, end
NOISE = 0.02  # its standard deviation, where white is 1


def draw_pool(count, seed):
    """Draw `count` scenes: images (B, 3, 64, 96) uint8 and word ids (B, 10), padded."""
    pictures, words = [], []
    for layout, images, _ in rendered_batches(count, seed, SIZE):
        pictures.append((images * 255).round().byte())  # (b, 3, H, W)
        for scene in zip(layout.solids, layout.colors, layout.places, strict=True):
            words.append(rendered_words(*scene))
    return torch.cat(pictures), rendered_ids(words)


def rendered_ids(captions):
    """Lists of words as ids (B, 10): the start, the words, the end, padding."""
    ids = torch.full((len(captions), LONGEST), RENDERED_ID[PAD])  # (B, 10)
    for row, words in zip(ids, captions, strict=True):
        whole = [RENDERED_ID[word] for word in [START, *words, END]]
        row[: len(whole)] = torch.tensor(whole)
    return ids


def pick(pool, count, random):
    """A batch of the pool: images (B, 3, H, W) in about -1..1, and word ids (B, 10).

    Half of it in a mirror; all of it with a little noise.
    """
    images, words = pool
    rows = torch.randint(len(images), (count,), generator=random)  # (B,)
    images, words = images[rows].float() / 255, words[rows]  # (B, 3, H, W), (B, 10)
    mirror = torch.rand(count, generator=random) < 0.5  # (B,)
    images[mirror] = images[mirror].flip(-1)
    swap = mirror & (words == RENDERED_ID["left"]).any(1)  # (B,)
    other = words[:, [0, 1, 7, 8, 4, 5, 6, 2, 3, 9]]  # start a RED CUBE left of a ...
    words = torch.where(swap[:, None], other, words)
    grain = NOISE * torch.randn(count, 1, *SIZE, generator=random)  # (B, 1, H, W)
    return 2 * (images + grain) - 1, words
