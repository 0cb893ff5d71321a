"""Checks of notebooks 00 and 01: cells, keys, and the way between them."""

import torch

from helpers.checks.judge import judge, judge_cases, random


def check_count_keys(attempt):
    """attempt(H, W, stride) -> the number of cells."""
    H, W, stride = 96, 152, 8
    judge(
        attempt,
        (H, W, stride),
        (H // stride) * (W // stride),
        [
            (H * W // stride, "both sides shrink: divide H and W by the stride"),
            ((H // stride) ** 2, "the image is not square: use W for the columns"),
            (H // stride + W // stride, "rows times columns, not plus"),
        ],
    )


def check_looks_like_attention(attempt):
    """attempt(weights (..., N)) -> True for attention weights, False for others."""
    good = random(2, 3, 5).softmax(-1)
    negative = good.clone()
    negative[0, 0, :2] += torch.tensor([-1.0, 1.0])  # the row still sums to 1
    row = torch.tensor([0.5, 0.25, 0.125, 0.125])
    masked = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    judge_cases(
        attempt,
        [
            ("one row that sums to 1", (row,), True),
            ("weights (2, 3, 5), where each row sums to 1", (good,), True),
            ("rows that sum to 1.00005", (1.00005 * good,), True),
            ("rows that sum to 2", (2 * good,), False),
            ("rows that sum to 0.5", (0.5 * good,), False),
            (
                "weights that sum to 1 along axis 1, not along the last",
                (random(2, 3, 5).softmax(1),),
                False,
            ),
            ("a row with a negative weight", (negative,), False),
            ("a row in which two weights are 0", (masked,), True),
        ],
        [
            (lambda w: True, "your function says True to everything"),
            (
                lambda w: (w.sum(-1) == 1).all() and (w >= 0).all(),
                "allow for rounding: to within 1e-4, not exactly",
            ),
            (
                lambda w: ((w.sum(-1) - 1).abs() < 1e-4).all(),
                "a negative weight got through",
            ),
            (
                lambda w: ((w.sum(-1) - 1).abs() < 1e-4).all() and (w > 0).all(),
                "a weight of exactly 0 is allowed: a mask makes it",
            ),
            (
                lambda w: (w.sum() - 1).abs() < 1e-4 and (w >= 0).all(),
                "each row must sum to 1, not all of them together: sum(dim=-1)",
            ),
            (lambda w: (w >= 0).all(), "what do the rows sum to?"),
        ],
    )


def check_key_of(attempt):
    """attempt(row, column, h, w) -> the key of a cell, counted row by row."""
    row, column, h, w = 1, 3, 3, 5
    judge(
        attempt,
        (row, column, h, w),
        row * w + column,
        [
            (column * h + row, "that counts column by column; the course, row by row"),
            (row * h + column, "a row is w cells long, not h"),
            (row * w + column + 1, "keys count from 0"),
        ],
    )


def check_cell_of(attempt):
    """attempt(key, h, w) -> (row, column)."""
    key, h, w = 13, 3, 5
    judge(
        attempt,
        (key, h, w),
        (2, 3),
        [
            ((3, 2), "(row, column), in this order"),
            ((key // h, key % h), "a row is w cells long: divide by w"),
        ],
    )


def check_unflatten(attempt):
    """attempt(cells (B, N, D), h, w) -> feature map (B, D, h, w)."""
    B, h, w, D = 2, 3, 5, 4
    cells = random(B, h * w, D)
    right = cells.transpose(1, 2).unflatten(2, (h, w))
    judge(
        attempt,
        (cells, h, w),
        right,
        [
            (
                cells.reshape(B, D, h, w),
                "the shape is right and the content is not: reshape alone mixes cells "
                "with channels. Move the channels to axis 1 first",
            ),
            (
                cells.transpose(1, 2).unflatten(2, (w, h)),
                "that is w rows of h cells",
            ),
            (cells.unflatten(1, (h, w)), "the channels belong on axis 1: (B, D, h, w)"),
        ],
    )


def check_square_of(attempt):
    """attempt(row, column, stride) -> (left, top, right, bottom) in pixels."""
    judge(
        attempt,
        (1, 4, 8),
        (32, 8, 40, 16),
        [
            ((8, 32, 16, 40), "x goes with the column, y with the row"),
            ((32, 8, 39, 15), "right and bottom are the first pixels outside"),
        ],
    )
