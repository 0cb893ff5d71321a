"""Numbers of tokens where a grid was asked for: what is too much, and what fits."""

import math

from helpers.inspection.messages.numbers import (
    EXTRA,
    KNOWN,
    WIDTHS,
    as_int,
    as_shape,
    describe,
    square_and_more,
    square_root,
)


def reshape(wanted, size, axis=None):
    """A tensor of `size` numbers was to take the shape `wanted`."""
    wanted, size = as_shape(wanted), as_int(size)
    asked = math.prod(n for n in wanted if n != -1)
    if asked <= 0 or size == 0:
        return {"empty": "one of the two is empty: look at what came before"}
    free, facts = -1 in wanted, {}
    if not free:
        facts["count"] = f"{times(wanted)} = {asked}, the tensor has {size}"
    if not (grid := grid_in(wanted)):
        return facts | {"no-grid": "the shape has no two axes that look like h x w"}
    rest = asked // math.prod(grid)
    cut = channel_cut(grid, size)
    if size % rest == 0 and not free and not cut:
        facts |= compare_tokens(size // rest, grid, told=rest == 1)
    if not facts.keys() & {"extra", "tiles"}:
        facts |= whole_rows(size, asked, grid)
    if free and rest > 1 and size % rest == 0 and not facts:
        facts["few"] = f"{size} = {size // rest} x {rest}, no multiple of {times(grid)}"
    if not facts.keys() - {"count"} and not cut:
        facts["no-fit"] = f"{size} is no number of such grids, with or without extras"
    if size in WIDTHS:
        facts["width"] = f"{size} is a width of models: channels, not tokens?"
    if asked > size and asked % size:
        facts["too-small"] = f"{size} is less than {asked}"
    return facts | cut


def times(shape):
    return " x ".join(map(str, shape))


def grid_in(wanted):
    """The two neighbours in a shape that look most like (h, w), or an empty tuple."""
    pairs = [wanted[i : i + 2] for i in range(len(wanted) - 1)]
    alike = [p for p in pairs if min(p) >= 2 and max(p) <= 3 * min(p) and max(p) > 2]
    return min(alike, key=lambda p: abs(math.log(p[0] / p[1])), default=())


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
    if more and (square_root(held) or not facts.keys() & {"extra", "fewer-1", "tiles"}):
        facts |= own_grid(held)
    if held == grid[0] * (grid[1] + 1):
        facts["newline"] = f"{held} = {grid[0]} x ({grid[1]} + 1): one more in each row"
    if held in KNOWN:
        facts["known"] = f"{held}: {KNOWN[held]}"
    return facts


def extra(more, text):
    """The fact that there are `more` tokens than cells, under two names."""
    return dict.fromkeys(("extra", f"extra-{more}"), f"{text}: {EXTRA[more]}")


def whole_rows(size, asked, grid):
    """The size is a multiple of the grid, or of the grid with extra tokens."""
    for tokens in (math.prod(grid) + more for more in (0, *EXTRA)):
        if size % tokens**2 == 0:
            text = f"{size} = {size // tokens**2} x {tokens} x {tokens}"
            text += ": queries by keys, one map for each query"
            return {"every-query": text, "axis-left": text}
    if size > asked and size % asked == 0:
        return {"axis-left": f"{size} = {size // asked} x {asked}: axes were left in"}
    for more in (1, 2, 5, 4):
        tokens = math.prod(grid) + more
        if size > tokens and size % tokens == 0:
            text = f"{size} = {size // tokens} x ({times(grid)} + {more})"
            text += f": {EXTRA[more]}, and more axes than the grid"
            return {f"extra-{more}": text, "rows": text}
    return {}


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
