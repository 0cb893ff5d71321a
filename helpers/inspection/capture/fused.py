"""PyTorch's attention functions, as reads of values.

For each: (weights, their Axes, their letters, Axes of the values, letters of these).
"""

from helpers.inspection.capture.axes import Axes, Span, size_of
from helpers.inspection.capture.kernels import (
    MHA_FORWARD,
    SDPA,
    mha_weights,
    sdpa_weights,
)


def sdpa_read(tracker, found, args, kwargs):
    """`scaled_dot_product_attention`."""
    call = dict(zip(("query", "key", "value"), args, strict=False), **kwargs)
    q, k, v = (tracker.of(call[name]) for name in ("query", "key", "value"))
    weights = sdpa_weights(*args, **kwargs)  # (..., T, N)
    rows = range(-weights.dim(), -2)
    spans = [
        max((x.spans[i] for x in (q, k) if -i <= len(x.spans)), key=size_of)
        for i in rows
    ]
    found.key = Span(weights.shape[-1], k.spans[-2], candidate=found)
    mixed = frozenset([*q.spans[-1], *k.spans[-1]])
    axes = Axes([*spans, q.spans[-2], (found.key,)], mixed, q.dropped)
    axes.after = max(q.after, k.after)
    named = [*list(rows)[weights.dim() - len(v.spans) :], "n", "e"]
    return weights, axes, [*rows, "t", "n"], v, named


def mha_read(tracker, found, args, kwargs):
    """`multi_head_attention_forward`: all of nn.MultiheadAttention."""
    call = dict(zip(("query", "key"), args, strict=False), **kwargs)
    q, k = tracker.of(call["query"]), tracker.of(call["key"])  # (T, B, D), (N, B, D)
    weights = mha_weights(args, kwargs)  # ([B,] A, T, N)
    found.key = Span(weights.shape[-1], k.spans[0], candidate=found)
    batch = q.spans[1:2] if weights.dim() == 4 else []
    head = Span(weights.shape[-3], born="feature")
    axes = Axes([*batch, (head,), q.spans[0], (found.key,)], dropped=q.dropped)
    axes.after = max(q.after, k.after)
    value = Axes([*[(Span(len(weights)),) for _ in batch], k.spans[0], ()])
    b = ["b" for _ in batch]
    return weights, axes, [*b, "a", "t", "n"], value, [*b, "n", "e"]


FUSED = {SDPA: sdpa_read, MHA_FORWARD: mha_read}
