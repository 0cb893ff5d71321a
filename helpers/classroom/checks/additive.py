"""Check of notebook 02: additive scores in the form that people write, W [h; k]."""

from helpers.classroom.checks.judge import Check, random


def hidden(q, k, W):
    """W [h; k] for every pair: query (B, T, Q), keys (B, N, K), W (D, Q + K)."""
    Q = q.shape[-1]
    return (q @ W[:, :Q].T)[:, :, None] + (k @ W[:, Q:].T)[:, None]  # (B, T, N, D)


def swapped(q, k, W):
    """The same with the columns of W taken the other way round."""
    K = k.shape[-1]
    return (q @ W[:, K:].T)[:, :, None] + (k @ W[:, :K].T)[:, None]  # (B, T, N, D)


def parts(q, k, W):
    Q = q.shape[-1]
    return (q @ W[:, :Q].T)[:, :, None], (k @ W[:, Q:].T)[:, None]


def bent_apart(q, k, W):
    asked, offered = parts(q, k, W)
    return asked.tanh() + offered.tanh()


def times(q, k, W):
    asked, offered = parts(q, k, W)
    return asked * offered


def pairs(B, T, N, Q, K, D):
    """Inputs of these sizes."""
    query, keys = random(B, T, Q), random(B, N, K, seed=1)
    return query, keys, random(D, Q + K, seed=2) / 2, random(D, seed=3)


check_additive_scores = Check(
    "attempt(query (B, T, Q), keys (B, N, K), W (D, Q + K), v (D,)) -> scores "
    "(B, T, N).",
    lambda q, k, W, v: hidden(q, k, W).tanh() @ v,
    {
        "B=2, T=3, N=5, Q=4, K=6, D=7": pairs(2, 3, 5, 4, 6, 7),
        "B=3, T=2, N=6, Q=5, K=4, D=8": pairs(3, 2, 6, 5, 4, 8),
    },
    {
        "where is the tanh? Without it the query cannot change the map": (
            lambda q, k, W, v: hidden(q, k, W) @ v
        ),
        "the first Q columns of W belong to the query, the other K to the keys": (
            lambda q, k, W, v: swapped(q, k, W).tanh() @ v
        ),
        "the tanh comes before v, on every channel": (
            lambda q, k, W, v: (hidden(q, k, W) @ v).tanh(),
            lambda q, k, W, v: (hidden(q, k, W) * v).tanh().sum(-1),
        ),
        "that is (B, T, N, D): take the dot product with v": (
            lambda q, k, W, v: hidden(q, k, W).tanh(),
            lambda q, k, W, v: hidden(q, k, W).tanh() * v,
        ),
        "v is missing: it weighs the channels": (
            lambda q, k, W, v: hidden(q, k, W).tanh().sum(-1),
            lambda q, k, W, v: hidden(q, k, W).tanh().mean(-1),
        ),
        "scores, please: before the softmax": (
            lambda q, k, W, v: (hidden(q, k, W).tanh() @ v).softmax(-1)
        ),
        "one row a word: (B, T, N), not (B, N, T)": (
            lambda q, k, W, v: (hidden(q, k, W).tanh() @ v).mT
        ),
        "W_q q + W_k k, not times: that is why it is called additive": (
            lambda q, k, W, v: times(q, k, W).tanh() @ v,
            lambda q, k, W, v: times(q, k, W) @ v,
        ),
        "tanh of the sum, not the sum of two tanh": (
            lambda q, k, W, v: bent_apart(q, k, W) @ v
        ),
        "a tanh, not another curve": (
            lambda q, k, W, v: hidden(q, k, W).relu() @ v,
            lambda q, k, W, v: hidden(q, k, W).sigmoid() @ v,
        ),
        "(B, T, N), please: drop the axis of size 1": (
            lambda q, k, W, v: (hidden(q, k, W).tanh() @ v)[..., None]
        ),
        "no root of D here: that belongs to the dot product": (
            lambda q, k, W, v: hidden(q, k, W).tanh() @ v / len(v) ** 0.5
        ),
    },
)
