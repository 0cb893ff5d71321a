"""Checks of notebook 02: softmax, additive attention."""

import torch

from helpers.classroom.checks.judge import Check, random

check_softmax = Check(
    "attempt(scores (B, T, N)) -> weights that sum to 1 over the keys.",
    lambda s: s.softmax(-1),
    {
        "scores of shape (2, 3, 5)": (random(2, 3, 5),),
        "scores of shape (4, 2, 7)": (random(4, 2, 7),),
    },
    {
        "exponentiate first: scores may be negative": (
            lambda s: s / s.sum(-1, keepdim=True),
            lambda s: s.abs() / s.abs().sum(-1, keepdim=True),
        ),
        "divide by the sum over the keys": lambda s: s.exp(),
        "by the sum over the keys, not by the largest of them": (
            lambda s: s.exp() / s.exp().amax(-1, keepdim=True)
        ),
        "that sums to 1 over the images of the batch": lambda s: s.softmax(0),
        "that sums to 1 over the words": lambda s: s.softmax(1),
        "that sums to 1 over everything": lambda s: s.exp() / s.exp().sum(),
        "those are the logarithms of the weights": lambda s: s.log_softmax(-1),
        "each key for itself: the keys must share a sum of 1": lambda s: s.sigmoid(),
    },
)


def plus(q, k):
    return q[:, None] + k  # (B, N, D)


check_additive_scores = Check(
    "attempt(query (B, D), keys (B, N, D), v (D,)) -> scores (B, N).",
    lambda q, k, v: plus(q, k).tanh() @ v,
    {
        "2 images, 5 keys, width 4": (
            random(2, 4),
            random(2, 5, 4, seed=1),
            random(4, seed=2),
        ),
        "3 images, 2 keys, width 6": (
            random(3, 6),
            random(3, 2, 6, seed=1),
            random(6, seed=2),
        ),
    },
    {
        "where is the tanh? Without it the query cannot change the map": (
            lambda q, k, v: plus(q, k) @ v
        ),
        "the tanh comes before v, on every channel": (
            lambda q, k, v: (plus(q, k) @ v).tanh(),
            lambda q, k, v: (plus(q, k) * v).tanh().sum(-1),
        ),
        "that is (B, N, D): take the dot product with v": (
            lambda q, k, v: plus(q, k).tanh(),
            lambda q, k, v: plus(q, k).tanh() * v,
        ),
        "v is missing: it weighs the channels": lambda q, k, v: (
            plus(q, k).tanh().sum(-1)
        ),
        "scores, please: before the softmax": (
            lambda q, k, v: (plus(q, k).tanh() @ v).softmax(-1)
        ),
        "q + k, not q times k: that is why it is called additive": (
            lambda q, k, v: (q[:, None] * k).tanh() @ v,
            lambda q, k, v: (q[:, None] * k) @ v,
            lambda q, k, v: (q[:, None] * k).sum(-1),
            lambda q, k, v: (q[:, None] * k).sum(-1).tanh(),
        ),
        "q + k, not minus": (
            lambda q, k, v: plus(q, -k).tanh() @ v,
            lambda q, k, v: plus(-q, k).tanh() @ v,
        ),
        "a tanh, not another curve": (
            lambda q, k, v: plus(q, k).relu() @ v,
            lambda q, k, v: plus(q, k).sigmoid() @ v,
        ),
        "tanh of the sum, not the sum of two tanh": (
            lambda q, k, v: plus(q.tanh(), k.tanh()) @ v
        ),
        "(B, N), please: drop the axis of size 1": (
            lambda q, k, v: (plus(q, k).tanh() @ v)[..., None]
        ),
        "no root of D here: that belongs to the dot product": (
            lambda q, k, v: plus(q, k).tanh() @ v / len(v) ** 0.5
        ),
    },
)


def weighed(w, x):
    return w[..., None] * x  # (B, N, D)


check_read = Check(
    "attempt(weights (B, N), values (B, N, D)) -> context (B, D).",
    lambda w, x: weighed(w, x).sum(1),
    {
        "2 images, 5 keys, width 4": (random(2, 5).softmax(-1), random(2, 5, 4)),
        "3 images, 2 keys, width 6": (random(3, 2).softmax(-1), random(3, 2, 6)),
    },
    {
        "that reads every image with the weights of every image. Weights b belong to "
        "image b": (lambda w, x: w @ x, lambda w, x: (w @ x).transpose(0, 1)),
        "that is weighted, but not yet summed over the keys": weighed,
        "sum over the keys, axis 1, not over the images": lambda w, x: weighed(
            w, x
        ).sum(0),
        "sum over the keys, axis 1, not over the channels": (
            lambda w, x: weighed(w, x).sum(-1)
        ),
        "sum, do not average: the weights sum to 1 already": (
            lambda w, x: weighed(w, x).mean(1)
        ),
        "sum over the keys: the largest alone is not the mean": (
            lambda w, x: weighed(w, x).amax(1),
            lambda w, x: x[torch.arange(len(x)), w.argmax(-1)],
        ),
        "(B, D), please: drop the axis of size 1": (
            lambda w, x: weighed(w, x).sum(1, keepdim=True)
        ),
        "that is a plain average: the weights have no part in it": lambda w, x: x.mean(
            1
        ),
        "that is a plain sum: the weights have no part in it": lambda w, x: x.sum(1),
        "no softmax: they are weights already": lambda w, x: weighed(
            w.softmax(-1), x
        ).sum(1),
    },
)
