"""Checks of notebook 04: heads and masks."""

import torch

from helpers.attention import softmax_over_keys
from helpers.checks.judge import judge, random


def check_split_heads(attempt):
    """attempt(x (B, T, D), heads) -> (B, A, T, D/A)."""
    x = random(2, 5, 12)
    judge(
        attempt,
        (x, 3),
        x.unflatten(-1, (3, 4)).transpose(1, 2),
        [
            (
                x.reshape(2, 3, 5, 4),
                "the shape is right and the content is not: that cuts the words apart. "
                "Split the last axis first, then move the heads forward",
            ),
            (x.unflatten(-1, (3, 4)), "the heads belong on axis 1: (B, A, T, D/A)"),
            (
                x.unflatten(-1, (4, 3)).permute(0, 3, 1, 2),
                "each head takes 4 channels next to each other, not every third",
            ),
        ],
    )


def check_merge_heads(attempt):
    """attempt(x (B, A, T, D/A)) -> (B, T, D), the way back."""
    x = random(2, 3, 5, 4)
    judge(
        attempt,
        (x,),
        x.transpose(1, 2).flatten(2),
        [
            (
                x.reshape(2, 5, 12),
                "the shape is right and the content is not: move the words before the "
                "heads first, then flatten",
            ),
            (x.transpose(1, 2), "now flatten the last two axes"),
        ],
    )


def check_causal_mask(attempt):
    """attempt(T) -> (T, T) bool, True where word t may look."""
    right = torch.ones(4, 4, dtype=torch.bool).tril()
    judge(
        attempt,
        (4,),
        right,
        [
            (right.mT, "that looks ahead instead of back: rows are queries"),
            (right.tril(-1), "a word may look at itself, too: keep the diagonal"),
            (~right, "True marks what may be looked at"),
        ],
    )


def check_reduce_heads(attempt):
    """attempt(weights (L, A, T, N)) -> one map a word, (T, N), each summing to 1."""
    weights = softmax_over_keys(random(2, 3, 4, 5))
    judge(
        attempt,
        (weights,),
        weights.mean((0, 1)),
        [
            (weights.sum((0, 1)), "those rows sum to L*A: take the mean"),
            (weights[-1].mean(0), "that is the last layer alone: average both axes"),
            (weights.mean((1, 2)), "that averages the words away: axes are L, A, T, N"),
        ],
    )
