"""Checks of notebooks 05 and 06: what does not fit, loudly or silently."""

from helpers.checks.judge import judge, random

# Notebook 05: reproduce the mismatch


def check_keys_that_are_no_cells(attempt):
    """attempt(N, H, W, stride) -> N - h*w; ValueError if there are fewer keys."""
    cases = [(197, 224, 224, 16), (389, 224, 336, 14), (49, 224, 224, 16)]

    def run(*inputs):
        found = []
        for case in inputs:
            try:
                found.append(str(attempt(*case)))
            except ValueError as error:
                named = "49" in str(error) and "196" in str(error)
                found.append("an error that names both" if named else "an error")
        return found

    right = ["1", "5", "an error that names both"]
    judge(
        run,
        cases,
        right,
        [
            (
                [*right[:2], "-147"],
                "49 keys are fewer than 196 cells: raise ValueError",
            ),
            ([*right[:2], "an error"], "name both numbers in the message: 49 and 196"),
            (["1", "133", right[2]], "the image is not square: w comes from W"),
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
    ways = [
        lambda keys: keys.unflatten(0, (3, 5)),
        lambda keys: keys.unflatten(0, (5, 3)),
        lambda keys: keys.unflatten(0, (5, 3)).T,
        lambda keys: keys.roll(1).unflatten(0, (3, 5)),
        lambda keys: keys.unflatten(0, (3, 5)).flip(0),
    ]
    judge(
        lambda *inputs: [bool(attempt(way, h, w)) for way in inputs],
        ways,
        [True, False, False, False, False],
        [
            ([True, False, True, True, True], "the shape alone is not enough"),
            ([True] * 5, "your function says True to everything"),
            ([True, True, False, False, False], "(5, 3) is not (3, 5)"),
        ],
    )


def check_share_one_map(attempt):
    """attempt(maps (T, h, w)) -> True if no cell changes from word to word."""
    different = random(4, 3, 5).flatten(1).softmax(-1).unflatten(1, (3, 5))
    same = different[:1].expand(4, 3, 5)
    nearly = same + 1e-8 * random(4, 3, 5, seed=1)
    one_differs = same.clone()
    one_differs[3] = different[3]
    judge(
        lambda *inputs: [bool(attempt(maps)) for maps in inputs],
        [same, nearly, different, one_differs],
        [True, True, False, False],
        [
            ([True, False, False, False], "rounding differs: allow a thousandth"),
            ([True, True, False, True], "one word of four differs: compare all words"),
            ([True] * 4, "your function says True to everything"),
        ],
    )


def check_same_proportions(attempt):
    """attempt(grid (h, w), picture (H, W)) -> True if width / height agree to 10 %."""
    cases = [
        ((12, 17), (96, 136)),
        ((14, 14), (480, 500)),
        ((17, 12), (96, 136)),
        ((14, 14), (96, 168)),
        ((14, 24), (96, 96)),
    ]
    judge(
        lambda *inputs: [bool(attempt(*case)) for case in inputs],
        cases,
        [True, True, False, False, False],
        [
            ([True, False, False, False, False], "within 10 percent, not exactly"),
            ([True, True, False, False, True], "too wide counts as much as too narrow"),
            ([True, True, True, False, False], "(h, w): the height stands first"),
        ],
    )
