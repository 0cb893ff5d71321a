"""Exercises of notebook 09: hide cells at one word, and make a map by occlusion."""

import torch

from helpers.classroom.checks.judge import either, exercise, random


@exercise(
    (random(3, 7) > 0, torch.tensor([4, 0, 2]), 5),
    (random(2, 4, seed=1) > 0, torch.tensor([1, 5]), 6),
)
def check_hide_at(hidden, t, T):
    """attempt(hidden (B, N) bool, t (B,), T) -> (B, T, N) bool, True: may be seen."""
    words, own = torch.arange(T), ~hidden[:, None]  # (T,), (B, 1, N)

    def at(when, shown=own):
        """What may be seen, if `shown` holds at some words: when (B, T) or (T,)."""
        return shown | ~when[..., None]  # (B, T, N)

    then = words == t[:, None]  # (B, T)
    right = at(then)
    return right, {
        "True marks what MAY be looked at": ~right,
        "at word t[b] only: the other words see everything": at(words >= 0),
        "word t[b] alone, not the words after it": at(words >= t[:, None]),
        "a caption has its own word and its own cells: index with "
        "[torch.arange(B), t], the two together": either(
            right.all(0).expand_as(right), at(torch.isin(words, t))
        ),
        "t counts from 0, and word t is row t": [at(then.roll(n, 1)) for n in (1, -1)],
        "the hidden cells are the only ones you show: write ~hidden": at(then, ~own),
    }


class Toy(torch.nn.Module):
    """Scores that every pixel of an image adds to: logits (B, T, V), and nothing."""

    def __init__(self, H, W, T, V):
        super().__init__()
        self.worth = random(T, V, 3 * H * W, seed=3)
        self.words = random(V, V, seed=4)  # what the word that is read adds

    def forward(self, images, words):
        logits = torch.einsum("tvp,bp->btv", self.worth, images.flatten(1))
        return logits + self.words[words], None


def at(place=lambda t: t, word=lambda t: t + 1):
    """The scores (B,) of the words asked for; place or word may go wrong."""

    def score(logits, words, t):
        rows = torch.arange(len(t))
        return logits[rows, place(t), words[rows, word(t)]]

    return score


own_score = at()


def occluded(model, images, words, t, drop, score, fill, keep, side):
    """Maps by occlusion; what follows `t` may go wrong."""
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


def question(B, H, W, T, V=6, seed=0):
    """A model, images (B, 3, H, W), words (B, T + 1), and the places asked for (B,)."""
    draw = torch.Generator().manual_seed(seed)
    words = torch.randint(V, (B, T + 1), generator=draw)
    t = 1 + torch.arange(B) % (T - 1)  # never the first place, nor alike for all
    return Toy(H, W, T, V), random(B, 3, H, W, seed=seed), words, t


@exercise(
    {
        "B = 3, 2 x 4 cells, T = 5": question(3, 16, 32, 5),
        "B = 2, 3 x 2 cells, T = 4": question(2, 24, 16, 4, seed=1),
    }
)
def check_occlusion(*inputs):
    """attempt(model, images (B, 3, H, W), words (B, T + 1), t (B,)) -> (B, h, w)."""

    def wrong(drop=torch.sub, score=own_score, fill=0.0, keep=False, side=8):
        return occluded(*inputs, drop, score, fill, keep, side)

    def likeliest(logits, words, t):
        return logits[torch.arange(len(t)), t].amax(-1)

    right, one = wrong(), torch.ones_like(inputs[-1])  # (B, h, w), (B,)
    return right, {
        "how far it drops: the score before, minus the score after": either(
            wrong(lambda before, after: after - before),
            wrong(lambda before, after: after),
            wrong(lambda before, after: -after),
        ),
        "a drop may be below 0, and says so": [right.abs(), right.clamp(min=0)],
        "one cell at a time: begin from the whole image again": wrong(keep=True),
        "the score, not the probability": wrong(
            score=lambda logits, *rest: own_score(logits.softmax(-1), *rest)
        ),
        "the scores at place t[b] are those of word words[b, t[b] + 1]": either(
            wrong(score=at(word=lambda t: t)),
            wrong(score=at(lambda t: t - 1, lambda t: t)),
        ),
        "each caption has its own place t[b]": either(
            wrong(score=at(lambda t: one, lambda t: one + 1)),
            wrong(score=at(lambda t: t[:1], lambda t: t[:1] + 1)),
        ),
        "the word that was asked for, not the most likely one": wrong(score=likeliest),
        "deleted is 0, which is mid grey": [wrong(fill=-1.0), wrong(fill=1.0)],
        "rows first, then columns: (B, h, w)": right.mT,
        "h x w cells of 8 x 8 pixels": [wrong(side=4), wrong(side=16)],
    }
