"""What can be seen to be wrong in the values of a weights tensor."""

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Problem:
    """What was found, the likely cause, and what to do."""

    found: str
    cause: str
    remedy: str

    def __str__(self):
        return f"{self.found}\n    cause:  {self.cause}\n    remedy: {self.remedy}"


def tolerance(weights):
    """How far a sum of weights may miss 1: half precision rounds a lot."""
    return 2e-2 if weights.dtype in (torch.float16, torch.bfloat16) else 1e-3


def sums_to_one(weights, axis):
    """True if the weights along `axis` sum to 1 (rows of NaN or zeros aside)."""
    sums = weights.double().sum(axis)
    sums = sums[sums.isfinite() & (sums != 0)]
    return bool(len(sums) and (sums - 1).abs().max() <= tolerance(weights))


def looks_back_only(weights):
    """True for words that look at earlier words: nothing above the diagonal."""
    if weights.dim() < 2 or weights.shape[-1] != weights.shape[-2]:
        return False
    return bool(weights.shape[-1] > 1 and not weights.triu(1).any())


def find_problems(weights, keys_axis=-1):
    """The list of Problems of weights whose keys lie along `keys_axis`.

    weights: float tensor, any shape. Rows with NaN are reported, then left out; rows of
    zeros are left out, unless there are no others.
    """
    broken = not_finite(weights)
    rows = weights.double().movedim(keys_axis, -1)  # (..., N)
    finite = rows.isfinite().all(dim=-1)  # (...)
    if not finite.any():
        return broken
    blind = ~rows.any(dim=-1)  # (...)
    whole = rows[finite if blind[finite].all() else finite & ~blind]  # (rows, N)
    found = broken + negative(whole)
    if whole.shape[-1] == 1 or bool((whole == 1).all()):
        return found + [ALL_ONES]
    if not found:
        found += sums(whole, tolerance(weights))
    if not found:
        found += even(whole) + same_for_every_query(rows)
    return found


def blind_queries(weights, keys_axis=-1):
    """Notes on rows of zeros among others."""
    seeing = weights.any(dim=keys_axis)  # (...)
    if seeing.all() or not seeing.any():
        return []
    count = int((~seeing).sum())
    return [f"{count} queries look at nothing: padding, or a mask that hides every key"]


ALL_ONES = Problem(
    "every weight is 1",
    "the softmax ran over an axis of size 1",
    "run it over the keys: dim=-1 for (B, T, N), dim=1 for (B, N, 1)",
)


def not_finite(weights):
    bad = int((~weights.isfinite()).sum())
    if not bad:
        return []
    return [
        Problem(
            f"{bad} of {weights.numel()} values are NaN or infinite",
            "a row whose keys are all masked, 0/0 in a min-max scaling, or scores "
            "before the softmax",
            "look at the mask of these rows; scale with a guard for max == min",
        )
    ]


def negative(rows):
    if rows.min() >= -1e-6:
        return []
    return [
        Problem(
            f"weights go down to {rows.min():.3g}: attention is never negative",
            "these are scores before the softmax, hidden states, or values",
            "take the tensor after the softmax",
        )
    ]


def sums(rows, allowed):
    """Rows that do not sum to 1, told apart by how they miss it."""
    total = rows.sum(-1)  # (rows,)
    low, high, middle = total.min().item(), total.max().item(), total.mean().item()
    if max(abs(low - 1), abs(high - 1)) <= allowed:
        return []
    text = f"rows sum to {low:.3f} ... {high:.3f}, not to 1"
    if high - low <= allowed * max(1.0, middle) and middle > 1:
        return [
            Problem(
                f"every row sums to {middle:.4g}",
                "heads or layers were summed instead of averaged, or the values were "
                "scaled (255 for an image)",
                "divide once, by the number of heads, or scale only when drawing",
            )
        ]
    if high <= 1 + allowed:
        return [
            Problem(
                text,
                "some keys were dropped after the softmax (a class token, text), or "
                "weights were cut off below a threshold",
                "right for a map of the rest; divide by the row's sum to compare rows",
            )
        ]
    if low < 1 - allowed and 0.5 < middle < 1.5:
        zeros = (rows == 0).double().mean().item()
        return [
            Problem(
                f"{text}; {zeros:.0%} of the weights are exactly 0",
                "dropout on the weights: the model is in training mode",
                "call model.eval() before you take the weights",
            )
        ]
    return [
        Problem(
            text,
            "no softmax along this axis: scores, a product with the values, or the "
            "wrong axis",
            "find the tensor that the softmax returns, and the axis it ran over",
        )
    ]


EVEN = 0.05  # bits: trained maps miss several, those of a new model 0.01 to 0.07


def bits_below_even(rows):
    """How many bits of entropy the rows (..., N) have less than an even map, (...)."""
    bits = -(rows * rows.clamp_min(1e-30).log2()).sum(-1)  # (...)
    return math.log2(rows.shape[-1]) - bits  # (...)


def even(rows):
    """Maps that are all but even: nothing was picked anywhere."""
    if bits_below_even(rows).mean() > EVEN:
        return []
    N = rows.shape[-1]
    return [
        Problem(
            f"the maps are even or nearly so: {N} keys of about {1 / N:.2g} each",
            "an untrained model, or a query that cannot change the scores",
            "load the trained weights; an even map is drawn in one color, never "
            "stretched",
        )
    ]


def same_for_every_query(rows):
    """rows (..., T, N): the T maps of a caption differ by no more than rounding."""
    if rows.dim() < 2 or rows.shape[-2] < 2:
        return []
    spread = rows.amax(-2) - rows.amin(-2)  # (..., N)
    if (spread > 1e-3 * rows.amax((-1, -2))[..., None]).any():
        return []
    T = rows.shape[-2]
    return [
        Problem(
            f"all {T} queries have the same map: they differ by {spread.max():.1g}",
            "the score is linear in [cell; query], and the softmax cancels the query's "
            "part; or the first map was kept for all words",
            "score with v . tanh(W q + U k), or with a product of query and key",
        )
    ]
