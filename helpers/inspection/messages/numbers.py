"""The numbers of a message: found, factored, and compared by what they stand for."""

import math
import re
import tomllib

from helpers.inspection.messages.index import FOLDER

HOLE = "#"
ONE = r"-?\d+"
AXIS = rf"(?:{ONE}|None|\?)"  # TensorFlow's None stands for any length
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
            found.append(tuple(-1 if n in ("None", "?") else int(n) for n in axes))
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
        if min(grid) >= 2 and 2 < max(grid) <= 5 * min(grid):
            rest = abs(math.prod(wanted)) // (h * w)
            found.append((size % rest > 0, abs(math.log(h / w)), grid, rest))
    return [one[2:] for one in sorted(found)]


def describe(n):
    """What a count of tokens may be, in a sentence; an empty one for small numbers."""
    told = f" ({KNOWN[n]})" if n in KNOWN else ""
    sides = [(side, more) for more in (0, *EXTRA) if (side := square_root(n - more))]
    parts = [
        f"{side} x {side}" + (f" + {more}" if more else "")
        for side, more in sides
        if side >= 3
    ]
    if not parts and n in WIDTHS:
        return f"{n} is a width of models: channels, not tokens?"
    if len(parts) == 1 and sides[0][1] and not told:
        told = f" ({EXTRA[sides[0][1]]}?)"
    parts = parts or rectangles(n)
    if n > 2000:
        parts += [f"{n // width} x {width}" for width in WIDTHS if spans(n, width)][:2]
    if not parts:
        parts = [f"{n // k} x {k}" for k in KNOWN if k > 144 and n % k == 0 and n > k]
    if not parts and 48 < n < LARGEST and not told:
        return f"{n} {factors(n)}: no usual grid"
    if not parts:
        return f"{n}{told}" if told else ""
    return f"{n} = {', or '.join(parts[:3])}{told}"


def rectangles(n):
    """The same for a number that is no square: stacks of squares, and rectangles."""
    if n >= LARGEST:
        return []
    parts = [f"{many} x {side} x {side}" for many, side in stacks(n)[:2]]
    parts += [f"{h} x {w}" for h, w in grids(n)[:2]]
    return parts + [f"{h} x {w} + 1" for h, w in grids(n - 1)[:1]]


def stacks(n):
    """(many, side) with n = many x side x side: tiles or frames, usual sides first."""
    sides = range(7, min(64, math.isqrt(n // 2)) + 1)
    fit = [(n // side**2, side) for side in sides if n > 300 and n % side**2 == 0]
    return sorted(fit, key=lambda one: (one[1] not in SIDES, -one[1]))


def factors(n):
    """The primes of n, in a text."""
    primes, prime = [], 2
    while prime * prime <= n:
        while n % prime == 0 and n > prime:
            primes.append(prime)
            n //= prime
        prime += 1
    return "= " + " x ".join(map(str, [*primes, n])) if primes else "is a prime"


def spans(n, width):
    """Is n a number of tokens of a grid, times a width?"""
    tokens, rest = divmod(n, width)
    return not rest and tokens >= 49 and square_and_more(tokens) is not None


def read_any(numbers):
    """What can be said of numbers whose meaning is unknown: a list of sentences."""
    flat = list(
        dict.fromkeys(n for shape in numbers for n in as_shape(shape) if n > 24)
    )
    lines = [line for line in map(describe, flat) if line]
    lines += [relation(a, b) for i, a in enumerate(flat[:6]) for b in flat[i + 1 : 6]]
    for value in numbers[:6]:
        if isinstance(value, tuple) and len(value) > 1 and min(value) > 0:
            lines.append(f"{'x'.join(map(str, value))}: {math.prod(value)} numbers")
    return list(dict.fromkeys(line for line in lines if line))[:8]


def relation(a, b):
    """What ties two numbers together, or an empty text."""
    low, high = sorted((a, b))
    if high in WIDTHS and high - low == 1:
        return f"{high} - {low} = 1: an entry of the width was cut off, and no token?"
    if high - low in EXTRA:
        return f"{high} - {low} = {high - low}: {EXTRA[high - low]}?"
    if low > 1 and high == low * low:
        return f"{high} = {low} x {low}"
    if low > 1 and high % low == 0:
        return f"{high} = {high // low} x {low}"
    return ""
