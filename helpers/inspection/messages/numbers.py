"""The numbers of a message: found, factored, and compared by what they stand for."""

import math
import re
import tomllib

from helpers.inspection.messages.index import FOLDER

HOLE = "#"
ONE = r"-?\d+"
AXIS = rf"(?:{ONE}|None|\?|[A-Z]\b)"  # None, ?, a letter: any length
SEPARATOR = r"\s*[,x×*]\s*"
SHAPE = re.compile(
    rf"(?:torch\.Size\()?[\[({{]+\s*(?=[^\])}}]*\d){AXIS}(?:{SEPARATOR}{AXIS})*"
    r"\s*,?\s*[\])}]+\)?"
    rf"|(?:torch\.Size\()?\[\s*\]\)?"
    rf"|(?<![\w.]){ONE}(?:\s?[x×*]\s?\d+)+(?![\w])"
    rf"|(?<![\w.])\d{{1,3}}(?:,\d{{3}})+(?![\w,])"
    rf"|(?<![\w.])-?\d+(?!\.\d|\w)"
)
FACTS = tomllib.loads((FOLDER / "facts.toml").read_text(encoding="utf-8"))
HEAD_WIDTHS = {16, 24, 32, 40, 48, 64, 80, 96, 128, 256}
LARGEST = 10**6  # no picture has as many tokens
TABLE = tomllib.loads((FOLDER / "numbers.toml").read_text(encoding="utf-8"))
WIDTHS, SIDES = TABLE["widths"], TABLE["sides"]
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
    root = math.isqrt(n) if n >= 0 else 0
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
    rows = range(math.isqrt(n), math.isqrt(2 * n // 5), -1)
    return [(h, n // h) for h in rows if n % h == 0]


def splits_of(wanted, size):
    """((h, w), rest) for all readings batch | grid | width of a shape, the best first.

    A reading whose other axes divide the size comes before one whose do not, then the
    squarest. (h, w) can stand first only in (h, w) and (h, w, C), a batch is in front
    of all others, and more than five axes are windows.
    """
    found = []
    for i in range(len(wanted) - 1 if len(wanted) < 6 else 0):
        h, w = grid = wanted[i : i + 2]
        behind = wanted[2:] if i == 0 else ()
        if (i == 0 and len(wanted) > 3) or (
            behind and behind[0] != 1 and -1 < behind[0] < 32
        ):
            continue
        heads = wanted[:i][-1:] == (-1,) and h != w in HEAD_WIDTHS  # (B, -1, A, N)
        if not heads and min(grid) >= 2 and 2 < max(grid) <= 5 * min(grid):
            rest = abs(math.prod(wanted)) // (h * w)
            found.append((size % rest > 0, abs(math.log(h / w)), grid, rest))
    return [one[2:] for one in sorted(found)]


def describe(n):
    """What a count of tokens may be, in a sentence; an empty one for other numbers."""
    squares = [(side, more) for more in (0, *EXTRA) if (side := square_root(n - more))]
    parts = [
        f"{side} x {side}" + f" + {more}" * (more > 0)
        for side, more in squares
        if side > 2
    ]
    parts = parts or [f"{h} x {w}" for h, w in grids(n)[:2]]
    whole = [side for side in SIDES if n % side**2 == 0 and n < LARGEST]
    parts += [f"{n // side**2} x {side} x {side}" for side in whole[-1:] if not squares]
    known = f" ({KNOWN[n]})" if n in KNOWN else ""
    return f"{n} = {', or '.join(parts)}{known}" if parts else ""


def read_any(numbers):
    """What the numbers of an unknown error may be: counts of tokens, in sentences."""
    flat = dict.fromkeys(n for shape in numbers for n in as_shape(shape) if n >= 49)
    return [describe(n) for n in flat if n in KNOWN or square_and_more(n)][:6]
