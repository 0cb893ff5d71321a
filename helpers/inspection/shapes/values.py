"""What can be seen to be wrong in the values of a weights tensor."""

import math

import torch

from helpers.inspection.shapes.families import problem
from helpers.inspection.shapes.sums import is_half, tolerance

EVEN = 0.05  # bits: trained maps miss several, those of a new model 0.01 to 0.07
SINK = 0.3  # share of all weight that makes one key a sink


def find_problems(values, keys=-1):
    """The list of Problems of weights whose keys lie along axis `keys`.

    values: float tensor, any shape. Rows with NaN are reported, then left out; rows of
    zeros are left out, unless there are no others.
    """
    rows = values.movedim(keys, -1).float()  # (..., N)
    finite = rows.isfinite().all(-1)  # (...)
    found = not_finite(values, rows)
    if not finite.any():
        return found
    blind = ~rows.any(-1)  # (...)
    if blind[finite].all():
        return found + [problem("zeros")]
    whole = rows[finite & ~blind]  # (rows, N)
    if whole.min() < -1e-6:
        return found + [negative(rows, whole)]
    if blind.any() and bool((whole.amax(-1) > 1).all()) and alone(whole):
        text = f"every weight is 0 or {whole.max():.3f}"
        return found + [problem("dropout", text=text, zeros=zeros_of(rows))]
    if whole.shape[-1] == 1 or bool((whole == 1).all()):
        return found + [problem("ones")]
    if whole.min() == whole.max():
        return found + [
            problem("constant", N=whole.shape[-1], share=whole.max().item())
        ]
    sums = whole.sum(-1, dtype=torch.float64)  # (rows,)
    if (sums - 1).abs().max() > tolerance(values):
        return found + [not_one(rows, whole, sums, tolerance(values))]
    if found:
        return found
    return even(whole) or identity(rows, 1) or same_maps(rows, is_half(values))


def zeros_of(rows):
    """The share of zeros, 0..1."""
    return (rows == 0).double().mean().item()


def alone(rows):
    """True if each of the rows (rows, N) has one key with a weight, the same in all."""
    seen = rows != 0  # (rows, N)
    return bool((seen.sum(-1) == 1).all()) and len(rows[seen].unique()) == 1


def not_finite(values, rows):
    """NaN: where, and whether half precision can have made it."""
    bad = ~values.isfinite()
    if not bad.any():
        return []
    count = f"{int(bad.sum())} of {values.numel()}"
    whole = bool((~rows.isfinite()).all(-1).sum() == (~rows.isfinite()).any(-1).sum())
    where = "whole rows of keys" if whole else "single weights"
    kind = "nan, half precision" if is_half(values) else "nan"
    return [problem(kind, count=count, where=where)]


def negative(rows, whole):
    """Scores (..., N), (rows, N); without a softmax; or with a sign for dropout."""
    sums, low = whole.abs().sum(-1), whole.min().item()  # (rows,)
    if ((sums - 1).abs() < 0.02).double().mean() > 0.9:
        return problem("signed dropout", low=low)
    square = rows.dim() > 1 and rows.shape[-2] == rows.shape[-1] > 2
    causal = square and not rows.triu(1).any()
    return problem("signed, causal" if causal else "scores", low=low)


def identity(rows, total, said=""):
    """[Problem] if half of each row's sum, or hardly more, is on the diagonal."""
    N, half = rows.shape[-1], total / 2
    if not (rows.dim() > 1 and rows.shape[-2] == N > 8):
        return []
    own = rows.reshape(-1, N * N)[:, :: N + 1]  # (maps, N)
    added = 0.99 < own.min().item() / half < 1.05 and own.min() < own.max()
    return [problem("identity", total=said or total, half=half)] if added else []


def not_one(rows, whole, sums, allowed):
    """Why rows do not sum to 1: (..., N), (rows, N), (rows,), a tolerance."""
    low, high, middle = sums.min().item(), sums.max().item(), sums.mean().item()
    text = f"rows sum to {low:.3f} ... {high:.3f}, not to 1"
    zeros = zeros_of(whole)
    alike = high - low <= allowed * max(1.0, middle) and middle > 1
    several = int((whole == whole.max()).sum()) > 1  # a map that was scaled has one
    near = abs(middle - round(middle)) / middle
    said = "2" if alike else f"{low:.3g} ... {high:.3g}"
    if round(middle) < 3 and (found := identity(rows, 2, said)):
        return found[0]
    if alike and (near < 1e-5 or (near < allowed and several)):
        return problem("summed", total=middle)
    if (scaled := scaled_by(rows)) and high > 1 + allowed:
        return problem(scaled[0], unit=scaled[1], text=text)
    if alike:
        return problem("summed", total=middle)
    if swapped_divisor(rows):
        return problem("keepdim", text=text)
    if zeros and 0.4 < middle < 2.5 and high > 1 + allowed:
        return problem("dropout", text=text, zeros=zeros)
    around = abs(middle - 1) < 0.05 and (sums - middle).abs().mean() < 0.15
    if around and low > 0.4 and 1 + allowed < high < 1.6:
        return problem("dropout", text=text, zeros=zeros)
    return problem("dropped keys" if high <= 1 + allowed else "no softmax", text=text)


def scaled_by(rows):
    """(kind, 1 or 255) where the largest weight of every map is just that; or ()."""
    rows = rows.nan_to_num()
    sigmoid = (rows > 0.95 * rows.max()).double().mean() > 0.1  # many near the end
    for count in range(1, rows.dim() + 1 if rows.shape[-1] > 1 and not sigmoid else 0):
        last = tuple(range(-count, 0))  # of a row, of all rows, of all heads, ...
        high, low = rows.amax(last), rows.amin(last)  # (...)
        high, low = high[high > 0], low[high > 0]
        for unit in (1, 255):
            if (high - unit).abs().max() <= 1e-6 * unit:
                return "max-scaled" if (low > 0).any() else "min-max", unit
    return ()


def swapped_divisor(rows):
    """True if a / a.sum(-1), without keepdim, made this: each column was divided.

    Then the sums s of a solve rows @ s = s, all of them positive: the largest
    eigenvalue is 1. Sums that dropout made miss it.
    """
    T, N = rows.shape[-2:] if rows.dim() > 1 else (1, 0)
    if T != N or N > 2048:
        return False
    square = rows.nan_to_num().flatten(0, -3)[:4] if rows.dim() > 2 else rows[None]
    vector = torch.ones(len(square), N, 1, dtype=torch.float64)
    for _ in range(200):
        grown = square.double() @ vector  # (maps, N, 1)
        size = grown.amax(1, keepdim=True).clamp_min(1e-30)  # (maps, 1, 1)
        vector = grown / size
    return bool((size - 1).abs().max() < (2e-3 if is_half(rows) else 1e-4))


def even(rows):
    """Maps (rows, N) that pick nothing: constant, softmax twice, hardly trained."""
    N = rows.shape[-1]
    seen = rows > 0
    counts = seen.sum(-1)  # (rows,): keys that a mask leaves
    rows, counts = rows[counts > 2], counts[counts > 2]
    if not len(rows) or not N > 2:
        return []
    low = rows.masked_fill(rows == 0, math.inf).amin(-1)  # (rows,)
    spread = (rows / low[:, None]).clamp_min(1).log()  # (rows, N)
    if spread.max() < 1e-5:
        return [problem("constant", N=N, share=1 / N)]
    # softmax(p): the logarithms are p and a constant, and p sums to 1.
    total = (spread - spread.median(-1, keepdim=True).values).clamp_min(0)  # (rows, N)
    total = total.masked_fill(total < 0.012, 0).sum(-1)  # bfloat16 rounds that much
    within = spread.max() <= 1.01 and total.max() <= 1.05
    if within and (spread.sum(-1).max() <= 1.05 or total.median() > 0.1):
        return [problem("softmax twice", N=N, ratio=spread.max().exp().item())]
    bits = counts.double().log2() + (rows * rows.clamp_min(1e-30).log2()).sum(-1)
    if bits.mean() > EVEN:
        return []
    return [problem("even", N=N, share=1 / N)]


def same_maps(rows, half):
    """A Problem where maps (..., T, N) differ by no more than rounding, else none."""
    if rows.dim() < 2 or rows.amax(-1).min() > 0.999:  # all of it on a sink
        return []
    for back, of in [(2, "queries"), (rows.dim(), "images")]:
        high, low = rows.amax(-back), rows.amin(-back)
        worth = high > (1e-4 if half else 1e-7)
        differ = (high - low) > (1.2e-2 if half else 2e-3) * high
        if rows.shape[-back] > 1 and not (worth & differ).any():
            return [problem(f"one map for all {of}", count=rows.shape[-back])]
    return []


def find_sinks(values, keys=-1):
    """Keys that hold much of the weight whatever the query: [(key, share)]."""
    rows = values.movedim(keys, -1).float()  # (..., T, N)
    if rows.dim() < 2 or rows.shape[-1] < 3:
        return []
    rows = rows.flatten(0, -2)  # (rows, N)
    rows = rows[rows.isfinite().all(-1) & (rows.sum(-1) > 0.5)]  # (rows, N)
    if len(rows) < 4:
        return []
    share = rows.mean(0)  # (N,)
    least = rows.double().quantile(0.2, dim=0) if rows.numel() < 2**24 else share
    enough = (share > max(SINK, 10 / len(share))) & (least > SINK / 3)
    return [(int(key), share[key].item()) for key in enough.nonzero()[:, 0]]
