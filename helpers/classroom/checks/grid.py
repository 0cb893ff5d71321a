"""Checks of notebook 01: cells, keys, and the way between them."""

from helpers.classroom.checks.judge import Check, random

check_unflatten = Check(
    "attempt(cells (B, N, D), h, w) -> feature map (B, D, h, w).",
    lambda cells, h, w: cells.transpose(1, 2).unflatten(2, (h, w)),
    {
        "2 images, 3 x 5 cells, 4 channels": (random(2, 15, 4), 3, 5),
        "3 images, 4 x 2 cells, 5 channels": (random(3, 8, 5), 4, 2),
    },
    {
        "the shape is right and the content is not: reshape alone mixes cells with "
        "channels. Move the channels to axis 1 first": (
            lambda cells, h, w: cells.reshape(len(cells), -1, h, w)
        ),
        "that is w rows of h cells": (
            lambda cells, h, w: cells.mT.unflatten(2, (w, h)),
            lambda cells, h, w: cells.mT.unflatten(2, (h, w)).mT,
        ),
        "keys are counted row by row: split N into (h, w), and swap no more": (
            lambda cells, h, w: cells.mT.unflatten(2, (w, h)).mT
        ),
        "the channels belong on axis 1: (B, D, h, w)": (
            lambda cells, h, w: cells.unflatten(1, (h, w))
        ),
        "now split N into (h, w)": lambda cells, h, w: cells.mT,
    },
)


check_square_of = Check(
    "attempt(row, column, stride) -> (left, top, right, bottom) in pixels.",
    lambda r, c, s: (c * s, r * s, c * s + s, r * s + s),
    {
        "row 1, column 4, stride 8": (1, 4, 8),
        "row 3, column 0, stride 16": (3, 0, 16),
    },
    {
        "x goes with the column, y with the row": (
            lambda r, c, s: (r * s, c * s, r * s + s, c * s + s)
        ),
        "right and bottom are the first pixels outside": (
            lambda r, c, s: (c * s, r * s, c * s + s - 1, r * s + s - 1)
        ),
        "the order is left, top, right, bottom": (
            lambda r, c, s: (c * s, c * s + s, r * s, r * s + s),
            lambda r, c, s: (r * s, r * s + s, c * s, c * s + s),
            lambda r, c, s: (r * s, c * s + s, r * s + s, c * s),
        ),
        "right and bottom, not width and height": lambda r, c, s: (c * s, r * s, s, s),
        "in pixels: a cell is `stride` pixels wide": (
            lambda r, c, s: (c, r, c + 1, r + 1)
        ),
        "right and bottom are one stride further, not one pixel": (
            lambda r, c, s: (c * s, r * s, c * s + 1, r * s + 1)
        ),
    },
)
