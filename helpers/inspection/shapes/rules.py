"""Rules: what is wrong with rows of weights, and how it shows."""

from functools import partial

import torch

from helpers.inspection.shapes.rows import MOST_LEFT
from helpers.inspection.shapes.signs import bias, similarities
from helpers.inspection.shapes.softmax import is_half

LEAST_SORTED = 12  # keys: fewer are in order by chance
EVEN = 0.05  # bits: trained maps miss several, those of a new model 0.01 to 0.07


def lone_dropout(rows):
    """Each row that has a weight has one, beyond 1 and the same in all."""
    lone = (rows.whole == rows.most).sum(-1) + (rows.whole == 0).sum(-1) == rows.N
    found = rows.blind.any() and rows.least == 0 and rows.most > 1 and lone.all()
    return found and rows.alike and {"text": f"every weight is 0 or {rows.most:.3f}"}


def cumulative(rows):
    """Rows that never fall, and end on 1."""
    rise = (rows.seen[:, 1:] >= rows.seen[:, :-1]).all()
    last = rows.seen[:, -1:]  # (rows, 1)
    several = rows.N >= LEAST_SORTED and len(rows.seen) and rows.middle > 2
    return several and rise and (last - 1).abs().max() <= rows.allowed


def in_order(rows):
    """Every row falls from key to key, or every row rises."""
    steps = rows.seen[:, 1:] - rows.seen[:, :-1]  # (rows, N - 1)
    if rows.N < LEAST_SORTED or not len(steps):
        return False
    vary = (steps != 0).any(-1).all()
    return vary and ((steps <= 0).all() or (steps >= 0).all())


def identity(rows):
    """Half of each row's sum, or hardly more, is on the diagonal; or far the most."""
    if rows.square is None or rows.N <= 8:
        return False
    own = rows.diagonal.min().item()
    eye = torch.arange(rows.N)[:, None] == torch.arange(rows.N)  # (N, N)
    most = own > 0.99 and rows.square.masked_fill(eye, 0).max() < own / 2
    total = 1 if rows.high < 1 + rows.allowed else 2
    added = rows.alike and 0.99 < 2 * own / total < 1.05
    added = added and abs(rows.middle - total) < 2 * rows.allowed
    return (added or most) and {"own": own}


def summed_exactly(rows):
    """Sums that are a whole number; a map that was scaled has one largest weight."""
    off = abs(rows.middle - round(rows.middle)) / rows.middle
    several = (rows.whole == rows.most).sum() > 1
    near = off < 1e-5 or (off < rows.allowed and several)
    return near and rows.middle > 1 and (rows.alike or len(rows.whole) == 1)


def rounded(rows):
    """All are multiples of 0.1, 0.01, 0.001, and few of them 0 or 1."""
    between = ((rows.whole > 0) & (rows.whole < 1)).any(-1).double().mean() > 0.5
    for digits in (10, 100, 1000) if between and rows.most < 2 else ():
        off = (rows.whole.double() * digits + 0.5) % 1 - 0.5  # (rows, N)
        if off.abs().max() < 1e-4:
            return {"unit": 1 / digits}
    return False


def scaled_down(rows):
    return rows.middle <= MOST_LEFT and not rows.taken


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
            if (high - unit).abs().max() <= 1e-6 * unit:
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


def few_kept(rows):
    """As many weights in every row, and not the same in all."""
    seen = rows.whole > 0  # (rows, N)
    count = seen.sum(-1)  # (rows,)
    same = count.min() == count.max() < rows.N and (seen != seen[:1]).any()
    return same and rows.high < 1 + rows.allowed and {"kept": int(count[0])}


def one_hot(rows):
    """One key a row, and not the same in all."""
    ones = ((rows.whole == 0) | (rows.whole == 1)).all()
    return ones and len(rows.whole) > 2 and rows.whole.any(0).sum() > 1


def twice(rows):
    """softmax(p): the logarithms are p and a constant, and p sums to 1."""
    spread = rows.spread
    total = (spread - spread.median(-1, keepdim=True).values).clamp_min(0)  # (rows, N)
    total = total.masked_fill(total < 0.012, 0).sum(-1)  # bfloat16 rounds that much
    within = spread.max() <= 1.01 and total.max() <= 1.05
    clear = total.median() > 0.1 or spread.max() > 0.5  # noise has no such key
    found = within and (spread.sum(-1).max() <= 1.05 or clear)
    return found and {"ratio": spread.max().exp().item()}


def even(rows):
    """Hardly less than the most bits that so many keys can have."""
    most = (rows.seen > 0).sum(-1).double().log2()  # (rows,)
    bits = most + (rows.seen * rows.seen.clamp_min(1e-30).log2()).sum(-1)
    return bits.mean() <= EVEN and {"share": 1 / rows.N}


def one_map(back, rows):
    """Maps differ by no more than rounding along an axis: the queries, or the first."""
    maps, axis = rows.all, back or rows.all.dim()
    if maps.dim() < 2 or maps.amax(-1).min() > 0.999:  # all of it on a sink
        return False
    half, count = is_half(rows.values), maps.shape[-axis]
    high, low = maps.amax(-axis), maps.amin(-axis)
    worth = high > (1e-4 if half else 1e-7)
    differ = (high - low) > (1.2e-2 if half else 2e-3) * high
    return count > 1 and not (worth & differ).any() and {"count": count}


# Kinds of Problems, and the rules that find them: of a list, the first that holds.
ALWAYS = (
    ("dropout", lone_dropout),
    ("one value", lambda rows: rows.N == 1 and rows.high - rows.low > rows.allowed),
    ("one key", lambda rows: rows.N == 1 and rows.least > 0),
    ("ones", lambda rows: 5 * max(1 - rows.least, rows.most - 1) < rows.allowed),
    ("constant", lambda rows: rows.least == rows.most and {"share": rows.most}),
    ("cumulative", cumulative),
    ("sorted", in_order),
)
UNEQUAL = (  # rows that do not sum to 1
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
    ("summed", lambda rows: rows.alike and (rows.middle >= 1 or scaled_down(rows))),
    ("keepdim", swapped_divisor),
    ("sigmoid", sigmoid),
    ("dropout", dropout),
    ("top k", few_kept),
    ("dropped keys", lambda rows: rows.high <= 1 + rows.allowed),
    ("no softmax", lambda rows: True),
)
EQUAL = (
    ("constant", lambda rows: rows.spread.max() < 1e-5 and {"share": 1 / rows.N}),
    ("softmax twice", twice),
    ("even", even),
    ("identity", identity),
    ("one-hot", one_hot),
    ("one map for all queries", partial(one_map, 2)),
    ("one map for all images", partial(one_map, 0)),
)
NARROW = EQUAL[3:]  # what can be said where no row has three keys that are seen
