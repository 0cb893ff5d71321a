"""Checks of notebook 08: measuring maps."""

from functools import partial

import torch

from helpers.classroom.checks.judge import Check, random


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


def mass(heat, masks):
    return (heat * masks).sum((1, 2))  # (objects,)


HEAT = random(3, 5).flatten().softmax(0).view(3, 5)
MASKS = torch.zeros(3, 3, 5)
MASKS[1].view(-1)[int(HEAT.argmax())] = 1  # the peak is on object 1 ...
MASKS[0] = 1 - MASKS[1]  # ... but the mass on object 0
MASKS[2, 2, 4] = 0.5
RANK = HEAT.flatten().argsort().argsort().view(3, 5)  # 0 where the map is faintest
check_right_object = Check(
    "attempt(heat (h, w), masks (objects, h, w)) -> bool, for several maps.",
    lambda heat, masks: bool((mass(heat, masks)[0] > mass(heat, masks)[1:]).all()),
    {
        "most of the mass on object 0": (HEAT, MASKS),
        "the mass on 0, less than on the two others together": (
            HEAT,
            0.4 * torch.stack([MASKS[0], 0.9 * MASKS[0], 0.8 * MASKS[0]]),
        ),
        "the peak on object 0, the mass on 1": (HEAT, MASKS[[1, 0, 2]]),
        "the peak on object 0, the mass on 2": (HEAT, MASKS[[1, 2, 0]]),
        "most of the mass on object 1": (HEAT, MASKS[[2, 0, 1]]),
        "a small object 0 with more mass than a large one": (
            HEAT,
            torch.stack([RANK > 10, RANK < 8]).float(),
        ),
        "no mass on any object": (HEAT, torch.zeros(3, 3, 5)),
    },
    {
        "the mass, not the peak": (
            lambda heat, masks: masks[0].flatten()[heat.argmax()] > 0,
            lambda heat, masks: masks.flatten(1)[:, heat.argmax()].argmax() == 0,
            lambda heat, masks: (
                (heat * masks[0]).max() > (heat * masks[1:]).flatten(1).amax(1)
            ).all(),
        ),
        "more than EVERY other object": (
            lambda heat, masks: (mass(heat, masks)[0] > mass(heat, masks)[1:]).any(),
            lambda heat, masks: mass(heat, masks)[0] > mass(heat, masks)[1],
            lambda heat, masks: mass(heat, masks)[0] > mass(heat, masks)[-1],
        ),
        "more than each other object, not than all of them together": (
            lambda heat, masks: mass(heat, masks)[0] > mass(heat, masks)[1:].sum()
        ),
        "more, not less": (
            lambda heat, masks: (mass(heat, masks)[0] < mass(heat, masks)[1:]).all()
        ),
        "more, not as much: on all of them may be nothing": (
            lambda heat, masks: (mass(heat, masks)[0] >= mass(heat, masks)[1:]).all(),
            lambda heat, masks: mass(heat, masks).argmax() == 0,
        ),
        "the mass, not the mean over the object: do not divide by its size": (
            lambda heat, masks: (mass(heat, masks) / masks.sum((1, 2))).argmax() == 0
        ),
        "weigh the cells by the map: that is the size of the objects": (
            lambda heat, masks: (masks[0].sum() > masks[1:].sum((1, 2))).all()
        ),
    },
)
