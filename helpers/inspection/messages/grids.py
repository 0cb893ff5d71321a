"""Numbers of tokens where a grid was asked for: what is too much, and what fits."""

import math
from fractions import Fraction

from helpers.inspection.messages.numbers import (
    EXTRA,
    KNOWN,
    WIDTHS,
    as_int,
    as_shape,
    describe,
    grids,
    square_and_more,
    square_root,
)

PHOTOS = {Fraction(4, 3), Fraction(3, 2), Fraction(16, 9)}
CHANCE = 11  # a number with a prime as large divides few others by chance


def reshape(wanted, size, axis=None):
    """A tensor of `size` numbers was to take the shape `wanted`."""
    wanted, size = as_shape(wanted), as_int(size)
    asked = math.prod(n for n in wanted if n != -1)
    if asked <= 0 or size == 0:
        return {"empty": "one of the two is empty: look at what came before"}
    free, facts = -1 in wanted, {}
    if not free:
        facts["count"] = f"{times(wanted)} = {asked}, the tensor has {size}"
    splits = splits_of(wanted, size)
    if not splits:
        facts["no-grid"] = "the shape has no two axes that look like h x w"
        return facts | (windows(wanted, size) or solved(wanted, size, asked))
    grid, rest = splits[0]
    cut = channel_cut(grid, size)
    if free and size < 2 * math.prod(grid) * rest:
        free = False  # there is one image
    if size % rest == 0 and not free and not cut:
        facts |= compare_tokens(size // rest, grid, told=rest == 1)
    if not facts.keys() & {"extra", "tiles"}:
        facts |= whole_rows(size, rest, grid)
    if free and rest > 1 and size % rest == 0 and not facts:
        facts["few"] = f"{size} = {size // rest} x {rest}, no multiple of {times(grid)}"
    if not facts.keys() - {"count", "held"} and not cut:
        facts["no-fit"] = f"{size} is no number of such grids, with or without extras"
        facts |= solved(wanted, size, asked)
    if size in WIDTHS:
        facts["width"] = f"{size} is a width of models: channels, not tokens?"
    if asked > size and asked % size:
        facts["too-small"] = f"{size} is less than {asked}"
    return facts | cut


def times(shape):
    return " x ".join(map(str, shape))


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
        if (i == 0 and len(wanted) > 3) or (behind and -1 < behind[0] < 32):
            continue
        if min(grid) >= 2 and 2 < max(grid) <= 5 * min(grid):
            rest = abs(math.prod(wanted)) // (h * w)
            found.append((size % rest > 0, abs(math.log(h / w)), grid, rest))
    return [one[2:] for one in sorted(found)]


def windows(wanted, size):
    """A map that is cut into windows, (B, h / side, side, w / side, side, C)."""
    if len(wanted) != 6 or -1 in wanted or wanted[2] != wanted[4]:
        return {}
    images, rows, side, columns, _, width = wanted
    found = grids(size // (images * width))
    if size % (images * width) or not found or found[0][0] % side == 0:
        return {}
    text = (
        f"{rows * side} x {columns * side} is cut into windows of {side}, and there is"
    )
    return {"patch": f"{text} {times(found[0])}: no multiple of {side}"}


def solved(wanted, size, asked):
    """What one axis of the shape would have to be, or how often the shape is held."""
    ratio = Fraction(size, asked)
    if -1 in wanted:
        if ratio.denominator == 2:
            return {"solved": f"{size} = {float(ratio):g} x {asked}"}
        return other_side(wanted, ratio) if ratio.denominator > 2 else {}
    if ratio.denominator == 1 or ratio.numerator == 1:
        many = max(ratio.numerator, ratio.denominator)
        word = "twice" if many == 2 else f"{many} times"
        held = "holds" if ratio > 1 else "is held by"
        text = f"the tensor {held} the shape exactly {word}: a batch, prompts, heads?"
        return {"ratio": text} | ({"twice": text} if ratio == 2 else {})
    for n in sorted(set(wanted), reverse=True):
        need = n * ratio
        if n > 2 and need.denominator <= 2:
            half = f" ({need.numerator} = 2 x {need.numerator // 2} + 1)"
            text = f"with {float(need):g} in the place of {n} it would fit"
            return {"solved": text + half * (need.denominator == 2)}
    return {}


def other_side(wanted, ratio):
    """A number near to one of the shape, which would leave a width to the free axis."""
    found = [
        (abs(near - n), n, near, int(width))
        for n in {*wanted} - {-1}
        for near in range(max(1, n - 2), n + 3)
        if (width := ratio * n / near) in WIDTHS
    ]
    if not found:
        return {}
    _, n, near, width = min(found)
    text = (
        f"with {near} in the place of a {n} it would fit, and leave a width of {width}"
    )
    return {"solved": text}


def compare_tokens(held, grid, told):
    """Facts about a count of tokens where a grid was asked for; told: it was said."""
    asked, more = math.prod(grid), held - math.prod(grid)
    facts = {}
    if not told and more:
        facts["held"] = f"that is {held} tokens, where {times(grid)} = {asked} is asked"
    if more in EXTRA:
        facts |= extra(more, f"{held} - {asked} = {more}")
    if more == -1:
        facts["fewer-1"] = f"{held} = {asked} - 1: a cell was cut off"
    elif more and held % asked == 0:
        many = held // asked
        facts["tiles"] = f"{held} = {many} x {asked}: tiles, frames, heads or images"
        facts["axis-left"] = facts["tiles"]
    if grid[0] == grid[1] and more not in EXTRA:
        facts |= rounded(held, grid[0])
    known = facts.keys() & {"extra", "fewer-1", "tiles"}
    if more and (square_root(held) or photo(held) or not known):
        facts |= own_grid(held)
    if held == grid[0] * (grid[1] + 1):
        facts["newline"] = f"{held} = {grid[0]} x ({grid[1]} + 1): one more in each row"
    if held in KNOWN:
        facts["known"] = f"{held}: {KNOWN[held]}"
    return facts


def photo(held):
    """Are so many tokens a grid of a usual photo, 4 : 3, 3 : 2 or 16 : 9?"""
    return held > 1000 and any(Fraction(w, h) in PHOTOS for h, w in grids(held))


def rounded(held, side):
    """A side that is the square root of a rectangle, rounded down."""
    if math.isqrt(held) != side or side * side == held:
        return {}
    text = f"{side} is the square root of {held}, rounded down"
    if not grids(held):
        return {"rounded-more": f"{text}: {held - side * side} tokens too many"}
    may = " or ".join(times(grid) for grid in grids(held)[:2])
    return {"rounded": f"{text}, and {held} may be {may}"}


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
    for prime in (2, 3, 5, 7):
        while n % prime == 0:
            n //= prime
    return n >= CHANCE


def own_grid(held):
    """Facts about a number of tokens that is far from the grid that was asked for."""
    if found := square_and_more(held):
        side, more = found
        text = f"{held} = {side} x {side}" + (f" + {more}" if more else "")
        facts = {"other-grid": text + ": a grid of another size"}
        return facts | (extra(more, text) if more else {})
    text = describe(held)
    return {"not-square": f"{held} is no square: {text}"} if text else {}


def channel_cut(grid, size):
    """A channel was cut off for a class token: size = (width - 1) * h * w."""
    cells = math.prod(grid)
    width, rest = divmod(size, cells)
    if cells < 9 or rest or width + 1 not in WIDTHS:
        return {}
    text = f"{size} = ({width + 1} - 1) x {cells}: a channel was cut, not a token"
    return {"channel-cut": text}
