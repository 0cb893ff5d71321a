"""Checks of notebook 05: what does not fit, and says so."""

import math

from helpers.classroom.checks.judge import Check, random


def no_cells(h, w, refuse=lambda N, cells: ValueError(f"{N} {cells}")):
    """The number of keys that are no cells, for rows h(H, stride) and columns w(...).

    refuse: the error to raise for fewer keys than cells; None lets them through.
    """

    def count(N, H, W, stride):
        cells = h(H, W, stride) * w(H, W, stride)
        if N < cells and refuse:
            raise refuse(N, cells)
        return N - cells

    return count


def rows(H, W, stride):
    return H // stride


def columns(H, W, stride):
    return W // stride


check_keys_that_are_no_cells = Check(
    "attempt(N, H, W, stride) -> N - h*w; ValueError if there are fewer keys.",
    no_cells(rows, columns),
    {
        "197 keys, 224 x 224 pixels, stride 16": (197, 224, 224, 16),
        "389 keys, 224 x 336 pixels, stride 14": (389, 224, 336, 14),
        "56 keys, 100 x 150 pixels, stride 16": (56, 100, 150, 16),
        "204 keys, 96 x 136 pixels, stride 8": (204, 96, 136, 8),
        "49 keys, 224 x 224 pixels, stride 16": (49, 224, 224, 16),
    },
    {
        "49 keys are fewer than 196 cells: raise ValueError": (
            no_cells(rows, columns, refuse=None),
            lambda *sizes: abs(no_cells(rows, columns, refuse=None)(*sizes)),
            lambda *sizes: max(0, no_cells(rows, columns, refuse=None)(*sizes)),
        ),
        "name both numbers in the message: 49 and 196": (
            no_cells(rows, columns, lambda N, cells: ValueError("too few")),
        ),
        "raise ValueError, not another error": (
            no_cells(rows, columns, lambda N, cells: AssertionError()),
            no_cells(rows, columns, lambda N, cells: RuntimeError()),
        ),
        "as many keys as cells are right: none is left": (
            lambda N, H, W, s: no_cells(rows, columns)(
                N if N > rows(H, W, s) * columns(H, W, s) else 49, H, W, s
            ),
        ),
        "the image is not square: h comes from H, w from W": (
            no_cells(rows, rows),
            no_cells(columns, columns),
        ),
        "part of a cell is no cell: h = H // stride, and w alike": (
            no_cells(lambda H, W, s: H / s, lambda H, W, s: W / s),
            no_cells(lambda H, W, s: H / s, lambda H, W, s: W / s, refuse=None),
            no_cells(lambda H, W, s: H * W // s**2, lambda H, W, s: 1),
            no_cells(
                lambda H, W, s: math.ceil(H / s), lambda H, W, s: math.ceil(W / s)
            ),
        ),
    },
)


check_state_beside_cells = Check(
    "attempt(state (layers, B, D), N) -> (B, N, D), the last layer's state.",
    lambda state, N: state[-1][:, None].expand(-1, N, -1),
    {
        "2 layers, 3 images, width 4, 5 cells": (random(2, 3, 4), 5),
        "3 layers, 2 images, width 6, 7 cells": (random(3, 2, 6), 7),
    },
    {
        "that is the first layer: take [-1]": (
            lambda state, N: state[0][:, None].expand(-1, N, -1)
        ),
        "the last layer alone, not all of them together": (
            lambda state, N: state.mean(0)[:, None].expand(-1, N, -1),
            lambda state, N: state.sum(0)[:, None].expand(-1, N, -1),
        ),
        "that is the last image: the layers stand first, so state[-1]": (
            lambda state, N: state[:, -1][:, None].expand(-1, N, -1)
        ),
        "that is (N, B, D): the cells go second": (
            lambda state, N: state[-1].expand(N, -1, -1)
        ),
        "that is (B, D): add an axis for the cells, and expand it": (
            lambda state, N: state[-1]
        ),
        "that is (B, 1, D): expand the axis to N": lambda state, N: state[-1][:, None],
        "that is (B, D, N): the cells go second": (
            lambda state, N: state[-1][..., None].expand(-1, -1, N)
        ),
        "the same state at every cell, not each image N times in a row": (
            lambda state, N: state[-1].repeat(N, 1).view(-1, N, state.shape[-1])
        ),
    },
)


TWICE, EXTRA, OTHER = "expanded twice", "extra tokens", "another axis"


def reading(square_first=True, twice=lambda small: small**2, extra=(1, 2, 5)):
    def read(a, b):
        small, large = sorted((a, b))
        found = {TWICE: large == twice(small), EXTRA: large - small in extra}
        order = (TWICE, EXTRA) if square_first else (EXTRA, TWICE)
        return next((text for text in order if found[text]), OTHER)

    return read


PAIRS = [(3, 9), (64, 8), (197, 196), (256, 261), (198, 196)]
PAIRS += [(49, 196), (2, 4), (100, 97), (12, 24), (576, 588)]
check_read_numbers = Check(
    f'attempt(a, b) -> "{TWICE}", "{EXTRA}" or "{OTHER}".',
    reading(),
    {f"{a} and {b}": (a, b) for a, b in PAIRS},
    {
        "2 and 4 differ by 2, but 4 is the square: ask first": (
            reading(square_first=False)
        ),
        "the larger one may stand first, or second: sort them": (
            lambda a, b: reading()(a, b) if a <= b else OTHER,
            lambda a, b: reading()(a, b) if a >= b else OTHER,
            lambda a, b: OTHER if a > b and a == b * b else reading()(a, b),
            lambda a, b: OTHER if a < b and b == a * a else reading()(a, b),
        ),
        "the square, not the double": reading(twice=lambda small: 2 * small),
        "extra tokens are 1, 2 or 5, nothing between": reading(extra=range(6)),
        "one is extra tokens, and so are 2 and 5": reading(extra=(1,)),
    },
)
