"""Exercises of notebook 10: attention of real models."""

import torch

from helpers.classroom.checks.judge import either, exercise, random


def weights(*shape):
    return list(random(*shape).softmax(-1))


@exercise(
    {
        "5 words, 6 rows, 4 heads, 7 keys": (weights(5, 6, 4, 7), [3, 3, 5, 4, 3]),
        "3 words, 4 rows, 2 heads, 5 keys": (weights(3, 4, 2, 5), [2, 0, 1]),
    }
)
def check_follow(steps, rows):
    """attempt(steps: T tensors (B * beams, A, N), rows: T) -> (T, A, N)."""
    every = torch.stack(steps)  # (T, B * beams, A, N)

    def picked(steps, rows):
        return steps[torch.arange(len(rows)), rows]  # (T, A, N)

    right = picked(every, rows)
    return right, {
        "row 0 at every step: take rows[t] at step t": every[:, 0],
        "the first row throughout: take rows[t]": every[:, rows[0]],
        "the last row throughout: take rows[t]": every[:, rows[-1]],
        "that takes all rows at every step: row rows[t] at step t": every[:, rows],
        "step t belongs to rows[t]: one of them is reversed": either(
            picked(every, rows[::-1]),
            picked(every.flip(0), rows),
            picked(every.flip(0), rows[::-1]),
        ),
        "words first, then heads: (T, A, N)": right.transpose(0, 1),
        "keep the heads: (T, A, N)": right.mean(1),
        "one below the other is (T * A, N): torch.stack, not cat": right.flatten(0, 1),
    }


def prompt(before, h, w):
    """Ids of a prompt: some text, h rows of w image tokens (50) and a newline, text."""
    return torch.tensor([*range(1, before + 1), *([50] * w + [51]) * h, 8, 9])


@exercise((prompt(2, 3, 5), 50, 3, 5), (prompt(4, 4, 2), 50, 4, 2))
def check_find_image(ids, image, h, w):
    """attempt(ids (N,), image, h, w) -> index (h, w), newlines left out."""
    places = (ids == image).nonzero()[:, 0]  # (h*w,)
    index, first = places.view(h, w), places[0]
    without_breaks = first + torch.arange(h * w).view(h, w)
    return index, {
        "a newline is between: a row begins w + 1 keys after the last": without_breaks,
        "count from the start of the prompt, not of the image": index - first,
        "count from 0": index + 1,
        "(h, w), in this order": [index.T, places.view(w, h)],
        "row by row: view(h, w) alone": places.view(w, h).T,
        "give it the shape of the grid, (h, w)": [places, places[:, None]],
        "where the ids are, not the ids themselves": ids[index],
        "that is a mask: `nonzero()` gives the places": ids == image,
    }
