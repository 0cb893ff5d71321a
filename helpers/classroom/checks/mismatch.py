"""Exercises of notebook 05: numbers that do not fit, and say so."""

import math

from helpers.classroom.checks.judge import either, exercise, random


@exercise(
    (197, 224, 224, 16),
    (389, 224, 336, 14),
    (56, 100, 150, 16),
    (204, 96, 136, 8),
    (49, 224, 224, 16),
)
def check_keys_that_are_no_cells(N, H, W, stride):
    """attempt(N, H, W, stride) -> N - h*w; ValueError if there are fewer keys."""
    h, w = H // stride, W // stride
    exact, over = H / stride * W / stride, N - h * w
    rounded_up = math.ceil(H / stride) * math.ceil(W / stride)
    named = ValueError(f"{N} {h * w}")  # what has to be in the message
    others = AssertionError(), RuntimeError()

    def left(cells, error=None):
        return (error or ValueError(f"{N} {cells}")) if N < cells else N - cells

    return left(h * w), {
        "49 keys, and 196 cells: raise ValueError": [over, abs(over), max(0, over)],
        "name both numbers in the message: 49 and 196": left(h * w, ValueError("few")),
        "raise ValueError, not another error": [left(h * w, error) for error in others],
        "as many keys as cells are right: none is left": over if over > 0 else named,
        "the image is not square: h comes from H, w from W": [left(h * h), left(w * w)],
        "part of a cell does not count: h = H // stride, w = W // stride": either(
            left(exact), N - exact, left(H * W // stride**2), left(rounded_up)
        ),
    }


@exercise((random(2, 3, 4), 5), (random(3, 2, 6), 7))
def check_state_beside_cells(state, N):
    """attempt(state (layers, B, D), N) -> (B, N, D), the last layer's state."""
    last = state[-1]  # (B, D)
    one_by_one = last.repeat(N, 1).view(-1, N, state.shape[-1])  # (B, N, D)

    def beside(state):
        return state[:, None].expand(-1, N, -1)  # (B, D) -> (B, N, D)

    return beside(last), {
        "that is the first layer: take [-1]": beside(state[0]),
        "the last layer alone, not all": [beside(state.mean(0)), beside(state.sum(0))],
        "that is the last image: layers stand first, state[-1]": beside(state[:, -1]),
        "that is (N, B, D): the cells go second": last.expand(N, -1, -1),
        "that is (B, D): add an axis for the cells, and expand it": last,
        "that is (B, 1, D): expand the axis to N": last[:, None],
        "that is (B, D, N): the cells go second": beside(last).mT,
        "the same state at every cell, not each image N times in a row": one_by_one,
    }


@exercise(
    (3, 9),
    (64, 8),
    (197, 196),
    (256, 261),
    (198, 196),
    (49, 196),
    (2, 4),
    (100, 97),
    (12, 24),
    (576, 588),
)
def check_read_numbers(a, b):
    """attempt(a, b) -> "expanded twice", "extra tokens" or "another axis"."""
    small, large = sorted((a, b))
    extra, other = large - small, "another axis"

    def read(twice=large == small**2, more=extra in (1, 2, 5)):
        rest = "extra tokens" if more else other
        return "expanded twice" if twice else rest

    right, tokens_first = read(), read(extra not in (1, 2, 5) and large == small**2)
    return right, {
        "2 and 4 differ by 2, but 4 is the square: ask first": tokens_first,
        "the larger one may stand first, or second: sort them": either(
            right if a <= b else other,
            right if a >= b else other,
            other if a == b**2 else right,
            other if b == a**2 else right,
        ),
        "the square, not the double": read(twice=large == 2 * small),
        "extra tokens are 1, 2 or 5, nothing between": read(more=extra <= 5),
        "one is extra tokens, and so are 2 and 5": read(more=extra == 1),
    }
