"""Rules for values of both signs, which are no weights."""

import math

from helpers.inspection.shapes.rows import HIDES

HIDDEN = -9e3  # what masks add to scores: -10000, the least float, -inf
TINY = 1e-2  # gradients of weights are smaller


def signed_dropout(rows):
    sums = rows.whole.abs().sum(-1)  # (rows,)
    return ((sums - 1).abs() < 0.02).double().mean() > 0.9


def masked_weights(rows):
    """What a mask leaves is within 0 and 1, and rows of it sum to 1 or less."""
    hidden = rows.all <= HIDDEN  # (..., N)
    left = rows.all.masked_fill(hidden, 0)  # (..., N), without -inf
    inside = left.min() >= 0 and left.max() <= 1
    inside = hidden.any() and inside and left.sum(-1).max() <= 1 + rows.allowed
    return inside and hides(rows)


def masked_scores(rows):
    left = rows.whole[rows.whole > HIDDEN]
    alike = len(left) and left.abs().max() < -HIDDEN / 9
    return rows.least <= HIDDEN and (alike or rows.least <= HIDES) and hides(rows)


def hides(rows):
    return {"least": -math.inf if rows.least <= HIDES else rows.least}


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
        one, N = rows.square[0, front:, front:], rows.N - front  # (N, N)
        for w in (w for w in range(1, N + 1) if N % w == 0):
            pairs = one.reshape(N // w, w, N // w, w)
            down = pairs[1:, :, 1:] == pairs[:-1, :, :-1]
            if down.all() and (pairs[:, 1:, :, 1:] == pairs[:, :-1, :, :-1]).all():
                return True
    return False


def triangular(rows):
    return rows.square is not None and not rows.square.triu(1).any()


def centred(rows):
    """The weights of each row cancel out."""
    sizes = rows.whole.double().abs().sum(-1)  # (rows,)
    none = (rows.sums.abs() <= 1e-3 * sizes + 1e-5 * sizes.max()).all()
    return len(rows.whole) > 1 and rows.N > 2 and none


# Kinds of Problems, and the rules that find them: the first that holds.
SIGNED = (
    ("signed dropout", signed_dropout),
    ("weights, masked", masked_weights),
    ("scores, masked", masked_scores),
    ("similarities", similarities),
    ("position bias", bias),
    ("signed, causal", triangular),
    ("centred", centred),
    ("differential", lambda rows: rows.alike and 0 < rows.middle < 1.01),
    ("gradients", lambda rows: max(-rows.least, rows.most) <= TINY),
    ("cosines", lambda rows: max(-rows.least, rows.most) <= 1.001),
    ("scores", lambda rows: True),
)
