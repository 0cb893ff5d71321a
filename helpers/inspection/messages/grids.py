"""Numbers of tokens where a grid was asked for: what is too much, and what fits."""

import math
from fractions import Fraction
from itertools import product

from helpers.inspection.messages.numbers import (
    EXTRA,
    KNOWN,
    WIDTHS,
    as_int,
    as_shape,
    describe,
    grids,
    splits_of,
    square_and_more,
    square_root,
    told,
)
from helpers.inspection.messages.windows import partition

PHOTOS = {Fraction(4, 3), Fraction(3, 2), Fraction(16, 9)}
CHANCE = 11  # a number with a prime as large divides few others by chance


def reshape(wanted, size, axis=None):
    """A tensor of `size` numbers was to take the shape `wanted`."""
    wanted, size = as_shape(wanted), as_int(size)
    asked = math.prod(n for n in wanted if n != -1)
    values = {"wanted": times(wanted), "asked": asked, "size": size}
    if facts := partition(wanted, size):
        return facts | told("reshape", {"no-grid": True})
    if asked <= 0 or size == 0:
        return told("reshape", {"empty": size == 0, "zero": size})
    free, splits = -1 in wanted, splits_of(wanted, size)
    facts = told("reshape", {"count": not free, "no-grid": not splits}, **values)
    if not splits:
        return facts | solved(wanted, size, asked)
    grid, rest = splits[0]
    cells, whole = math.prod(grid), size % rest == 0
    width, left = divmod(size, cells)
    cut = cells >= 9 and not left and width + 1 in WIDTHS  # (width - 1) * h * w
    free = free and size >= 2 * cells * rest  # else there is one image
    if whole and not free and not cut:
        facts |= compare_tokens(size // rest, grid, said=rest == 1)
    if not facts.keys() & {"extra", "tiles"}:
        facts |= whole_rows(size, rest, grid)
    if free and rest > 1 and whole:
        facts = facts or uneven(wanted, size)
    few = free and rest > 1 and whole and not facts
    no_fit = not few and not facts.keys() - {"count", "held"} and not cut
    holds = {
        "few": few,
        "no-fit": no_fit,
        "width": size in WIDTHS,
        "too-small": asked > size and asked % size,
        "channel-cut": cut,
    }
    values |= {"rest": rest, "grid": times(grid), "cells": cells, "width": width + 1}
    facts |= told("reshape", holds, **values, times=size // rest)
    return facts | (solved(wanted, size, asked) if no_fit else {})


def times(shape):
    return " x ".join(map(str, shape))


def solved(wanted, size, asked):
    """What one axis of the shape would have to be, or how often the shape is held."""
    ratio = Fraction(size, asked)
    many = max(ratio.numerator, ratio.denominator)
    if -1 in wanted:
        return uneven(wanted, size)
    if 1 in (ratio.denominator, ratio.numerator):
        holds = {"ratio": True, "twice": ratio == 2, "holds": ratio > 1}
        verb = "holds" if ratio > 1 else "is held by"
        return told("reshape", holds, verb=verb, many=many)
    for n in sorted({*wanted} - {1, 2}, reverse=True):
        need = n * ratio
        if need.denominator <= 2:
            whole = need.numerator // 2
            odd = f" ({2 * whole + 1} = 2 x {whole} + 1)" * (need.denominator == 2)
            values = {"need": f"{float(need):g}", "n": n, "more": odd}
            return told("reshape", {"solved": True, "odd": odd}, **values)
    return {}


def uneven(wanted, size):
    """With a -1: rows that are taken n at a time, and are no multiple of n."""
    *known, rest = [n for n in wanted if n != -1] + [1] * (wanted[-1] == -1)
    n = known.pop() if known else rest
    while known and size % (rest * n) == 0:
        rest, n = rest * n, known.pop()
    if size % rest:
        rest, n = 1, rest
    held, parts = size // rest, f"{size // rest} x {rest}: " * (rest > 1)
    near = held - held % n, held - held % n + n
    values = {"held": held, "parts": f"{size} = {parts}" if parts else "", "n": n}
    return told("reshape", {"uneven": n > 1 and held % n}, near=near, **values)


def compare_tokens(held, grid, said):
    """A count of tokens where a grid was asked for; said: the message says it."""
    asked, more = math.prod(grid), held - math.prod(grid)
    whole = more > 0 and held % asked == 0
    near = one_off(held, *grid)
    holds = {
        "held": not said and more,
        "fewer-1": more == -1,
        "tiles": whole,
        "axis-left": whole,
        "newline": held == grid[0] * (grid[1] + 1),
        "known": held in KNOWN,
        "rounding": near,
    }
    values = {"held": held, "asked": asked, "grid": grid, "many": held // asked}
    values |= {"times": times(grid), "known": KNOWN.get(held), "found": near}
    facts = told("tokens", holds, **values)
    if more in EXTRA:
        facts |= extra(more, f"{held} - {asked} = {more}")
    elif grid[0] == grid[1]:
        facts |= rounded(held, grid[0])
    photo = held > 1000 and grid[0] == grid[1]
    photo = photo and any(Fraction(w, h) in PHOTOS for h, w in grids(held))
    known = facts.keys() & {"extra", "fewer-1", "tiles"}
    if more and not near and (square_root(held) or photo or not known):
        facts |= own_grid(held, grid)
    return facts


def one_off(held, h, w):
    """h x w for `held`, with a side one off (of a square both), in a text."""
    sides = product((h - 1, h, h + 1), (w - 1, w, w + 1)) if min(h, w) > 4 else ()
    fits = [(a, b) for a, b in sides if a * b == held and (h != w or a == b)]
    return " or ".join(map(times, fits))


def rounded(held, side):
    """A side that is the square root of a rectangle, rounded down."""
    down = math.isqrt(max(held, 0)) == side and side * side != held
    may = " or ".join(map(times, grids(held)[:2]))
    holds = {"rounded": down and may, "rounded-more": down and not may}
    more = held - side * side
    return told("tokens", holds, side=side, held=held, may=may, more=more)


def extra(more, text):
    """The fact that there are `more` tokens than cells, under two names."""
    return dict.fromkeys(("extra", f"extra-{more}"), f"{text}: {EXTRA[more]}")


def whole_rows(size, rest, grid):
    """The size is a multiple of the grid, or of the grid with extra tokens."""
    cells = math.prod(grid)
    for tokens in (cells + more for more in (0, *EXTRA)):
        exact = size == rest * tokens**2 or rest == 1 or rough(tokens)
        if size % tokens**2 == 0 and exact:
            text = f"{size} = {size // tokens**2} x {tokens} x {tokens}"
            text += ": queries by keys, one map for each query"
            return {"every-query": text, "axis-left": text}
    if size > cells * rest and size % (cells * rest) == 0:
        many = size // (cells * rest)
        return {"axis-left": f"{size} = {many} x {cells * rest}: axes were left in"}
    for more in (1, 2, 5, 4):
        tokens = cells + more
        if size > tokens and size % tokens == 0 and rough(tokens):
            text = f"{size} = {size // tokens} x ({times(grid)} + {more})"
            text += f": {EXTRA[more]}, and more axes than the grid"
            return {f"extra-{more}": text, "rows": text}
    return {}


def rough(n):
    """Has n a large prime? (2, 3, 5 and 7 are in the sizes of all models.)"""
    return n // math.gcd(n, (2 * 3 * 5 * 7) ** 20) >= CHANCE


def own_grid(held, grid):
    """Facts about a number of tokens that is far from the grid that was asked for."""
    if found := square_and_more(held):
        side, more = found
        text = f"{held} = {side} x {side}" + (f" + {more}" if more else "")
        facts = {"other-grid": text + ": a grid of another size"}
        return facts | (extra(more, text) if more else {})
    (h, w), ways = grid, grids(held)
    if h != w:  # no square was taken; likelier is a grid of the same form
        ways.sort(key=lambda way: (h * way[1] != w * way[0], h not in way))
        text = f"{held} = {' or '.join(map(times, ways[:2]))}, and not {h} x {w}"
        return {"other-grid": text} if ways else {}
    text = describe(held) or "no usual grid"
    return {"not-square": f"{held} is no square: {text}"}
