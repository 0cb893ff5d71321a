"""Checks of notebook 10: attention of real models."""

import torch

from helpers.classroom.checks.judge import Check, random


def picked(steps, rows):
    return torch.stack([step[row] for step, row in zip(steps, rows, strict=True)])


check_follow = Check(
    "attempt(steps: T tensors (B * beams, A, N), rows: T) -> (T, A, N).",
    picked,
    {
        "5 words, 6 rows, 4 heads, 7 keys": (
            list(random(5, 6, 4, 7).softmax(-1)),
            [3, 3, 5, 4, 3],
        ),
        "3 words, 4 rows, 2 heads, 5 keys": (
            list(random(3, 4, 2, 5).softmax(-1)),
            [2, 0, 1],
        ),
    },
    {
        "row 0 at every step: take rows[t] at step t": (
            lambda steps, rows: torch.stack(steps)[:, 0]
        ),
        "the first row throughout: take rows[t]": (
            lambda steps, rows: torch.stack(steps)[:, rows[0]]
        ),
        "the last row throughout: take rows[t]": (
            lambda steps, rows: torch.stack(steps)[:, rows[-1]]
        ),
        "that takes all rows at every step: row rows[t] at step t": (
            lambda steps, rows: torch.stack(steps)[:, rows]
        ),
        "step t belongs to rows[t]: one of them is reversed": (
            lambda steps, rows: picked(steps, rows[::-1]),
            lambda steps, rows: picked(steps[::-1], rows),
            lambda steps, rows: picked(steps[::-1], rows[::-1]),
        ),
        "words first, then heads: (T, A, N)": (
            lambda steps, rows: picked(steps, rows).transpose(0, 1)
        ),
        "keep the heads: (T, A, N)": lambda steps, rows: picked(steps, rows).mean(1),
        "one below the other is (T * A, N): torch.stack, not cat": (
            lambda steps, rows: picked(steps, rows).flatten(0, 1)
        ),
    },
)


def prompt(before, h, w):
    """Ids of a prompt: some text, h rows of w image tokens (50) and a newline, text."""
    return torch.tensor([*range(1, before + 1), *([50] * w + [51]) * h, 8, 9])


def places(ids, image):
    return (ids == image).nonzero()[:, 0]  # (h*w,)


check_find_image = Check(
    "attempt(ids (N,), image, h, w) -> index (h, w), newlines left out.",
    lambda ids, image, h, w: places(ids, image).view(h, w),
    {
        "2 words in front of 3 x 5 cells": (prompt(2, 3, 5), 50, 3, 5),
        "4 words in front of 4 x 2 cells": (prompt(4, 4, 2), 50, 4, 2),
    },
    {
        "the newlines are in between: a row begins w + 1 keys after the last": (
            lambda ids, image, h, w: (
                places(ids, image)[0] + torch.arange(h * w).view(h, w)
            )
        ),
        "count from the start of the prompt, not of the image": (
            lambda ids, image, h, w: (
                places(ids, image).view(h, w) - places(ids, image)[0]
            )
        ),
        "count from 0": lambda ids, image, h, w: places(ids, image).view(h, w) + 1,
        "(h, w), in this order": (
            lambda ids, image, h, w: places(ids, image).view(h, w).T,
            lambda ids, image, h, w: places(ids, image).view(w, h),
        ),
        "row by row: view(h, w) alone": (
            lambda ids, image, h, w: places(ids, image).view(w, h).T
        ),
        "give it the shape of the grid, (h, w)": (
            lambda ids, image, h, w: places(ids, image),
            lambda ids, image, h, w: (ids == image).nonzero(),
        ),
        "where the ids are, not the ids themselves": (
            lambda ids, image, h, w: ids[ids == image].view(h, w)
        ),
        "that is a mask: `nonzero()` gives the places": (
            lambda ids, image, h, w: ids == image
        ),
    },
)
