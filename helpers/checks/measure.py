"""Checks of notebook 08: measuring maps."""

import torch

from helpers.checks.judge import judge, judge_cases, random


def check_is_hit(attempt):
    """attempt(heat (h, w), mask (H, W), allowed) -> bool, for several maps."""
    heat = torch.zeros(3, 5)  # cells of 8 x 8 pixels: the peak is at row 12, column 28
    heat[1, 3] = 1.0
    masks = torch.zeros(6, 24, 40, dtype=torch.bool)
    masks[0, 10:14, 25:30] = True  # on the peak
    masks[1, 12, 31] = True  # 3 to the right
    masks[2, 16, 28] = True  # 4 below
    masks[3, 8:16, 36:40] = True  # 8 to the right
    masks[4, 20:, 10:15] = True  # at the peak with rows and columns swapped
    masks[5, :3, :3] = True  # in the corner
    edge = torch.zeros(3, 5)
    edge[0, 0] = 1.0  # its square reaches beyond the picture

    judge_cases(
        attempt,
        [
            ("a mask on the peak", (heat, masks[0], 3), True),
            ("a mask 3 pixels to the right, 3 allowed", (heat, masks[1], 3), True),
            ("a mask 4 pixels below, 3 allowed", (heat, masks[2], 3), False),
            ("a mask 8 pixels to the right, 3 allowed", (heat, masks[3], 3), False),
            ("a mask where row and column are swapped", (heat, masks[4], 3), False),
            ("a peak in the corner, far from the mask", (edge, masks[3], 6), False),
            ("a peak in the corner, beside the mask", (edge, masks[5], 6), True),
        ],
        [
            (
                [True] + [False] * 5 + [True],
                "`allowed` counts on all four sides, so the square has 2 * allowed + 1 "
                "pixels a side: mind the end of a slice",
            ),
            (
                [True, True] + [False] * 5,
                "a slice that begins below 0 is empty: begin it at max(0, ...)",
            ),
            ([True] * 3 + [False] * 3 + [True], "3 is not 4"),
            ([False] * 4 + [True, False, True], "row first, then column"),
        ],
    )


def check_soft_mean(attempt):
    """attempt(weights (B, L, A, T, N)) -> (B, T, N), each map sums to 1."""
    weights = random(2, 3, 4, 5, 7).softmax(-1)
    roots = weights.sqrt().mean((1, 2))  # (B, T, N)
    right = roots / roots.sum(-1, keepdim=True)
    judge(
        attempt,
        (weights,),
        right,
        [
            (roots, "each map must sum to 1: divide by its sum"),
            (
                weights.mean((1, 2)),
                "the plain mean: take the square root first",
            ),
            (weights.mean((1, 2)).sqrt(), "the root of each head, then the mean"),
            (
                roots / roots.sum(1, keepdim=True),
                "sum over the keys, the last axis",
            ),
        ],
    )


def check_right_object(attempt):
    """attempt(heat (h, w), masks (objects, h, w)) -> bool, for several maps."""
    heat = random(3, 5).flatten().softmax(0).view(3, 5)
    masks = torch.zeros(3, 3, 5)
    top = int(heat.argmax())
    masks[1].view(-1)[top] = 1  # the peak is on object 1 ...
    masks[0] = 1 - masks[1]  # ... but the mass on object 0
    masks[2, 2, 4] = 0.5

    judge_cases(
        attempt,
        [
            ("most of the mass on object 0", (heat, masks), True),
            ("the peak on object 0, the mass on 1", (heat, masks[[1, 0, 2]]), False),
            ("the peak on object 0, the mass on 2", (heat, masks[[1, 2, 0]]), False),
            ("most of the mass on object 1", (heat, masks[[2, 0, 1]]), False),
        ],
        [
            ([False, True, True, False], "the mass, not the peak"),
            ([True, False, True, False], "more than EVERY other object"),
            ([False, True, True, True], "more, not less"),
        ],
    )
