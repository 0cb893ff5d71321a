"""Checks of notebook 09: attention of real models."""

import torch

from helpers.checks.judge import judge, random
from helpers.layout import TokenLayout


def check_follow(attempt):
    """attempt(steps: T tensors (B * beams, A, N), rows: T) -> (T, A, N)."""
    steps = list(random(5, 6, 4, 7).softmax(-1))  # 5 of (6, 4, 7)
    rows = [3, 3, 5, 4, 3]
    right = torch.stack([step[row] for step, row in zip(steps, rows, strict=True)])
    judge(
        attempt,
        (steps, rows),
        right,
        [
            (torch.stack(steps)[:, 0], "row 0 at every step: take rows[t] at step t"),
            (torch.stack(steps)[:, 3], "the first row throughout: take rows[t]"),
            (right.transpose(0, 1), "words first, then heads: (T, A, N)"),
            (right.mean(1), "keep the heads: (T, A, N)"),
        ],
    )


def check_find_image(attempt):
    """attempt(ids (N,), image, h, w) -> index (h, w), newlines left out."""
    image, newline, h, w = 50, 51, 3, 5
    ids = [1, 7, *([image] * w + [newline]) * h, 8, 9]
    first = torch.arange(h)[:, None] * (w + 1)  # (h, 1)
    right = 2 + first + torch.arange(w)  # (h, w)
    judge(
        attempt,
        (torch.tensor(ids), image, h, w),
        right,
        [
            (
                2 + torch.arange(h * w).view(h, w),
                "the newlines are in between: a row begins w + 1 keys after the last",
            ),
            (right - 2, "count from the start of the prompt, not of the image"),
            (right.T, "(h, w), in this order"),
            (right.flatten(), "give it the shape of the grid, (h, w)"),
        ],
    )


def check_image_share(attempt):
    """attempt(weights (A, T, N), layout) -> (T,)."""
    layout = TokenLayout.from_grid(2, 3, prefix=2, suffix=1)
    weights = (3 * random(4, 5, 9)).softmax(-1)  # (A, T, N)
    share = layout.to_grid(weights).sum((-2, -1))  # (A, T)
    judge(
        attempt,
        (weights, layout),
        share.mean(0),
        [
            (share, "one number a word: average the heads"),
            (share.mean(1), "average the heads, axis 0, and keep the words"),
            (share.sum(0), "mean of the heads, not sum"),
            (1 - share.mean(0), "that is the share beside the image"),
            (weights.sum(-1).mean(0), "all keys sum to 1: only those of the image"),
            (layout.to_grid(weights).mean((-2, -1)).mean(0), "the sum over the cells"),
        ],
    )
