"""Exercises of notebook 08: measuring maps."""

import torch

from helpers.classroom.checks.judge import either, exercise, random


def hit(heat, mask, allowed, lowest=0, end=1, middle=0.5, order=1, stride=None):
    """The pointing game, right as it stands; what follows `allowed` may go wrong."""
    (h, w), (H, W) = heat.shape, mask.shape
    row, column = divmod(int(heat.argmax()), w)[::order]
    y = int((row + middle) * (stride or H / h))
    x = int((column + middle) * (stride or W / w))
    rows, columns = (slice(max(lowest, n - allowed), n + allowed + end) for n in (y, x))
    return bool(mask[rows, columns].any())


def heat_at(row, column):
    heat = torch.zeros(3, 5)
    heat[row, column] = 1.0
    return heat


def block(top, left, height, width, size=(24, 40)):
    """A mask that is True in a rectangle."""
    mask = torch.zeros(size, dtype=torch.bool)
    mask[top : top + height, left : left + width] = True
    return mask


def mask_at(row, column, size=(24, 40)):
    return block(row, column, 1, 1, size)


PEAK = heat_at(1, 3)  # cells of 8 x 8 pixels: the peak is at row 12, column 28


@exercise(
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
        "a peak in the corner, far from the mask": (heat_at(0, 0), mask_at(12, 38), 6),
        "a peak in the corner, beside the mask": (heat_at(0, 0), mask_at(2, 1), 6),
        "cells of 16 x 8 pixels, the mask on it": (PEAK, mask_at(24, 28, (48, 40)), 1),
    }
)
def check_is_hit(heat, mask, allowed):
    """attempt(heat (h, w), mask (H, W), allowed) -> bool, for several maps."""
    row, column = divmod(int(heat.argmax()), heat.shape[1])
    y = int((row + 0.5) * mask.shape[0] / heat.shape[0])
    x = int((column + 0.5) * mask.shape[1] / heat.shape[1])
    away = (mask.nonzero() - torch.tensor([y, x])).abs().double()  # (pixels, 2)

    def wrong(**part):
        return hit(heat, mask, allowed, **part)

    return wrong(), {
        "`allowed` counts on all four sides, so the square has 2 * allowed + 1 pixels "
        "a side: mind the end of a slice": wrong(end=0),
        "a slice that begins below 0 is empty: use max(0, ...)": wrong(lowest=-99),
        "3, not 4: up to `allowed`": [wrong(end=2), away.amax(1).min() <= allowed + 1],
        "row first, then column": wrong(order=-1),
        "start from the middle of the cell, not from its corner": wrong(middle=0),
        "a cell has H / h by W / w pixels: it is not always 8": wrong(stride=8),
        "cells to pixels: H / h each": [wrong(stride=1), wrong(stride=1, middle=0)],
        "a square: `allowed` rows and `allowed` columns, not a circle": either(
            away.norm(dim=1).min() <= allowed, away.sum(1).min() <= allowed
        ),
        "`allowed` is missing: how far the mask may be": hit(heat, mask, 0),
    }


@exercise([random(2, 3, 4, 5, 7).softmax(-1)], [random(3, 2, 5, 4, 6).softmax(-1)])
def check_soft_mean(weights):
    """attempt(weights (B, L, A, T, N)) -> (B, T, N), each map sums to 1."""
    each = weights.sqrt()  # (B, L, A, T, N)
    roots, mean = each.mean((1, 2)), weights.mean((1, 2))  # (B, T, N)

    means = [each.mean(axes) for axes in (1, 2, (0, 1), (2, 3))]
    totals = roots.sum(1, keepdim=True), roots.sum(0, keepdim=True), roots.sum()

    def shares(x):
        return x / x.sum(-1, keepdim=True)

    return shares(roots), {
        "each map must sum to 1: divide by its sum": roots,
        "the plain mean: take the square root first": mean,
        "the root of each head, then the mean": [mean.sqrt(), shares(mean.sqrt())],
        "sum over the keys, the last axis": [roots / total for total in totals],
        "make the mean sum to 1, not each head before it": shares(each).mean((1, 2)),
        "the mean over the heads, not the largest": either(
            shares(each.amax((1, 2))), shares(weights.amax((1, 2)))
        ),
        "the mean over layers and heads, axes 1 and 2": [shares(m) for m in means],
    }


GRID = random(3, 5, seed=2).flatten().softmax(0).view(3, 5)


@exercise(
    {
        "an object of two rows and three columns of cells": (GRID, block(0, 8, 16, 24)),
        "edges that cover less than half of some cells": (GRID, block(5, 3, 14, 26)),
        "edges that halve some cells": (GRID, block(0, 4, 20, 20)),
        "cells of 16 x 8 pixels": (GRID, block(9, 13, 30, 19, (48, 40))),
        "cells of 4 x 8 pixels": (GRID.flip(1), block(2, 6, 8, 22, (12, 40))),
    }
)
def check_rank_accuracy(heat, mask):
    """attempt(heat (h, w), mask (H, W)) -> a share in 0..1, for several maps."""
    (h, w), (H, W) = heat.shape, mask.shape
    cells = mask.double().unflatten(0, (h, H // h)).unflatten(2, (w, W // w))
    covered, weights = cells.mean((1, 3)).flatten(), heat.flatten()  # (N,), (N,)
    on = covered >= 0.5  # (N,)
    K = int(on.sum())
    others = covered > 0, covered >= 1, covered >= 0.51  # (N,) each
    brightest = weights.topk(K).indices  # (K,)
    hits = on[brightest].double()  # (K,)
    mass = (weights[brightest] * hits).sum()

    def share(on, K=None, largest=True):
        K = K or int(on.sum())
        return on[weights.topk(K, largest=largest).indices].double().mean()

    return hits.mean(), {
        "a cell is on the object if HALF is covered, or more": [*map(share, others)],
        "count the cells on the object: that is K": [share(on, K) for K in (1, 3, 5)],
        "the brightest cells, not the faintest": share(on, K, largest=False),
        "how many of them lie on it, not how much weight": [mass / weights.sum(), mass],
        "a cell is on the object or not: count it as 1 or 0": covered[brightest].mean(),
        "a share: divide by K": [hits.sum() / n for n in (1, len(on), mask.sum())],
    }
