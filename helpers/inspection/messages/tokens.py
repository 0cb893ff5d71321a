"""What a number of tokens may be: a grid, a grid and more, a grid of another size."""

from itertools import product
from math import isqrt, prod

from helpers.inspection.messages.numbers import EXTRA, KNOWN, SIDES, as_shape, told

LARGEST = 10**6  # no picture has as many tokens


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


def read_any(numbers):
    """What the numbers of an unknown error may be: counts of tokens, in sentences."""
    flat = dict.fromkeys(n for shape in numbers for n in as_shape(shape) if n >= 49)
    return [describe(n) for n in flat if n in KNOWN or square_and_more(n)][:6]


def compare(held, grid, said=True):
    """A count of tokens where a grid was asked for; said: the message says it."""
    asked, more = prod(grid), held - prod(grid)
    whole, near = more > 0 and held % asked == 0, one_off(held, *grid)
    holds = {"held": not said and more, "fewer-1": more == -1, "known": held in KNOWN}
    holds |= {"tiles": whole, "axis-left": whole, "rounding": near}
    holds["newline"] = held == grid[0] * (grid[1] + 1)
    values = {"held": held, "asked": asked, "grid": grid, "many": held // asked}
    values |= {"times": times(grid), "known": KNOWN.get(held), "found": near}
    facts = told("tokens", holds, **values)
    if more in EXTRA:
        facts |= extra(more, f"{held} - {asked} = {more}")
    elif grid[0] == grid[1]:
        facts |= rounded(held, grid[0])
    named = more in EXTRA or more == -1 or whole
    if more and not near and (square_root(held) or not named):
        facts |= own(held, grid)
    return facts


def one_off(held, h, w):
    """h x w for `held`, with a side one off (of a square both), in a text."""
    sides = product((h - 1, h, h + 1), (w - 1, w, w + 1)) if min(h, w) > 4 else ()
    return either((a, b) for a, b in sides if a * b == held and (h != w or a == b))


def rounded(held, side):
    """A side that is the square root of a rectangle, rounded down."""
    down = isqrt(max(held, 0)) == side and side * side != held
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
