"""Checks of notebook 03: dot-product attention, and how wide a map is."""

import torch

from helpers.captioning.attention import scaled_dot_product
from helpers.classroom.checks.judge import Check, random


def root(n):
    return n**0.5


def scaled_by(n):
    """Attention whose scores are divided by n(query, key, value)."""
    return lambda q, k, v: (q @ k.mT / n(q, k, v)).softmax(-1) @ v


def scores(q, k):
    return q @ k.mT / root(q.shape[-1])  # (B, T, N)


check_dot_attention = Check(
    "attempt(query (B, T, d), key (B, N, d), value (B, N, D)) -> context (B, T, D).",
    lambda q, k, v: scaled_dot_product(q, k, v)[0],
    {
        "B=2, T=3, d=4, N=5, D=6": (
            random(2, 3, 4),
            random(2, 5, 4, seed=1),
            random(2, 5, 6, seed=2),
        ),
        "B=3, T=2, d=8, N=7, D=5": (
            random(3, 2, 8),
            random(3, 7, 8, seed=1),
            random(3, 7, 5, seed=2),
        ),
    },
    {
        "the softmax is missing": (
            lambda q, k, v: scores(q, k) @ v,
            lambda q, k, v: q @ k.mT @ v,
        ),
        "the softmax runs over the keys, the last axis": (
            lambda q, k, v: scores(q, k).softmax(1) @ v,
            lambda q, k, v: scores(q, k).softmax(0) @ v,
        ),
        "divide the scores by sqrt(d)": scaled_by(lambda q, k, v: 1),
        "divide the scores by sqrt(d), do not multiply": (
            scaled_by(lambda q, k, v: root(1 / q.shape[-1]))
        ),
        "by the square root of d, not by d": scaled_by(lambda q, k, v: q.shape[-1]),
        "d is the width of query and key, not the number of images": (
            scaled_by(lambda q, k, v: root(len(q)))
        ),
        "d is the width of query and key, not the number of words": (
            scaled_by(lambda q, k, v: root(q.shape[1]))
        ),
        "d is the width of query and key, not the number of keys": (
            scaled_by(lambda q, k, v: root(k.shape[1]))
        ),
        "d is the width of query and key, not that of the values": (
            scaled_by(lambda q, k, v: root(v.shape[-1]))
        ),
        "take d from the query, query.shape[-1]: it is not always 4": (
            scaled_by(lambda q, k, v: 2)
        ),
        "scale the scores before the softmax, not the weights after it": (
            lambda q, k, v: (q @ k.mT).softmax(-1) / root(q.shape[-1]) @ v,
            lambda q, k, v: scores(q, k).softmax(-1) / root(q.shape[-1]) @ v,
        ),
        "those are the weights: use them to read the values": (
            lambda q, k, v: scores(q, k).softmax(-1)
        ),
        "read the values with the weights, not the keys": (
            lambda q, k, v: scores(q, k).softmax(-1) @ k
        ),
    },
)


def masked(w, logs):
    """- sum w log w, where a weight of 0 adds nothing."""
    return -(w * logs(w.clamp_min(1e-12))).sum(-1)


PEAKS = torch.tensor([[0.5, 0.25, 0.25, 0.0, 0.0], [0, 0, 1, 0, 0], [0.2] * 5])
check_entropy = Check(
    "attempt(weights (B, N)) -> entropy in bits, (B,).",
    lambda w: masked(w, torch.log2),
    {
        "weights without a 0": (random(2, 7).softmax(-1),),
        "weights of which some are 0": (PEAKS,),  # 1.5, 0 and 2.3 bits
    },
    {
        "0 * log2(0) is NaN: clamp the weights to at least 1e-12 first": (
            lambda w: -(w * w.log2()).sum(-1),
            lambda w: -(w * w.log()).sum(-1),
            lambda w: (w * w.log2()).sum(-1),
        ),
        "the sign: log2 of a number below 1 is negative": (
            lambda w: -masked(w, torch.log2)
        ),
        "those are nats: use log2": lambda w: masked(w, torch.log),
        "those are decimal digits: use log2": lambda w: masked(w, torch.log10),
        "the sum over the keys, not their mean": (
            lambda w: masked(w, torch.log2) / w.shape[-1]
        ),
        "one number a row: sum over the keys, the last axis, not over the images": (
            lambda w: -(w * w.clamp_min(1e-12).log2()).sum(0),
            lambda w: -(w * w.clamp_min(1e-12).log2()).sum(),
            lambda w: masked(w, torch.log2).mean(),
        ),
        "in bits, please: do not divide by those of an even map": (
            lambda w: masked(w, torch.log2) / torch.tensor(w.shape[-1]).log2()
        ),
        "that is a number of cells: the bits are its log2": (
            lambda w: 2 ** masked(w, torch.log2)
        ),
        "weigh the logarithms by the weights": (
            lambda w: -w.clamp_min(1e-12).log2().sum(-1)
        ),
    },
)
