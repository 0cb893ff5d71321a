"""Checks of notebook 09: hiding cells at one word, and a map-maker by occlusion."""

from functools import partial

import torch

from helpers.classroom.checks.judge import Check_ as Check
from helpers.classroom.checks.judge import random


def masked(hidden, t, T, value=True, shift=0):
    """Right as it stands; `value` and `shift` may go wrong."""
    B, N = hidden.shape
    allowed = torch.full((B, T, N), value)
    allowed[torch.arange(B), (t + shift) % T] = ~hidden if value else hidden
    return allowed


def everywhere(hidden, t, T):
    return ~hidden[:, None].expand(-1, T, -1)


def from_then_on(hidden, t, T):
    early = torch.arange(T) < t[:, None]  # (B, T)
    return early[..., None] | ~hidden[:, None]


def all_captions(hidden, t, T):
    allowed = torch.ones(len(hidden), T, hidden.shape[1], dtype=torch.bool)
    for place, cells in zip(t, hidden, strict=True):
        allowed[:, place] &= ~cells
    return allowed


def with_slices(hidden, t, T):
    allowed = torch.ones(len(hidden), T, hidden.shape[1], dtype=torch.bool)
    allowed[:, t] = ~hidden[:, None]
    return allowed


check_hide_at = Check(
    "attempt(hidden (B, N) bool, t (B,), T) -> (B, T, N) bool, True: may be seen.",
    masked,
    {
        "B = 3, N = 7, T = 5": (random(3, 7) > 0, torch.tensor([4, 0, 2]), 5),
        "B = 2, N = 4, T = 6": (random(2, 4, seed=1) > 0, torch.tensor([1, 5]), 6),
    },
    {
        "True marks what MAY be looked at": partial(masked, value=False),
        "at word t[b] only: the other words see everything": everywhere,
        "word t[b] alone, not the words after it": from_then_on,
        "a caption has its own word and its own cells: index with "
        "[torch.arange(B), t], the two together": (all_captions, with_slices),
        "t counts from 0, and word t is row t": (
            partial(masked, shift=1),
            partial(masked, shift=-1),
        ),
        "the hidden cells are the only ones you show: write ~hidden": (
            lambda hidden, t, T: masked(~hidden, t, T)
        ),
    },
)


class Toy(torch.nn.Module):
    """Scores that every pixel of an image adds to: logits (B, T, V), and nothing."""

    def __init__(self, H, W, T, V):
        super().__init__()
        self.worth = random(T, V, 3 * H * W, seed=3)
        self.words = random(V, V, seed=4)  # what the word that is read adds

    def forward(self, images, words):
        logits = torch.einsum("tvp,bp->btv", self.worth, images.flatten(1))
        return logits + self.words[words], None


def own_score(logits, words, t):
    """The score of the word that is asked for: (B,)."""
    rows = torch.arange(len(t))
    return logits[rows, t, words[rows, t + 1]]


def at(place, word):
    """Like `own_score`, with the place or the word from elsewhere in the caption."""

    def score(logits, words, t):
        rows = torch.arange(len(t))
        return logits[rows, place(t), words[rows, word(t)]]

    return score


def occluded(drop=torch.sub, score=own_score, fill=0.0, keep=False, side=8):
    """A map-maker, right as it stands; what is given may go wrong."""

    def occlusion(model, images, words, t):
        h, w = (pixels // side for pixels in images.shape[2:])
        maps = torch.zeros(len(t), h, w)
        before, changed = score(model(images, words[:, :-1])[0], words, t), images
        for row in range(h):
            for column in range(w):
                changed = (changed if keep else images).clone()
                y, x = side * row, side * column
                changed[:, :, y : y + side, x : x + side] = fill
                after = score(model(changed, words[:, :-1])[0], words, t)
                maps[:, row, column] = drop(before, after)
        return maps

    return occlusion


def question(B, H, W, T, V=6, seed=0):
    """A model, images (B, 3, H, W), words (B, T + 1), and the places asked for (B,)."""
    draw = torch.Generator().manual_seed(seed)
    words = torch.randint(V, (B, T + 1), generator=draw)
    t = 1 + torch.arange(B) % (T - 1)  # never the first place, nor alike for all
    return Toy(H, W, T, V), random(B, 3, H, W, seed=seed), words, t


def middle(t):
    return torch.full_like(t, 1)


check_occlusion = Check(
    "attempt(model, images (B, 3, H, W), words (B, T + 1), t (B,)) -> (B, h, w).",
    occluded(),
    {
        "B = 3, 2 x 4 cells, T = 5": question(3, 16, 32, 5),
        "B = 2, 3 x 2 cells, T = 4": question(2, 24, 16, 4, seed=1),
    },
    {
        "how far it drops: the score before, minus the score after": (
            occluded(lambda before, after: after - before),
            occluded(lambda before, after: after),
            occluded(lambda before, after: -after),
        ),
        "a drop may be below 0, and says so": (
            occluded(lambda before, after: (before - after).abs()),
            occluded(lambda before, after: (before - after).clamp(min=0)),
        ),
        "one cell at a time: begin from the whole image again": occluded(keep=True),
        "the score, not the probability": occluded(
            score=lambda logits, words, t: own_score(logits.softmax(-1), words, t)
        ),
        "the scores at place t[b] are those of word words[b, t[b] + 1]": (
            occluded(score=at(lambda t: t, lambda t: t)),
            occluded(score=at(lambda t: t - 1, lambda t: t)),
        ),
        "each caption has its own place t[b]": (
            occluded(score=at(middle, lambda t: middle(t) + 1)),
            occluded(score=at(lambda t: t[:1], lambda t: t[:1] + 1)),
        ),
        "the word that was asked for, not the likeliest": occluded(
            score=lambda logits, words, t: logits[torch.arange(len(t)), t].amax(-1)
        ),
        "deleted is 0, which is mid grey": (occluded(fill=-1.0), occluded(fill=1.0)),
        "rows first, then columns: (B, h, w)": lambda *inputs: occluded()(
            *inputs
        ).transpose(1, 2),
        "h x w cells of 8 x 8 pixels": (occluded(side=4), occluded(side=16)),
    },
)
