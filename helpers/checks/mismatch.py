"""Checks of notebooks 05 and 06: what does not fit, loudly or silently."""

import torch

from helpers.checks.judge import judge, judge_cases, random

# Notebook 05: reproduce the mismatch


def check_keys_that_are_no_cells(attempt):
    """attempt(N, H, W, stride) -> N - h*w; ValueError if there are fewer keys."""
    cases = [(197, 224, 224, 16), (389, 224, 336, 14), (56, 100, 150, 16)]
    fewer = (49, 224, 224, 16)

    def run(*inputs):
        found = []
        for case in inputs:
            try:
                answer = attempt(*case)
                number = isinstance(answer, (int, float))
                found.append(f"{answer:g}" if number else str(answer))
            except ValueError as error:
                named = "49" in str(error) and "196" in str(error)
                found.append("an error that names both" if named else "an error")
        return found

    right = ["1", "5", "2", "an error that names both"]
    judge(
        run,
        [*cases, fewer],
        right,
        [
            (
                [*right[:3], "-147"],
                "49 keys are fewer than 196 cells: raise ValueError",
            ),
            ([*right[:3], "an error"], "name both numbers in the message: 49 and 196"),
            (["1", "133", "20", right[3]], "the image is not square: w comes from W"),
            (
                ["1", "5", "-2.59375", "-147"],
                "part of a cell is no cell: h = H // stride, and w alike",
            ),
            (
                ["1", "5", "an error", right[3]],
                "part of a cell is no cell: h = H // stride, and w alike",
            ),
        ],
    )


def check_state_beside_cells(attempt):
    """attempt(state (layers, B, D), N) -> (B, N, D), the last layer's state."""
    state, N = random(2, 3, 4), 5
    right = state[-1][:, None].expand(-1, N, -1)
    judge(
        attempt,
        (state, N),
        right,
        [
            (state[0][:, None].expand(-1, N, -1), "that is the first layer: take [-1]"),
            (state[-1].expand(N, -1, -1), "that is (N, B, D): the cells go second"),
            (state[-1], "that is (B, D): add an axis for the cells, and expand it"),
            (state[-1][:, None], "that is (B, 1, D): expand the axis to N"),
        ],
    )


def check_read_numbers(attempt):
    """attempt(a, b) -> "expanded twice", "extra tokens" or "another axis"."""
    pairs = [(3, 9), (64, 8), (197, 196), (256, 261), (49, 196), (2, 4)]
    twice, extra, other = "expanded twice", "extra tokens", "another axis"
    right = [twice, twice, extra, extra, other, twice]
    judge(
        lambda *inputs: [attempt(*pair) for pair in inputs],
        pairs,
        right,
        [
            (
                [*right[:5], extra],
                "2 and 4 differ by 2, but 4 is the square: ask first",
            ),
            ([twice, other, *right[2:]], "the larger one may stand first: sort them"),
        ],
    )


# Notebook 06: when nothing crashes


def check_lays_out_right(attempt):
    """attempt(lay_out, h, w) -> True if key k arrives at row k // w, column k % w."""
    h, w = 3, 5

    def case(name, lay_out, right=False):
        return name, (lay_out, h, w), right

    judge_cases(
        attempt,
        [
            case("keys laid out as (3, 5)", lambda k: k.unflatten(0, (3, 5)), True),
            case("keys laid out as (5, 3)", lambda k: k.unflatten(0, (5, 3))),
            case("keys counted down the columns", lambda k: k.unflatten(0, (5, 3)).T),
            case("keys one place too late", lambda k: k.roll(1).unflatten(0, (3, 5))),
            case("rows upside down", lambda k: k.unflatten(0, (3, 5)).flip(0)),
        ],
        [
            (
                lambda lay_out, h, w: lay_out(torch.arange(h * w)).shape == (h, w),
                "the shape alone is not enough",
            ),
            (lambda lay_out, h, w: True, "your function says True to everything"),
        ],
    )


def check_share_one_map(attempt):
    """attempt(maps (T, h, w)) -> True if no cell changes from word to word."""
    different = random(4, 3, 5).flatten(1).softmax(-1).unflatten(1, (3, 5))
    same = different[:1].expand(4, 3, 5)
    nearly = same + 1e-8 * random(4, 3, 5, seed=1)
    one_differs = same.clone()
    one_differs[3] = different[3]

    def close(x, y):
        return (x - y).abs().max() < 1e-3 * x.max()

    judge_cases(
        attempt,
        [
            ("four words that share one map", (same,), True),
            ("four maps that differ by rounding", (nearly,), True),
            ("four different maps", (different,), False),
            ("four different and faint maps", (1e-3 * different,), False),
            (
                "four maps of which only the last differs",
                (one_differs,),
                False,
            ),
        ],
        [
            (
                lambda maps: (maps == maps[0]).all(),
                "rounding differs: allow a thousandth",
            ),
            (
                lambda maps: close(maps[0], maps[1]),
                "one word of four differs: compare all words",
            ),
            (
                lambda maps: (maps.amax(0) - maps.amin(0)).max() < 1e-3,
                "a thousandth of the largest weight, not of 1",
            ),
            (lambda maps: True, "your function says True to everything"),
        ],
    )


def check_same_proportions(attempt):
    """attempt(grid (h, w), picture (H, W)) -> True if width / height agree to 10 %."""

    def case(grid, picture, right):
        return f"grid {grid} and picture {picture}", (grid, picture), right

    def ratio(grid, picture):  # how many times wider the grid is
        return grid[1] / grid[0] * picture[0] / picture[1]

    judge_cases(
        attempt,
        [
            case((12, 17), (96, 136), True),
            case((14, 14), (480, 500), True),
            case((7, 21), (96, 312), True),
            case((40, 12), (100, 36), False),
            case((17, 12), (96, 136), False),
            case((14, 14), (96, 168), False),
            case((14, 24), (96, 96), False),
        ],
        [
            (lambda g, p: ratio(g, p) == 1, "within 10 percent, not exactly"),
            (
                lambda g, p: abs(g[1] / g[0] - p[1] / p[0]) < 0.1,
                "10 percent of the ratio, not 0.1: divide one by the other",
            ),
            (
                lambda g, p: ratio(g, p) > 0.9,
                "too wide counts as much as too narrow",
            ),
            (
                lambda g, p: ratio(g, p) < 1.1,
                "too narrow counts as much as too wide",
            ),
            (
                lambda g, p: 0.9 < ratio(g, p[::-1]) < 1.1,
                "(h, w) and (H, W): the height stands first in both",
            ),
        ],
    )
