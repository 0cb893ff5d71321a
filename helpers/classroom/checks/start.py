"""Checks of notebook 00: how many keys, and are they weights."""

import torch

from helpers.classroom.checks.judge import Check, Fault, random

WHOLE = Fault("a count is a whole number: use // instead of /")


class Count(Check):
    """A Check of whole numbers: 228.0 is none."""

    def run(self, function):
        answers = zip(super().run(function), self.cases.values(), strict=True)
        return [
            WHOLE if isinstance(found, float) and found == self.right(*case) else found
            for found, case in answers
        ]


check_count_keys = Count(
    "attempt(H, W, stride) -> the number of cells.",
    lambda H, W, s: (H // s) * (W // s),
    {
        "96 x 152 pixels, stride 8": (96, 152, 8),
        "224 x 192 pixels, stride 32": (224, 192, 32),
        "48 x 80 pixels, stride 16": (48, 80, 16),
    },
    {
        "both sides shrink: divide H and W by the stride": (
            lambda H, W, s: H * W // s,
            lambda H, W, s: H * W,
        ),
        "the image is not square: H for the rows, W for the columns": (
            lambda H, W, s: (H // s) ** 2,
            lambda H, W, s: (W // s) ** 2,
        ),
        "rows times columns, not plus": lambda H, W, s: H // s + W // s,
        "cells only: there is no class token here": lambda H, W, s: H // s * W // s + 1,
        "the stride is not the same for every model: divide by `stride`": tuple(
            lambda H, W, s, n=n: (H // n) * (W // n) for n in (8, 16, 32)
        ),
    },
)


def rows_that(sums, signs=True, tolerance=1e-4):
    """A check of weights by `sums` (what it says of the misses) and by their signs."""
    return lambda w: (
        sums((w.sum(-1) - 1).abs() < tolerance) and (not signs or (w >= 0).all())
    )


def summed(sums):
    """A check of weights that sums in another way than over the last axis."""
    return lambda w: ((sums(w) - 1).abs() < 1e-4).all() and (w >= 0).all()


GOOD = random(2, 3, 5).softmax(-1)
NEGATIVE = GOOD.clone()
NEGATIVE[0, 0, :2] += torch.tensor([-1.0, 1.0])  # the row still sums to 1
SUMS = torch.ones(2, 3, 1)
SUMS[1, 0] = 1.2
CANCEL = SUMS.clone()
CANCEL[0, 2] = 0.8
check_looks_like_attention = Check(
    "attempt(weights (..., N)) -> True for attention weights, False for others.",
    lambda w: bool((w >= 0).all() and ((w.sum(-1) - 1).abs() < 1e-4).all()),
    {
        "one row that sums to 1": (torch.tensor([0.5, 0.25, 0.125, 0.125]),),
        "weights (2, 3, 5), where each row sums to 1": (GOOD,),
        "rows that sum to 1.00005": (1.00005 * GOOD,),
        "rows in which some weights are 0": (torch.eye(3, 4)[None],),
        "rows that sum to 2": (2 * GOOD,),
        "rows that sum to 1.3": (1.3 * GOOD,),
        "rows that sum to 1.05": (1.05 * GOOD,),
        "rows that sum to 1.0005": (1.0005 * GOOD,),
        "rows that sum to 0.5": (0.5 * GOOD,),
        "six rows of which one sums to 1.2": (SUMS * GOOD,),
        "rows of which one sums to 1.2, another to 0.8": (CANCEL * GOOD,),
        "weights that sum to 1 along axis 0, not along the last": (
            random(2, 3, 5).softmax(0),
        ),
        "weights that sum to 1 along axis 1, not along the last": (
            random(2, 3, 5).softmax(1),
        ),
        "six rows of which one has a negative weight": (NEGATIVE,),
    },
    {
        "allow for rounding: to within 1e-4 (allclose is stricter unless told: "
        "atol=1e-4)": (
            rows_that(torch.all, tolerance=1e-5),
            lambda w: (w.sum(-1) == 1).all() and (w >= 0).all(),
        ),
        "to within 1e-4: you allow more": tuple(
            rows_that(torch.all, tolerance=t) for t in (0.4, 0.1, 0.01)
        ),
        "one bad row in a batch got through: `.all()`, not `.any()`": (
            rows_that(torch.any),
            lambda w: ((w.sum(-1) - 1).abs() < 1e-4).any() and (w >= 0).any(),
        ),
        "a negative weight got through": (
            rows_that(torch.all, signs=False),
            rows_that(torch.all, signs=False, tolerance=0.01),
        ),
        "a weight of exactly 0 is allowed": (
            lambda w: rows_that(torch.all)(w) and (w > 0).all()
        ),
        "each row must sum to 1, not all of them together: sum(dim=-1)": (
            summed(torch.sum)
        ),
        "that is the mean of the rows: each row must sum to 1": (
            summed(lambda w: w.sum(-1).mean())
        ),
        "the keys are on the last axis: sum(dim=-1), not sum(0)": (
            summed(lambda w: w.sum(0)),
            summed(lambda w: w.sum(1)),
            summed(lambda w: w.sum(-2)),
        ),
        "a sum below 1 got through: take .abs() of the difference": (
            lambda w: (w.sum(-1) - 1 < 1e-4).all() and (w >= 0).all()
        ),
        "what do the rows sum to?": lambda w: (w >= 0).all(),
    },
)
