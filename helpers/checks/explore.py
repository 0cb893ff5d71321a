"""Checks of notebook 10: what an explorer shows."""

import torch

from helpers.checks.judge import judge, random


def check_best_head(attempt):
    """attempt(weights (L, A, N), covered (N,)) -> (layer, head)."""
    weights = 0.1 * random(3, 4, 35).softmax(-1)  # (L, A, N)
    covered = torch.zeros(35)  # (N,)
    covered[[8, 9, 15]] = torch.tensor([1.0, 0.5, 0.5])
    weights[1, 2, 8] += 0.5  # most on the object
    weights[2, 0, 30] += 0.9  # the highest peak, beside it
    weights[0, 3, [9, 15]] += 0.4  # more on cells that it touches, half covered
    judge(
        lambda *inputs: torch.tensor([int(n) for n in attempt(*inputs)]),
        (weights, covered),
        torch.tensor([1, 2]),
        [
            (torch.tensor([2, 0]), "that is the highest peak: weigh it by `covered`"),
            (torch.tensor([0, 3]), "a cell half covered counts half: multiply"),
            (torch.tensor([6]), "6 is layer 1, head 2, counted through: divmod"),
            (torch.tensor([2, 1]), "layer first, then head"),
        ],
    )


def check_follows(attempt):
    """attempt(before (h, w), after (h, w), down, right) -> bool, for several pairs."""
    heat = torch.zeros(5, 9)
    heat[1, 3] = 1.0
    moved = [(2, 4), (0, 0), (4, 2), (2, -3), (0, 5)]
    truth = [True, False, False, True, True]
    told = [(2, 4), (2, 4), (2, 4), (2, -3), (0, 5)]

    def run():
        answers = []
        for (r, c), (down, right) in zip(moved, told, strict=True):
            after = 0.5 * heat.roll((r, c), (0, 1))  # (h, w): fainter, too
            answers.append(bool(attempt(heat, after, down, right)))
        return answers

    judge(
        run,
        (),
        torch.tensor(truth),
        [
            (torch.tensor([False] * 5), "compare where the peaks are, not the values"),
            (torch.tensor([True] * 5), "one map stayed where it was: that is no"),
            (
                torch.tensor([False, False, True, False, False]),
                "rows first: divmod(argmax, w) is row, column",
            ),
        ],
    )
