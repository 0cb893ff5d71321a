"""Rules: what is wrong with rows of weights, or with values of both signs."""

from functools import partial

import torch

from helpers.inspection.shapes.rows import HIDES
from helpers.inspection.shapes.softmax import is_half

LEAST_SORTED = 12  # keys: fewer are in order by chance
EVEN = 0.05  # bits: trained maps miss several, those of a new model 0.01 to 0.07
HIDDEN = -9e3  # what masks add to scores: -10000, the least float, -inf
HALF = -65504.0  # the least float16
TINY = 1e-2  # gradients of weights are smaller


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


def few_kept(rows):
    """As many weights in every row, and not the same in all."""
    seen = rows.whole > 0  # (rows, N)
    count = seen.sum(-1)  # (rows,)
    same = count.min() == count.max() < rows.N and (seen != seen[:1]).any()
    return same and rows.high < 1 + rows.allowed and {"kept": int(count[0])}


def one_hot(rows):
    """One key for each row, and not the same one in all."""
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


def masked_weights(rows):
    """What a mask leaves is within 0 and 1, and rows of it sum to 1 or less."""
    hidden = rows.all <= HIDDEN  # (..., N)
    left = rows.all.masked_fill(hidden, 0)  # (..., N), without -inf
    inside = left.min() >= 0 and left.max() <= 1
    inside = hidden.any() and inside and left.sum(-1).max() <= 1 + rows.allowed
    return inside and hides(rows)


def masked_scores(rows):
    left = rows.whole[rows.whole > HIDDEN]
    alike = len(left) > 0 and bool(left.abs().max() < -HIDDEN / 9)
    alike |= rows.least <= HIDES or rows.least == HALF
    return rows.least <= HIDDEN and alike and hides(rows)


def hides(rows):
    """What hides is the least number, as it was before `HIDES` took its place."""
    known = rows.values == rows.values  # no NaN
    return {"least": rows.values[known].min().item()}


def similarities(rows):
    """As much from i to j as from j to i, and nothing beyond the diagonal."""
    if rows.square is None or rows.N < 4:
        return False
    most, own = rows.square.abs().max(), rows.diagonal
    differ = (rows.square - rows.square.transpose(-1, -2)).abs().max()
    same = differ <= rows.allowed / 5 * most and own.min() > 0
    ones = (own - 1).abs().max() < 1e-2
    text = "all values on the diagonal are 1, and none is beyond"
    text = text if ones else "the largest stand on the diagonal"
    return same and own.max() >= 0.99 * most and {"diagonal": text}


def bias(rows):
    """The same for equal offsets on a grid (h, w), or with h = 1 on a line; behind a
    class token, too."""
    if rows.square is None or rows.N < 9:
        return False
    for front in (0, 1):
        all_maps, N = rows.square[:, front:, front:], rows.N - front  # (maps, N, N)
        for w in (w for w in range(1, N + 1) if N % w == 0):
            pairs = all_maps.reshape(-1, N // w, w, N // w, w)
            down = pairs[:, 1:, :, 1:] == pairs[:, :-1, :, :-1]
            right = pairs[:, :, 1:, :, 1:] == pairs[:, :, :-1, :, :-1]
            if down.all() and right.all():
                return True
    return False


def centred(rows):
    """The weights of each row cancel out."""
    none = (rows.sums.abs() <= 1e-3 * rows.sizes + 1e-5 * rows.sizes.max()).all()
    return len(rows.whole) > 1 and rows.N > 2 and none


# Kinds of Problems, and the rules that find them: the first that holds.
SIGNED = (
    ("signed dropout", lambda r: ((r.sizes - 1).abs() < 0.02).double().mean() > 0.9),
    ("weights, masked", masked_weights),
    ("scores, masked", masked_scores),
    ("similarities", similarities),
    ("position bias", bias),
    ("signed, causal", lambda r: r.square is not None and not r.square.triu(1).any()),
    ("centred", centred),
    ("differential", lambda rows: rows.alike and 0 < rows.middle < 1.01),
    ("gradients", lambda rows: max(-rows.least, rows.most) <= TINY),
    ("cosines", lambda rows: max(-rows.least, rows.most) <= 1.001),
    ("scores", lambda rows: True),
)
