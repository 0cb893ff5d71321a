"""Checks of notebooks 02 and 03: additive and dot-product attention."""

import torch

from helpers.attention import scaled_dot_product
from helpers.checks.judge import judge, random


def check_softmax(attempt):
    """attempt(scores (B, T, N)) -> weights that sum to 1 over the keys."""
    scores = random(2, 3, 5)
    judge(
        attempt,
        (scores,),
        scores.softmax(-1),
        [
            (
                scores / scores.sum(-1, keepdim=True),
                "exponentiate first: scores may be negative",
            ),
            (scores.exp(), "divide by the sum over the keys"),
            (scores.softmax(0), "that sums to 1 over the images of the batch"),
            (scores.softmax(1), "that sums to 1 over the words"),
            (scores.exp() / scores.exp().sum(), "that sums to 1 over everything"),
        ],
    )


def check_additive_scores(attempt):
    """attempt(query (B, D), keys (B, N, D), v (D,)) -> scores (B, N)."""
    query, keys, v = random(2, 4), random(2, 5, 4, seed=1), random(4, seed=2)
    total = query[:, None] + keys  # (B, N, D)
    judge(
        attempt,
        (query, keys, v),
        total.tanh() @ v,
        [
            (
                total @ v,
                "where is the tanh? Without it the query cannot change the map",
            ),
            ((total @ v).tanh(), "the tanh comes before v, on every channel"),
            (total.tanh(), "that is (B, N, D): take the dot product with v"),
            ((total.tanh() @ v).softmax(-1), "scores, please: before the softmax"),
        ],
    )


def check_read(attempt):
    """attempt(weights (B, N), values (B, N, D)) -> context (B, D)."""
    weights, values = random(2, 5).softmax(-1), random(2, 5, 4, seed=1)
    product = weights[..., None] * values  # (B, N, D)
    judge(
        attempt,
        (weights, values),
        product.sum(1),
        [
            (
                weights @ values,
                "that reads every image with the weights of every image. Weights b "
                "belong to image b",
            ),
            (product, "that is weighted, but not yet summed over the keys"),
            (product.mean(1), "sum, do not average: the weights sum to 1 already"),
            (product.sum(1, keepdim=True), "(B, D), please: drop the axis of size 1"),
            (values.mean(1), "that is a plain average: the weights have no part in it"),
        ],
    )


def check_dot_scores(attempt):
    """attempt(query (B, d), keys (B, N, d)) -> scaled scores (B, N)."""
    query, keys = random(2, 4), random(2, 5, 4, seed=1)
    raw = (keys @ query[..., None])[..., 0]  # (B, N)
    pairs = "that pairs every query with every image. Query b belongs to image b"
    every = query @ keys.mT  # (B, d) @ (B, d, N) -> (B, B, N)
    judge(
        attempt,
        (query, keys),
        raw / 2,
        [
            (raw, "divide by the square root of d, the width of the query"),
            (raw / 4, "by the square root of d, not by d"),
            (raw / 5**0.5, "d is the width of the query, not the number of keys"),
            ((raw / 2).softmax(-1), "scores, please: before the softmax"),
            (every, pairs),
            (every / 2, pairs),
            (every.transpose(0, 1), pairs),
            (every.transpose(0, 1) / 2, pairs),
        ],
    )


def check_dot_attention(attempt):
    """attempt(query (B, T, d), key (B, N, d), value (B, N, D)) -> context (B, T, D)."""
    query, key, value = (
        random(2, 3, 4),
        random(2, 5, 4, seed=1),
        random(2, 5, 6, seed=2),
    )
    scores = query @ key.mT / 2  # (B, T, N)
    judge(
        attempt,
        (query, key, value),
        scaled_dot_product(query, key, value)[0],
        [
            (scores @ value, "the softmax is missing"),
            (
                scores.softmax(1) @ value,
                "the softmax runs over the keys, the last axis",
            ),
            ((2 * scores).softmax(-1) @ value, "divide the scores by sqrt(d)"),
            (scores.softmax(-1), "those are the weights: use them to read the values"),
        ],
    )


def check_entropy(attempt):
    """attempt(weights (B, N)) -> entropy in bits, (B,)."""
    weights = random(3, 5).softmax(-1)
    weights[0] = torch.tensor([0.5, 0.25, 0.25, 0.0, 0.0])  # 1.5 bits
    logs = weights.log2()  # minus infinity where the weight is 0
    bits = -(weights * logs.clamp_min(-40)).sum(-1)  # 0 times -40 is 0
    none = "0 * log2(0) is NaN: clamp the weights to at least 1e-12 first"
    judge(
        attempt,
        (weights,),
        bits,
        [
            (-(weights * logs).sum(-1), none),
            (-(weights * weights.log()).sum(-1), none),
            (-bits, "the sign: log2 of a number below 1 is negative"),
            (bits * torch.tensor(2.0).log(), "those are nats: use log2"),
        ],
    )
