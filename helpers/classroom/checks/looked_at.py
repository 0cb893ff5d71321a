"""Check of notebook 04: what cells look at."""

from helpers.captioning.attention import softmax_over_keys
from helpers.classroom.checks.judge import Check, random


def laid_out(reduced):
    """Maps (B, h, w) of weights (B, A, N, N) that `reduced` to (B, N)."""
    return lambda weights, h, w: reduced(weights).unflatten(-1, (h, w))


check_looked_at = Check(
    "attempt(weights (B, A, N, N), h, w) -> what a cell receives, (B, h, w).",
    laid_out(lambda x: x.mean((1, 2))),
    {
        "2 images, 4 heads, 3 x 5 cells": (
            softmax_over_keys(random(2, 4, 15, 15)),
            3,
            5,
        ),
        "3 images, 2 heads, 4 x 2 cells": (softmax_over_keys(random(3, 2, 8, 8)), 4, 2),
    },
    {
        "that is the mean of each row, 1 / N everywhere: columns are looked at": (
            laid_out(lambda x: x.mean((1, 3)))
        ),
        "the mean, not the sum: the map must sum to 1": (
            laid_out(lambda x: x.sum((1, 2))),
            laid_out(lambda x: x.mean(1).sum(1)),
            laid_out(lambda x: x.sum(1).mean(1)),
        ),
        "the mean, not the largest": (
            laid_out(lambda x: x.amax((1, 2))),
            laid_out(lambda x: x.mean(1).amax(1)),
            laid_out(lambda x: x.amax(1).mean(1)),
        ),
        "that is the row of one cell: average over all that look": (
            laid_out(lambda x: x.mean(1)[:, 0]),
            laid_out(lambda x: x.mean(1)[:, -1]),
        ),
        "that is the diagonal, what each cell gives itself": (
            laid_out(lambda x: x.mean(1).diagonal(dim1=-2, dim2=-1))
        ),
        "that is one head alone: average over all": (
            laid_out(lambda x: x[:, 0].mean(1)),
            laid_out(lambda x: x[:, -1].mean(1)),
        ),
        "the heads are still there: average over them": laid_out(lambda x: x.mean(2)),
        "keep the images: (B, h, w)": laid_out(lambda x: x.mean((0, 1, 2))),
        "(h, w), in this order": (
            lambda x, h, w: x.mean((1, 2)).unflatten(-1, (w, h)),
            lambda x, h, w: x.mean((1, 2)).unflatten(-1, (h, w)).mT,
        ),
        "row by row: unflatten into (h, w), do not transpose (w, h)": (
            lambda x, h, w: x.mean((1, 2)).unflatten(-1, (w, h)).mT
        ),
        "now lay it out: unflatten the N cells into (h, w)": (
            lambda x, h, w: x.mean((1, 2))
        ),
    },
)
