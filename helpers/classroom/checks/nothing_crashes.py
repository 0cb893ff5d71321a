"""Exercises of notebook 06: what goes wrong without a word."""

import torch

from helpers.classroom.checks.judge import either, exercise, random


def rows_of(columns, order=slice(None)):
    """A function that lays keys out in rows of so many, in this order."""
    return lambda keys: keys[order].unflatten(0, (-1, columns))


SWAPPED = [*range(6), 8, 7, 6, *range(9, 15)]
LAST_SWAPPED = [*range(13), 14, 13]


@exercise(
    {
        "keys laid out as (3, 5)": (rows_of(5), 3, 5),
        "keys laid out as (6, 2)": (rows_of(2), 6, 2),
        "keys laid out as (5, 3), not as (3, 5)": (rows_of(3), 3, 5),
        "keys counted down the columns": (lambda keys: rows_of(3)(keys).T, 3, 5),
        "keys one place too late": (rows_of(5, [-1, *range(14)]), 3, 5),
        "rows upside down": (lambda keys: rows_of(5)(keys).flip(0), 3, 5),
        "columns from right to left": (lambda keys: rows_of(5)(keys).flip(1), 3, 5),
        "two keys in the middle that changed places": (rows_of(5, SWAPPED), 3, 5),
        "the last two keys, which changed places": (rows_of(5, LAST_SWAPPED), 3, 5),
        "keys from the second on, the first twice": (rows_of(5, [0, *range(14)]), 3, 5),
    }
)
def check_lays_out_right(lay_out, h, w):
    """attempt(lay_out, h, w) -> True if key k arrives at row k // w, column k % w."""
    keys = torch.arange(h * w)
    grid, page = lay_out(keys), keys.unflatten(0, (h, w))
    right, fits, found = torch.equal(grid, page), grid.shape == (h, w), grid.flatten()

    in_order = (grid.diff() >= 0).all()
    errors = [right if fits else error for error in (RuntimeError(), IndexError())]

    def asks(*some):
        return fits and torch.equal(found[[*some]], keys[[*some]])

    return right, {
        "the shape alone is not enough": fits,
        "ask every key, not one or a few: two in the middle may change places": either(
            *map(asks, (0, 1, 5, 7, -1)), asks(0, 1), asks(0, -1)
        ),
        "the order alone is not enough: the shape (h, w), too": found.equal(keys),
        "a key that arrives twice is wrong: compare with k, not neighbours": in_order,
        "another shape is False, and no error: compare shapes first": errors,
        "that is the size of one grid: use h and w": right and (h, w) == (3, 5),
    }


MAPS = random(4, 3, 5).flatten(1).softmax(-1).unflatten(1, (3, 5))
SAME = MAPS[:1].expand(4, 3, 5).clone()


def but(word, heat):
    """Four words that share one map, but for one of them."""
    maps = SAME.clone()
    maps[word] = heat
    return [maps]


def by(share):
    """The map that they share, one cell changed by a share of the largest weight."""
    heat = SAME[0].clone()
    heat[1, 2] += share * heat.max()
    return heat


@exercise(
    {
        "four words that share one map": [SAME],
        "four maps that differ by rounding": [SAME + 1e-8 * random(4, 3, 5, seed=1)],
        "maps in which a cell changes by half a thousandth": but(2, by(5e-4)),
        "four different maps": [MAPS],
        "four different and faint maps": [1e-3 * MAPS],
        "four maps of which only the last differs": but(3, MAPS[3]),
        "four maps of which only word 1 differs": but(1, MAPS[1]),
        "four maps of which only word 2 differs": but(2, MAPS[2]),
        "maps of which one is fainter": but(1, SAME[0] / 2),
        "maps in which a cell gains a hundredth": but(1, by(0.01)),
        "maps in which a cell gains a twentieth": but(1, by(0.05)),
        "maps in which a cell loses a hundredth": but(3, by(-0.01)),
        "the map of one word alone": [MAPS[:1]],
    }
)
def check_share_one_map(maps):
    """attempt(maps (T, h, w)) -> True if no cell changes from word to word."""
    alone, change = len(maps) == 1, maps.amax(0) - maps.amin(0)  # (h, w)
    allowed, gaps = 1e-3 * maps.max(), (maps - maps[0]).abs().amax((1, 2))  # (T,)
    first, last = gaps[1:2] <= allowed, gaps[-1:] <= allowed
    right, peaks = bool(change.max() <= allowed), maps.flatten(1).argmax(1)  # (T,)

    def both(shared, error=None):
        """A mistake, made with or without a thought of one word alone."""
        return [error if alone and error else bool(shared), not alone and bool(shared)]

    return right and not alone, {
        "one word alone shares its map with nobody: ask for two words or more": [
            right,
            RuntimeError() if alone else right,  # nothing has no largest value
        ],
        "rounding differs: allow a thousandth": either(
            *both((maps == maps[0]).all()), *both(change.max() <= 1e-6 * maps.max())
        ),
        "one word of four differs: compare all words": [
            *both(first.all(), IndexError()),
            *both(last.all()),
            *both(first.all() and last.all(), IndexError()),
        ],
        "a thousandth of the largest weight, not of 1": both(change.max() <= 1e-3),
        "a thousandth: you allow more": both(change.max() <= 0.1 * maps.max()),
        "the cell that changes most, not their mean": both(change.mean() <= allowed),
        "a weight may fall, too: take .abs()": both((maps - maps[0]).max() <= allowed),
        "the same peak is not yet the same map": both(len(peaks.unique()) == 1),
    }


@exercise(
    ((0, 0, 168, 96), (96, 168)),
    ((0, 0, 120, 200), (200, 120)),
    ((0.5, 0, 167.5, 96), (96, 168)),
    ((36, 0, 132, 96), (96, 168)),
    ((30, 30, 450, 450), (480, 480)),
    ((9, 0, 168, 96), (96, 168)),
    ((0, 4, 168, 96), (96, 168)),
    ((0, 0, 159, 96), (96, 168)),
    ((0, 0, 168, 92), (96, 168)),
    ((0, -36, 168, 132), (96, 168)),
    ((-9, 0, 159, 96), (96, 168)),
)
def check_may_be_stretched(box, picture):
    """attempt(box (left, top, right, bottom), picture (H, W)) -> True if the box is the
    whole picture, each side to within a pixel."""
    (left, top, right, bottom), (H, W) = box, picture
    gaps = [abs(left), abs(top), abs(right - W), abs(bottom - H)]
    swapped = [abs(left), abs(top), abs(right - H), abs(bottom - W)]
    sizes = [abs(right - left - W), abs(bottom - top - H)]
    inside = max(left, top, W - right, H - bottom) <= 1
    bent = abs((right - left) / (bottom - top) * H / W - 1)
    return max(gaps) <= 1, {
        "proportions do not tell: a crop may keep them": [bent < 0.1, bent < 0.01],
        "to within one pixel, not exactly": max(gaps) == 0,
        "one pixel: you allow more": [max(gaps) <= most for most in (5, 10, 20)],
        "the picture is (H, W), the box is x first: right is near W": max(swapped) <= 1,
        "a box of the right size may lie too far left: all sides": max(sizes) <= 1,
        "left and top count, too": max(gaps[2:]) <= 1,
        "right and bottom count, too": max(gaps[:2]) <= 1,
        "top and bottom count, too": max(gaps[::2]) <= 1,
        "left and right count, too": max(gaps[1::2]) <= 1,
        "all four sides, not one of them": min(gaps) <= 1,
        "a box that reaches into the padding is False, too": inside,
    }
