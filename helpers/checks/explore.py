"""Checks of notebook 10: what an explorer shows."""

import torch

from helpers.checks.judge import judge, judge_cases, random


def check_best_head(attempt):
    """attempt(weights (L, A, N), covered (N,)) -> (layer, head)."""
    weights = 0.1 * random(3, 4, 35).softmax(-1)  # (L, A, N)
    covered = torch.zeros(35)  # (N,)
    covered[[8, 9, 15]] = torch.tensor([1.0, 0.5, 0.5])
    weights[1, 2, 8] += 0.5  # most on the object
    weights[2, 0, 30] += 0.9  # the highest peak, beside it
    weights[0, 3, [9, 15]] += 0.4  # more on cells that it touches, half covered
    judge(
        attempt,
        (weights, covered),
        (1, 2),
        [
            ((2, 0), "that is the highest peak: weigh it by `covered`"),
            ((0, 3), "a cell half covered counts half: multiply"),
            (6, "6 is layer 1, head 2, counted through: divmod"),
            ((2, 1), "layer first, then head"),
        ],
    )


def check_follows(attempt):
    """attempt(before (h, w), after (h, w), down, right) -> bool, for several pairs."""
    heat = torch.zeros(5, 9)
    heat[1, 3] = 1.0

    def case(name, moved, told, right):
        after = 0.5 * heat.roll(moved, (0, 1))  # (h, w): fainter, too
        return name, (heat, after, *told), right

    judge_cases(
        attempt,
        [
            case("a map that came along, 2 down and 4 right", (2, 4), (2, 4), True),
            case("a map that stayed where it was", (0, 0), (2, 4), False),
            case(
                "a map that went 4 down and 2 right, not 2 and 4", (4, 2), (2, 4), False
            ),
            case("a map that came along, 2 down and 3 left", (2, -3), (2, -3), True),
            case("a map that came along, 5 right", (0, 5), (0, 5), True),
        ],
        [
            ([False] * 5, "compare where the peaks are, not the values"),
            ([True] * 5, "one map stayed where it was: that is no"),
            (
                [False, False, True, False, False],
                "rows first: divmod(argmax, w) is row, column",
            ),
        ],
    )
