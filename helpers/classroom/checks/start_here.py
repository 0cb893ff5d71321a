"""Exercises of notebook 00: how many keys there are, and whether they got weights."""

import torch

from helpers.classroom.checks.judge import either, exercise, random


@exercise((96, 152, 8), (224, 192, 32), (48, 80, 16))
def check_count_keys(H, W, stride):
    """attempt(H, W, stride) -> the number of cells."""
    h, w = H // stride, W // stride
    return h * w, {
        "both sides shrink: divide H and W by the stride": [H * W // stride, H * W],
        "the image is not square: H for the rows, W for the columns": [h * h, w * w],
        "rows times columns, not plus": h + w,
        "cells only: there is no class token here": h * w + 1,
        "by `stride`: it is not always 8": [(H // n) * (W // n) for n in (8, 16, 32)],
    }


GOOD = random(2, 3, 5).softmax(-1)
NEGATIVE = GOOD.clone()
NEGATIVE[0, 0, :2] += torch.tensor([-1.0, 1.0])  # the row still sums to 1
SUMS = torch.ones(2, 3, 1)
SUMS[1, 0] = 1.2
CANCEL = SUMS.clone()
CANCEL[0, 2] = 0.8


@exercise(
    {
        "one row that sums to 1": [torch.tensor([0.5, 0.25, 0.125, 0.125])],
        "weights (2, 3, 5), where each row sums to 1": [GOOD],
        "rows in which some weights are 0": [torch.eye(3, 4)[None]],
        **{
            f"rows that sum to {total}": [total * GOOD]
            for total in (1.00005, 2, 1.3, 1.05, 1.0005, 0.5)
        },
        "six rows of which one sums to 1.2": [SUMS * GOOD],
        "rows of which one sums to 1.2, another to 0.8": [CANCEL * GOOD],
        "weights that sum to 1 along axis 0 alone": [random(2, 3, 5).softmax(0)],
        "weights that sum to 1 along axis 1 alone": [random(2, 3, 5).softmax(1)],
        "six rows of which one has a negative weight": [NEGATIVE],
    }
)
def check_looks_like_attention(weights):
    """attempt(weights (..., N)) -> True for attention weights, False for others."""
    sums, positive = weights.sum(-1), bool((weights >= 0).all())
    misses = (sums - 1).abs()

    def summed(sums, allowed=1e-4):
        return positive and bool(((sums - 1).abs() < allowed).all())

    def summed_over(axis):
        return summed(weights.sum(axis)) if weights.dim() > 1 else IndexError()

    return summed(sums), {
        "allow for rounding: to within 1e-4 (allclose is stricter unless told: "
        "atol=1e-4)": [summed(sums, 1e-5), positive and (sums == 1).all()],
        "to within 1e-4: you allow more": [summed(sums, t) for t in (0.4, 0.1, 0.01)],
        "one bad row in a batch got through: `.all()`, not `.any()`": either(
            positive and (misses < 1e-4).any(),
            (misses < 1e-4).any() and (weights >= 0).any(),
        ),
        "a negative weight got through": [(misses < t).all() for t in (1e-4, 0.01)],
        "a weight of exactly 0 is allowed": summed(sums) and (weights > 0).all(),
        "each row must sum to 1, not all together: sum(dim=-1)": summed(weights.sum()),
        "that is the mean of the rows: each row must sum to 1": summed(sums.mean()),
        "the keys are on the last axis: sum(dim=-1), not sum(0)": either(
            summed(weights.sum(0)), *map(summed_over, (1, -2))
        ),
        "a sum below 1 got through: take .abs()": positive and sums.max() - 1 < 1e-4,
        "what do the rows sum to?": positive,
    }
