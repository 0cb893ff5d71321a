"""The numbers of a message: found, factored, and what a number of tokens may be."""

import re
import tomllib
from itertools import product
from math import isqrt, prod

from helpers.inspection.messages.index import FOLDER

HOLE = "#"
ONE = r"-?\d+"
AXIS = rf"(?:{ONE}|None|\?|[A-Z]\b)"  # None, ?, a letter: any length
SEPARATOR = r"\s*[,x×*]\s*"
SHAPE = re.compile(
    r"(?=[-\d\[({t])(?:"  # where one can begin
    rf"(?:torch\.Size\()?[\[({{]+\s*(?=[^\])}}]*\d){AXIS}(?:{SEPARATOR}{AXIS})*"
    r"\s*,?\s*[\])}]+\)?"
    rf"|(?:torch\.Size\()?\[\s*\]\)?"
    rf"|(?<![\w.]){ONE}(?:\s?[x×*]\s?\d+)+(?![\w])"
    rf"|(?<![\w.])\d{{1,3}}(?:,\d{{3}})+(?![\w,])"
    rf"|(?<![\w.])-?\d+(?!\.\d|\w))"
)
FACTS = tomllib.loads((FOLDER / "facts.toml").read_text(encoding="utf-8"))
TABLE = tomllib.loads((FOLDER / "numbers.toml").read_text(encoding="utf-8"))
WIDTHS, HEAD_WIDTHS, HEADS = (
    frozenset(TABLE[key]) for key in ("widths", "head_widths", "heads")
)
SIDES = TABLE["sides"]
LEAST, LARGEST = 49, 10**6  # tokens of a picture: 7 x 7; none has as many
EXTRA, KNOWN = (
    {int(n): text for n, text in TABLE[key].items()} for key in ("extra", "known")
)


def without_numbers(text):
    """The text with a hole for every number or shape, and what stood there.

    A shape is a tuple, also of one number; a number alone is an int. Versions, decimal
    numbers and digits inside of words stay in the text.
    """
    found = []

    def keep(match):
        part = match[0]
        if re.fullmatch(rf"{ONE}|\d{{1,3}}(?:,\d{{3}})+", part):
            found.append(int(part.replace(",", "")))
        else:
            axes = re.findall(AXIS, part)
            found.append(tuple(int(n) if n[-1].isdigit() else -1 for n in axes))
        return HOLE

    return SHAPE.sub(keep, text), found


def as_int(value):
    """A number, or the first of a shape."""
    return next(iter(as_shape(value)), 0)


def as_shape(value):
    return value if isinstance(value, tuple) else (value,)


def told(kind, holds, **values):
    """{name: sentence} for the facts of a kind that hold."""
    table = FACTS[kind]
    return {name: table[name].format(**values) for name, true in holds.items() if true}


def square_root(n):
    """The whole square root of n, or None."""
    root = isqrt(n) if n >= 0 else 0
    return root if root and root * root == n else None


def square_and_more(n):
    """(side, extra) with n = side x side + extra, the fewest extra tokens, or None."""
    for extra in (0, 1, 2, 5, 4):
        side = square_root(n - extra)
        if side and side >= 3:
            return side, extra
    return None


def one_image(n):
    """Is n what processors count for an image: a square, or one more, or one a row?"""
    squares = (square_root(n) or square_root(n - 1) or 0) >= 4
    return n in KNOWN or squares or (n >= 72 and n == isqrt(n) * (isqrt(n) + 1))


def grids(n):
    """Pairs (h, w) with h * w = n, h <= w <= 2.5 h, the squarest first."""
    if not 9 <= n < LARGEST:
        return []
    rows = range(isqrt(n), isqrt(2 * n // 5), -1)
    return [(h, n // h) for h in rows if n % h == 0]


def times(shape):
    return " x ".join(map(str, shape))


def either(shapes):
    return " or ".join(map(times, shapes))


def describe(n):
    """What a count of tokens may be, in a sentence; an empty one for other numbers."""
    squares = [(side, more) for more in (0, *EXTRA) if (side := square_root(n - more))]
    parts = [f"{a} x {a}" + f" + {more}" * (more > 0) for a, more in squares if a > 2]
    parts = parts or [times(grid) for grid in grids(n)[:2]]
    whole = [side for side in SIDES if n % side**2 == 0 and n < LARGEST]
    parts += [f"{n // side**2} x {side} x {side}" for side in whole[-1:] if not squares]
    known = f" ({KNOWN[n]})" if n in KNOWN else ""
    return f"{n} = {', or '.join(parts)}{known}" if parts else ""


def compare(held, grid, said=True):
    """A count of tokens where a grid was asked for; said: the message says it."""
    asked, more = prod(grid), held - prod(grid)
    whole, near = more > 0 and held % asked == 0, one_off(held, *grid)
    holds = {"held": not said and more, "fewer-1": more == -1, "known": held in KNOWN}
    holds |= {"tiles": whole, "axis-left": whole, "rounding": near}
    holds["newline"] = line = grid[1] > 7 and held == grid[0] * (grid[1] + 1)
    values = {"held": held, "asked": asked, "grid": grid, "many": held // asked}
    values |= {"times": times(grid), "known": KNOWN.get(held), "found": near}
    facts = told("tokens", holds, **values)
    if more in EXTRA:
        facts |= extra(more, f"{held} - {asked} = {more}")
    elif grid[0] == grid[1] and not line:
        facts |= rounded(held, grid[0])
    named = more in EXTRA or more == -1 or whole
    near, square = near or line, square_root(held) and grid[0] == grid[1]
    if more and (square or not near) and (square_root(held) or not named):
        facts |= own(held, grid)
    return facts


def one_off(held, h, w):
    """h x w for `held`, with a side one off (of a square both), in a text."""
    sides = product((h - 1, h, h + 1), (w - 1, w, w + 1)) if min(h, w) > 4 else ()
    return either((a, b) for a, b in sides if a * b == held and (h != w or a == b))


def rounded(held, side):
    """A side that is the square root of a rectangle, rounded down."""
    down = side > 4 and isqrt(max(held, 0)) == side and side * side != held
    may = either(grids(held)[:2]) or f"{side} x {side} + {held - side * side}"
    return told("tokens", {"rounded": down}, side=side, held=held, may=may)


def extra(more, text):
    """The fact that there are `more` tokens than cells, under two names."""
    return dict.fromkeys(("extra", f"extra-{more}"), f"{text}: {EXTRA[more]}")


def own(held, grid):
    """Facts about a number of tokens that is far from the grid that was asked for."""
    if found := square_and_more(held):
        side, more = found
        text = f"{held} = {side} x {side}" + (f" + {more}" if more else "")
        facts = {"other-grid": text + ": a grid of another size"}
        return facts | (extra(more, text) if more else {})
    (h, w), ways = grid, grids(held)
    if h != w:  # no square was taken; likelier is a grid of the same form
        ways.sort(key=lambda way: (h * way[1] != w * way[0], h not in way))
        text = f"{held} = {either(ways[:2])}, and not {h} x {w}"
        return {"other-grid": text} if ways else {}
    text = describe(held) or "no usual grid"
    return {"not-square": f"{held} is no square: {text}"}
