"""Checks of notebook 01: cells, keys, and the way between them."""

from helpers.classroom.checks.judge import Check, random

check_key_of = Check(
    "attempt(row, column, h, w) -> the key of a cell, counted row by row.",
    lambda row, column, h, w: row * w + column,
    {
        "row 1, column 3 of 3 x 5 cells": (1, 3, 3, 5),
        "row 0, column 4 of 3 x 5 cells": (0, 4, 3, 5),
        "row 2, column 0 of 4 x 7 cells": (2, 0, 4, 7),
        "row 5, column 1 of 6 x 2 cells": (5, 1, 6, 2),
    },
    {
        "that counts column by column; the course, row by row": (
            lambda r, c, h, w: c * h + r
        ),
        "a row is w cells long, not h": lambda r, c, h, w: r * h + c,
        "row and column are swapped: w cells for each row": (
            lambda r, c, h, w: c * w + r
        ),
        "keys count from 0": lambda r, c, h, w: r * w + c + 1,
        "rows count from the top: row 0 has the first keys": (
            lambda r, c, h, w: (h - 1 - r) * w + c
        ),
        "columns count from the left": lambda r, c, h, w: r * w + w - 1 - c,
        "w cells for each row above, then the columns: not row times column": (
            lambda r, c, h, w: r * c
        ),
        "w cells for each row above, then the columns: not row plus column": (
            lambda r, c, h, w: r + c
        ),
    },
)


check_cell_of = Check(
    "attempt(key, h, w) -> (row, column).",
    lambda key, h, w: divmod(key, w),
    {
        "key 13 of 3 x 5 cells": (13, 3, 5),
        "key 4 of 3 x 5 cells": (4, 3, 5),
        "key 23 of 4 x 7 cells": (23, 4, 7),
        "key 11 of 6 x 2 cells": (11, 6, 2),
    },
    {
        "(row, column), in this order": lambda k, h, w: (k % w, k // w),
        "a row is w cells long: divide by w": (
            lambda k, h, w: divmod(k, h),
            lambda k, h, w: (k // w, k % h),
            lambda k, h, w: (k // h, k % w),
        ),
        "keys are counted row by row: divide by w": lambda k, h, w: (k % h, k // h),
        "whole rows: `//`, not `/`": lambda k, h, w: (k / w, k % w),
        "rows and columns count from 0": lambda k, h, w: (k // w + 1, k % w + 1),
        "rows count from the top": lambda k, h, w: (h - 1 - k // w, k % w),
    },
)


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
