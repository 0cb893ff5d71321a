"""Exercises of notebook 03: dot-product attention, and how wide a map is."""

import math

import torch

from helpers.classroom.checks.judge import either, exercise, random, randoms


@exercise(
    randoms((2, 3, 4), (2, 5, 4), (2, 5, 6)), randoms((3, 2, 8), (3, 7, 8), (3, 7, 5))
)
def check_dot_attention(query, key, value):
    """attempt(query (B, T, d), key (B, N, d), value (B, N, D)) -> context (B, T, D)."""
    products, d = query @ key.mT, query.shape[-1]  # (B, T, N)
    scores = products / d**0.5
    weights = scores.softmax(-1)

    def divided(by):
        return (products / by).softmax(-1) @ value

    return weights @ value, {
        "the softmax is missing": [scores @ value, products @ value],
        "the softmax runs over the keys": [scores.softmax(n) @ value for n in (1, 0)],
        "divide the scores by sqrt(d)": divided(1),
        "divide the scores by sqrt(d), do not multiply": divided(d**-0.5),
        "by the square root of d, not by d": divided(d),
        **{
            f"d is the width of query and key, not {other}": divided(n**0.5)
            for other, n in {
                "the number of images": len(query),
                "the number of words": query.shape[1],
                "the number of keys": key.shape[1],
                "that of the values": value.shape[-1],
            }.items()
        },
        "take d from the query, query.shape[-1]: it is not always 4": divided(2),
        "scale the scores before the softmax, not the weights after it": either(
            products.softmax(-1) / d**0.5 @ value, weights / d**0.5 @ value
        ),
        "those are the weights: use them to read the values": weights,
        "read the values with the weights, not the keys": weights @ key,
    }


PEAKS = torch.tensor([[0.5, 0.25, 0.25, 0.0, 0.0], [0, 0, 1, 0, 0], [0.2] * 5])


@exercise(
    {
        "weights without a 0": [random(2, 7).softmax(-1)],
        "weights of which some are 0": [PEAKS],  # 1.5, 0 and 2.3 bits
    }
)
def check_entropy(weights):
    """attempt(weights (B, N)) -> entropy in bits, (B,)."""
    logs = weights.clamp_min(1e-12).log2()  # (B, N)
    each, unmasked = -weights * logs, weights * weights.log2()
    bits, even = each.sum(-1), math.log2(weights.shape[-1])  # (B,)
    return bits, {
        "0 * log2(0) is NaN: clamp the weights to at least 1e-12 first": either(
            -unmasked.sum(-1), -(weights * weights.log()).sum(-1), unmasked.sum(-1)
        ),
        "the sign: log2 of a number below 1 is negative": -bits,
        "those are nats: use log2": bits * math.log(2),
        "those are decimal digits: use log2": bits * math.log10(2),
        "the sum over the keys, not their mean": each.mean(-1),
        "one number per row: sum the last axis": [each.sum(0), each.sum(), bits.mean()],
        "in bits, please: not in shares of those of an even map": bits / even,
        "that is a number of cells: the bits are its log2": 2**bits,
        "weigh the logarithms by the weights": -logs.sum(-1),
    }
