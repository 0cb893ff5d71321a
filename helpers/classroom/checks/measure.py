"""Checks of notebook 08: measuring maps."""

from functools import partial

import torch

from helpers.classroom.checks.judge import Check_ as Check
from helpers.classroom.checks.judge import random


def hit(heat, mask, allowed, lowest=0, end=1, middle=0.5, order=1, stride=None):
    """The pointing game, right as it stands; what follows `allowed` may go wrong."""
    (h, w), (H, W) = heat.shape, mask.shape
    row, column = divmod(int(heat.argmax()), w)[::order]
    y = int((row + middle) * (stride or H / h))
    x = int((column + middle) * (stride or W / w))
    rows, columns = (slice(max(lowest, n - allowed), n + allowed + end) for n in (y, x))
    return bool(mask[rows, columns].any())


def round_hit(distance):
    """The same by a distance (down, right) from the middle of the peak's cell."""

    def check(heat, mask, allowed):
        row, column = divmod(int(heat.argmax()), heat.shape[1])
        y = int((row + 0.5) * mask.shape[0] / heat.shape[0])
        x = int((column + 0.5) * mask.shape[1] / heat.shape[1])
        away = mask.nonzero() - torch.tensor([y, x])  # (pixels, 2)
        return bool((distance(away.double()) <= allowed).any())

    return check


def heat_at(row, column):
    heat = torch.zeros(3, 5)
    heat[row, column] = 1.0
    return heat


def mask_at(row, column, size=(24, 40)):
    mask = torch.zeros(size, dtype=torch.bool)
    mask[row, column] = True
    return mask


PEAK = heat_at(1, 3)  # cells of 8 x 8 pixels: the peak is at row 12, column 28
CORNER = heat_at(0, 0)
check_is_hit = Check(
    "attempt(heat (h, w), mask (H, W), allowed) -> bool, for several maps.",
    hit,
    {
        "a mask on the peak": (PEAK, mask_at(12, 28), 3),
        "a mask 3 pixels to the right, 3 allowed": (PEAK, mask_at(12, 31), 3),
        "a mask 3 pixels above, 3 allowed": (PEAK, mask_at(9, 28), 3),
        "a mask 3 below and 3 to the left, 3 allowed": (PEAK, mask_at(15, 25), 3),
        "a mask 4 pixels below, 3 allowed": (PEAK, mask_at(16, 28), 3),
        "a mask 4 pixels to the left, 3 allowed": (PEAK, mask_at(12, 24), 3),
        "a mask 8 pixels to the right, 3 allowed": (PEAK, mask_at(12, 36), 3),
        "a mask 1 pixel below, 0 allowed": (PEAK, mask_at(13, 28), 0),
        "a mask at row 1, column 3, which is the peak's cell": (PEAK, mask_at(1, 3), 1),
        "row and column swapped, 3 allowed": (heat_at(1, 2), mask_at(20, 12), 3),
        "a peak in the corner, far from the mask": (CORNER, mask_at(12, 38), 6),
        "a peak in the corner, beside the mask": (CORNER, mask_at(2, 1), 6),
        "cells of 16 x 8 pixels, the mask on it": (PEAK, mask_at(24, 28, (48, 40)), 1),
    },
    {
        "`allowed` counts on all four sides, so the square has 2 * allowed + 1 pixels "
        "a side: mind the end of a slice": partial(hit, end=0),
        "a slice that begins below 0 is empty: begin it at max(0, ...)": (
            partial(hit, lowest=-99)
        ),
        "3 is not 4: at most `allowed` pixels": (
            partial(hit, end=2),
            round_hit(lambda away: away.abs().amax(-1) - 1),
        ),
        "row first, then column": partial(hit, order=-1),
        "start from the middle of the cell, not from its corner": partial(
            hit, middle=0
        ),
        "a cell has H / h by W / w pixels: it is not always 8": partial(hit, stride=8),
        "from cells to pixels: H / h pixels a row, W / w a column": (
            partial(hit, stride=1),
            partial(hit, stride=1, middle=0),
        ),
        "a square: `allowed` rows and `allowed` columns, no circle": (
            round_hit(lambda away: away.norm(dim=-1)),
            round_hit(lambda away: away.abs().sum(-1)),
        ),
        "`allowed` is missing: the mask may be that far from the peak": (
            lambda heat, mask, allowed: hit(heat, mask, 0)
        ),
    },
)


def shares(x):
    return x / x.sum(-1, keepdim=True)


def roots(w):
    return w.sqrt().mean((1, 2))  # (B, T, N)


check_soft_mean = Check(
    "attempt(weights (B, L, A, T, N)) -> (B, T, N), each map sums to 1.",
    lambda w: shares(roots(w)),
    {
        "weights (2, 3, 4, 5, 7)": (random(2, 3, 4, 5, 7).softmax(-1),),
        "weights (3, 2, 5, 4, 6)": (random(3, 2, 5, 4, 6).softmax(-1),),
    },
    {
        "each map must sum to 1: divide by its sum": roots,
        "the plain mean: take the square root first": lambda w: w.mean((1, 2)),
        "the root of each head, then the mean": (
            lambda w: w.mean((1, 2)).sqrt(),
            lambda w: shares(w.mean((1, 2)).sqrt()),
        ),
        "sum over the keys, the last axis": (
            lambda w: roots(w) / roots(w).sum(1, keepdim=True),
            lambda w: roots(w) / roots(w).sum(0, keepdim=True),
            lambda w: roots(w) / roots(w).sum(),
        ),
        "make the mean sum to 1, not each head before it": (
            lambda w: shares(w.sqrt()).mean((1, 2))
        ),
        "the mean over the heads, not the largest": (
            lambda w: shares(w.sqrt().amax((1, 2))),
            lambda w: shares(w.amax((1, 2))),
        ),
        "the mean over layers and heads, axes 1 and 2": (
            lambda w: shares(w.sqrt().mean(1)),
            lambda w: shares(w.sqrt().mean(2)),
            lambda w: shares(w.sqrt().mean((0, 1))),
            lambda w: shares(w.sqrt().mean((2, 3))),
        ),
    },
)


def ranked(heat, mask, cut=0.5, count=None, largest=True, weigh=None, score=None):
    """Rank accuracy, right as it stands; what follows `mask` may go wrong."""
    (h, w), (H, W) = heat.shape, mask.shape
    cells = mask.double().unflatten(0, (h, H // h)).unflatten(2, (w, W // w))
    covered = cells.mean((1, 3)).flatten()  # (N,)
    on = covered > 0 if cut == 0 else covered >= cut
    K = count or int(on.sum())
    brightest = heat.flatten().topk(K, largest=largest).indices  # (K,)
    if weigh:
        return float(heat.flatten()[brightest[on[brightest]]].sum() / weigh(heat))
    return (
        score(covered[brightest], on, mask) if score else on[brightest].double().mean()
    )


def block(top, left, height, width, size=(24, 40)):
    mask = torch.zeros(size, dtype=torch.bool)
    mask[top : top + height, left : left + width] = True
    return mask


GRID = random(3, 5, seed=2).flatten().softmax(0).view(3, 5)
check_rank_accuracy = Check(
    "attempt(heat (h, w), mask (H, W)) -> a share in 0..1, for several maps.",
    ranked,
    {
        "an object of two rows and three columns of cells": (GRID, block(0, 8, 16, 24)),
        "an object whose edges cover some cells by less than half": (
            GRID,
            block(5, 3, 14, 26),
        ),
        "an object whose edges halve some cells": (GRID, block(0, 4, 20, 20)),
        "cells of 16 x 8 pixels": (GRID, block(9, 13, 30, 19, (48, 40))),
        "cells of 4 x 8 pixels": (GRID.flip(1), block(2, 6, 8, 22, (12, 40))),
    },
    {
        "a cell is on the object if HALF of it is covered, or more": (
            partial(ranked, cut=0),
            partial(ranked, cut=1),
            partial(ranked, cut=0.51),
        ),
        "count the cells on the object: that is K, and it is not always the same": (
            partial(ranked, count=1),
            partial(ranked, count=3),
            partial(ranked, count=5),
        ),
        "the brightest cells, not the faintest": partial(ranked, largest=False),
        "how many of them lie on it, not how much weight": (
            partial(ranked, weigh=lambda heat: heat.sum()),
            partial(ranked, weigh=lambda heat: 1),
        ),
        "a cell is on the object or not: count it as 1 or 0": partial(
            ranked, score=lambda covered, on, mask: covered.mean()
        ),
        "a share: divide by K": (
            partial(ranked, score=lambda covered, on, mask: (covered >= 0.5).sum()),
            partial(
                ranked,
                score=lambda covered, on, mask: (covered >= 0.5).sum() / len(on),
            ),
            partial(
                ranked,
                score=lambda covered, on, mask: (covered >= 0.5).sum() / mask.sum(),
            ),
        ),
    },
)
