"""What numbers of a text may be together: differences, products, usual sizes."""

import re
from itertools import combinations
from math import prod

from helpers.inspection.messages.numbers import (
    EXTRA,
    KNOWN,
    LEAST,
    SIDES,
    TABLE,
    WIDTHS,
    as_shape,
    describe,
    grids,
    square_and_more,
    square_root,
    times,
    without_numbers,
)

# Numbers that count no tokens: shares, memory, time, and lines of a file.
ASIDE = re.compile(
    r"\d+(\.\d+)? ?(%|([KMGT]i?B|bytes|[mu]?s)\b)|\bline \d+|\.\w+:\d+(:\d+)?"
)
LINES, WAYS = 5, 2  # that are said of a text, and of one number
LAST = 40  # numbers of a long text that are read: the error is at its end
FACTORS = 5  # numbers of the text that are tried in products
MOST = 64  # times another number of the text: heads, layers, frames
YEARS = range(1990, 2040)
PICTURES, PARTS = TABLE["pictures"], TABLE["parts"]
WIDE = [768, 1024, *sorted(WIDTHS - {768, 1024})]  # the usual widths first


def counted(text):
    """The numbers and shapes of a text that may count something."""
    return without_numbers(ASIDE.sub("", text))[1]


def read_any(numbers):
    """What the numbers of a text may be, in sentences, the most telling first.

    numbers: as `without_numbers` finds them. Numbers under 49 count as factors only,
    and what looks like a year not at all.
    """
    squares = [n for n in counts_of(numbers) if n in KNOWN or square_and_more(n)]
    return [*related(numbers), *map(describe, squares)][:LINES]


def related(numbers):
    """Differences of the numbers, their products, and products of usual sizes."""
    counts, said = counts_of(numbers), []
    for low in sorted(counts):
        said += [extra_of(high, low) for high in counts if cells(high - low, low)]
    for n in counts:
        if n & (n - 1) == 0:  # a power of two is all sorts of products
            continue
        ways = own_products(n, flat(numbers)) or usual(n)
        said += [" = ".join([str(n), *ways[:WAYS]])] * bool(ways)
    return said[:LINES]


def flat(numbers):
    """The numbers, those of shapes too, but no years."""
    alone = (n for n in numbers if n not in YEARS)
    return [n for shape in alone for n in as_shape(shape)][-LAST:]


def counts_of(numbers):
    return [n for n in dict.fromkeys(flat(numbers)) if n >= LEAST]


def cells(more, low):
    """May `more` tokens be in front of `low` cells? Of a rectangle, one only."""
    return more in EXTRA and (square_root(low) or (more == 1 and grids(low)))


def extra_of(high, low):
    return f"{high} - {low} = {high - low}: {EXTRA[high - low]}"


def own_products(n, numbers):
    """Products of other numbers of the text that are n, the one of most numbers first.

    Of one number a multiple, 588 = 3 x 196, also with extra tokens: 12 x (196 + 1).
    """
    others = sorted((m for m in numbers if 1 < m < n), reverse=True)
    factors = [m for m in others if n % m == 0][:FACTORS]
    sets = (one for k in range(FACTORS, 1, -1) for one in combinations(factors, k))
    if found := [times(one[::-1]) for one in sets if prod(one) == n]:
        return found[:1]
    counts = [m for m in others if m >= LEAST and n <= MOST * m]
    whole = [times((n // m, m)) for m in counts if n % m == 0]
    more = [
        f"{n // (m + extra)} x ({m} + {extra}): {EXTRA[extra]}"
        for m in counts
        for extra in EXTRA
        if square_root(m) and m + extra < n and n % (m + extra) == 0
    ]
    return (whole or more)[:1]


def usual(n):
    """Products of two usual sizes: a picture, tokens and a width, parts and tokens."""
    if n in WIDTHS or square_and_more(n) or n % 1000 == 0:
        return []
    pictures = [times((3, side, side)) for side in PICTURES if n == 3 * side * side]
    wide = [f"{named(n // w)} x {w}" for w in WIDE if n % w == 0 and tokens(n // w)]
    many = [f"{k} x {named(n // k)}" for k in PARTS if n % k == 0 and tokens(n // k)]
    return pictures + (wide or many)


def named(n):
    """A number of tokens, and which of them are no cells."""
    side, more = square_and_more(n) or (0, 0)
    return f"{n} ({side} x {side} + {more})" if more else f"{n}"


def tokens(n):
    """Is n a usual number of tokens: one that is known, or of a usual grid?"""
    side, more = square_and_more(n) or (0, 0)
    return n in KNOWN or (side in SIDES and more < 2)
