"""Checks of notebook 06: what goes wrong without a word."""

import torch

from helpers.classroom.checks.judge import Check, random


def right_of(h, w):
    return torch.arange(h * w).unflatten(0, (h, w))


def split(rows, columns):
    return lambda keys: keys.unflatten(0, (rows, columns))


def moved(move, rows=3, columns=5):
    """A function that lays keys out after it moved them to wrong places."""
    return lambda keys: move(keys).unflatten(0, (rows, columns))


def swapped(a, b):
    """Keys a and b have changed places."""

    def move(keys):
        keys = keys.clone()
        keys[[a, b]] = keys[[b, a]]
        return keys

    return move


def asks_key(*keys):
    """The hot-cell test for some keys alone."""

    def check(lay_out, h, w):
        grid = lay_out(torch.arange(h * w))
        found = grid.flatten()
        return grid.shape == (h, w) and all(found[k] == k % (h * w) for k in keys)

    return check


check_lays_out_right = Check(
    "attempt(lay_out, h, w) -> True if key k arrives at row k // w, column k % w.",
    lambda lay_out, h, w: torch.equal(lay_out(torch.arange(h * w)), right_of(h, w)),
    {
        "keys laid out as (3, 5)": (split(3, 5), 3, 5),
        "keys laid out as (6, 2)": (split(6, 2), 6, 2),
        "keys laid out as (5, 3), not as (3, 5)": (split(5, 3), 3, 5),
        "keys counted down the columns": (lambda k: split(5, 3)(k).T, 3, 5),
        "keys one place too late": (moved(lambda k: k.roll(1)), 3, 5),
        "rows upside down": (lambda k: split(3, 5)(k).flip(0), 3, 5),
        "columns from right to left": (lambda k: split(3, 5)(k).flip(1), 3, 5),
        "two keys in the middle that changed places": (moved(swapped(6, 8)), 3, 5),
        "the last two keys, which changed places": (moved(swapped(13, 14)), 3, 5),
        "keys from the second on, the first twice": (
            moved(lambda k: torch.cat([k[:1], k[:-1]])),
            3,
            5,
        ),
    },
    {
        "the shape alone is not enough": (
            lambda lay_out, h, w: lay_out(torch.arange(h * w)).shape == (h, w)
        ),
        "ask every key, not one or a few: two in the middle may change places": (
            *(asks_key(*keys) for keys in [(0,), (1,), (0, 1), (5,), (7,)]),
            *(asks_key(*keys) for keys in [(-1,), (0, -1)]),
        ),
        "the order alone is not enough: ask for the shape (h, w), too": (
            lambda lay_out, h, w: torch.equal(
                lay_out(torch.arange(h * w)).flatten(), torch.arange(h * w)
            )
        ),
        "a key that arrives twice is wrong: compare with k, not with its neighbours": (
            lambda lay_out, h, w: (lay_out(torch.arange(h * w)).diff() >= 0).all()
        ),
        "another shape is False, and no error: compare shapes first": (
            lambda lay_out, h, w: (
                lay_out(torch.arange(h * w)) == right_of(h, w)
            ).all(),
            lambda lay_out, h, w: all(
                lay_out(torch.arange(h * w))[k // w, k % w] == k for k in range(h * w)
            ),
        ),
        "that is the size of one grid: use h and w": lambda lay_out, h, w: torch.equal(
            lay_out(torch.arange(h * w)), right_of(3, 5)
        ),
    },
)


def change(maps):
    return (maps.amax(0) - maps.amin(0)).max()  # (h, w) -> ()


def several(check):
    """A check that knows that one word alone shares with nobody."""
    return lambda maps: len(maps) > 1 and check(maps)


def close(x, y, allowed=1e-3):
    return (x - y).abs().max() <= allowed * max(x.max(), y.max())


def both(check):
    """The same mistake, made with or without a thought of one word alone."""
    return check, several(check)


MAPS = random(4, 3, 5).flatten(1).softmax(-1).unflatten(1, (3, 5))
SAME = MAPS[:1].expand(4, 3, 5).clone()


def but(word, to):
    """Four words that share one map, but for one of them."""
    maps = SAME.clone()
    maps[word] = to(maps[word], word)
    return (maps,)


def by(share):
    """Changes one cell in the middle, by a share of the largest weight."""
    cell = torch.zeros(3, 5)
    cell[1, 2] = share * SAME.max()
    return lambda heat, word: heat + cell


check_share_one_map = Check(
    "attempt(maps (T, h, w)) -> True if no cell changes from word to word.",
    lambda maps: len(maps) > 1 and bool(change(maps) <= 1e-3 * maps.max()),
    {
        "four words that share one map": (SAME,),
        "four maps that differ by rounding": (SAME + 1e-8 * random(4, 3, 5, seed=1),),
        "maps in which a cell changes by half a thousandth": but(2, by(5e-4)),
        "four different maps": (MAPS,),
        "four different and faint maps": (1e-3 * MAPS,),
        "four maps of which only the last differs": but(3, lambda _, word: MAPS[word]),
        "four maps of which only word 1 differs": but(1, lambda _, word: MAPS[word]),
        "four maps of which only word 2 differs": but(2, lambda _, word: MAPS[word]),
        "maps of which one is fainter": but(1, lambda heat, _: heat / 2),
        "maps in which a cell gains a hundredth": but(1, by(0.01)),
        "maps in which a cell gains a twentieth": but(1, by(0.05)),
        "maps in which a cell loses a hundredth": but(3, by(-0.01)),
        "the map of one word alone": (MAPS[:1],),
    },
    {
        "one word alone shares its map with nobody: ask for two words or more": (
            lambda maps: change(maps) <= 1e-3 * maps.max(),
            lambda maps: close(maps[0], maps[1:]),  # an error: there is no maps[1:]
        ),
        "rounding differs: allow a thousandth": (
            *both(lambda maps: (maps == maps[0]).all()),
            *both(lambda maps: change(maps) <= 1e-6 * maps.max()),
        ),
        "one word of four differs: compare all words": (
            *both(lambda maps: close(maps[0], maps[1])),
            *both(lambda maps: close(maps[0], maps[-1])),
            *both(lambda maps: close(maps[0], maps[1]) and close(maps[0], maps[-1])),
        ),
        "a thousandth of the largest weight, not of 1": (
            both(lambda maps: change(maps) <= 1e-3)
        ),
        "a thousandth of the largest weight: you allow more": (
            both(lambda maps: change(maps) <= 0.1 * maps.max())
        ),
        "the cell that changes most, not the mean of all cells": both(
            lambda maps: (maps.amax(0) - maps.amin(0)).mean() <= 1e-3 * maps.max()
        ),
        "a weight may go down, too: take .abs() of the difference": both(
            lambda maps: (maps - maps[0]).max() <= 1e-3 * maps.max()
        ),
        "the same peak is not yet the same map: compare all cells": both(
            lambda maps: len(set(maps.flatten(1).argmax(1).tolist())) == 1
        ),
    },
)
