"""Rules for rows that do not sum to 1."""

from functools import partial

import torch

from helpers.inspection.shapes.rows import MOST_LEFT
from helpers.inspection.shapes.rules import bias, few_kept, identity, similarities
from helpers.inspection.shapes.softmax import is_half


def rounded(rows):
    """All are multiples of 0.1, 0.01, 0.001, and few of them 0 or 1."""
    between = ((rows.whole > 0) & (rows.whole < 1)).any(-1).double().mean() > 0.5
    for digits in (10, 100, 1000) if between and rows.most < 2 else ():
        off = (rows.whole.double() * digits + 0.5) % 1 - 0.5  # (rows, N)
        if off.abs().max() < 1e-4:
            return {"unit": 1 / digits}
    return False


def summed_exactly(rows):
    """Sums that are a whole number; a map that was scaled has one largest weight."""
    off = abs(rows.middle - round(rows.middle)) / rows.middle
    several = (rows.whole == rows.most).sum() > 1
    near = off < 1e-5 or (off < rows.allowed and several)
    return near and rows.middle > 1 and (rows.alike or len(rows.whole) == 1)


def multiplied(rows):
    down = rows.middle <= MOST_LEFT and (rows.known or not rows.taken)
    return rows.alike and (rows.middle >= 1 or down)


def folded(rows):
    """Each row has several heads, one behind the other or one within the other."""
    count = round(rows.middle)
    if count < 2 or rows.N % count or rows.N == count:
        return False
    width = rows.N // count
    for sizes, axis in (((count, width), -1), ((width, count), -2)):
        sums = rows.whole.unflatten(-1, sizes).sum(axis)
        if (sums - 1).abs().max() <= rows.allowed:
            return {"count": count, "sizes": sizes}
    return False


def scaled(above, rows):
    """The largest weight of each map is 1 or 255; the least is above 0, or it is 0."""
    maps = rows.all.nan_to_num()
    sigmoid = (maps > 0.95 * maps.max()).double().mean() > 0.1  # many near the end
    some = rows.high > 1 + rows.allowed and rows.N > 1 and not sigmoid
    for count in range(1, maps.dim() + 1 if some else 0):
        last = tuple(range(-count, 0))  # of a row, of all rows, of all heads, ...
        high, low = maps.amax(last), maps.amin(last)  # (...)
        high, low = high[high > 0], low[high > 0]
        for unit in (1, 255):
            chance = high.numel() < 8 and maps.mean() > unit / 3 and not rows.alike
            if not chance and (high - unit).abs().max() <= 1e-6 * unit:
                return bool((low > 0).any()) is above and {"unit": unit}
    return False


def swapped_divisor(rows):
    """True if a / a.sum(-1), without keepdim, made this: each column was divided.

    Then the sums s of a solve rows @ s = s, all of them positive: the largest
    eigenvalue is 1. Sums that dropout made miss it.
    """
    if rows.square is None or rows.N > 2048:
        return False
    square = rows.square[:4].double()  # (maps, N, N)
    vector = torch.ones(len(square), rows.N, 1, dtype=torch.float64)
    for _ in range(200):
        grown = square @ vector  # (maps, N, 1)
        size = grown.amax(1, keepdim=True).clamp_min(1e-30)  # (maps, 1, 1)
        vector = grown / size
    return (size - 1).abs().max() < (2e-3 if is_half(rows.values) else 1e-4)


def sigmoid(rows):
    """All between 0 and 1, and many above a half."""
    inside = rows.low > 1 and 0 < rows.least and rows.most <= 1
    return inside and (rows.whole > 0.5).double().mean() > 0.05


def some_of_an_axis(rows):
    """All rows of some entries of an axis sum to 1, and others do not."""
    off = (rows.all.nan_to_num().sum(-1) - 1).abs() * ~rows.blind > rows.allowed / 5
    which = off.double().mean() <= 0.5 and rows.confined(off)
    return which and {"which": f"all do but those at {which}"}


def one_of_the_keys(rows):
    """One key is what all sums miss."""
    off, whole = rows.sums - 1, rows.whole.double()  # (rows,), (rows, N)
    slope = (off[:, None] * whole).sum(0) / ((whole * whole).sum(0) + 1e-30)  # (N,)
    rest = (off[:, None] - slope * whole).abs().amax(0)  # (N,)
    key = rest.tolist().index(rest.min().item())
    factor = 1 - slope[key].item()
    alone = len(off) > 8 and rest[key] < rows.allowed / 5 and factor > 0
    return alone and {"which": f"they would with key {key} times {factor:.3g}"}


def some_dropout(rows):
    """Dropout in some of the heads or layers."""
    some = rows.taken and rows.high > 1 + rows.allowed and some_of_an_axis(rows)
    return some and {"text": f"{rows.text}; {some['which']}"}


def dropout(rows):
    """Sums around 1, on both sides of it; with zeros, or of averaged heads."""
    off, each = abs(rows.middle - 1), (rows.sums - rows.middle).abs().mean()
    if rows.grid or rows.high <= 1 + rows.allowed:
        return False
    if rows.taken:
        return off < 0.03 + 4 * each * len(rows.whole) ** -0.5
    near = off < 0.05 and each < 0.15 and rows.low > 0.4 and rows.high < 1.6
    return near and not rows.heads


def masked_late(rows):
    """Nothing ahead; the last row is whole, and the first have lost most."""
    if rows.square is None or rows.N < 4 or rows.square.triu(1).any():
        return False
    sums = rows.square.sum(-1)  # (maps, N)
    whole = (sums[:, -1] - 1).abs().max() <= rows.allowed
    return whole and sums[:, 0].max() < sums[:, -1].min() / 2


# Kinds of Problems, and the rules that find them: the first that holds.
UNEQUAL = (
    ("rounded", rounded),
    ("similarities", similarities),
    ("identity", identity),
    ("dropout", some_dropout),
    ("edited", some_of_an_axis),
    ("edited", one_of_the_keys),
    ("position bias", bias),
    ("folded heads", folded),
    ("summed", summed_exactly),
    ("max-scaled", partial(scaled, True)),
    ("min-max", partial(scaled, False)),
    ("unit length", lambda rows: rows.length < rows.allowed),
    ("sigmoid", lambda rows: rows.grid and sigmoid(rows)),
    ("grid map", lambda rows: rows.grid),
    ("summed", multiplied),
    ("keepdim", swapped_divisor),
    ("sigmoid", sigmoid),
    ("dropout", dropout),
    ("top k", few_kept),
    ("late mask", masked_late),
    ("dropped keys", lambda rows: rows.high <= 1 + rows.allowed),
    ("no softmax", lambda rows: True),
)
