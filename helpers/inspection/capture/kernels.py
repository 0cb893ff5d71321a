"""Attention functions of PyTorch that keep their weights to themselves.

The model gets what its own kernel returns. The weights are worked out aside, in float32
where the model computes in half precision, as the kernels do. A read is (weights, their
Axes, their letters, Axes of the values, letters of these).
"""

import inspect
import math

import torch
from torch.nn import functional
from torch.nn.attention.bias import CausalBias, CausalVariant

from helpers.inspection.capture.axes import Axes, Span, size_of

SDPA = functional.scaled_dot_product_attention
MHA_FORWARD = functional.multi_head_attention_forward
MHA_ARGUMENTS = inspect.signature(MHA_FORWARD)


@torch.no_grad()
def sdpa_weights(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    scale=None,
    enable_gqa=False,
):
    """The weights of a call of `scaled_dot_product_attention`, before dropout.

    Takes what the kernel takes; query (..., A, T, d), key (..., A or fewer, N, d).
    Returns (..., A, T, N), float32 or float64. A query that may look at no key gets
    zeros.
    """
    if enable_gqa:  # fewer heads for keys than for queries
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], dim=-3)
    if query.dtype != torch.float64:
        query, key = query.float(), key.float()
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = (scale * query) @ key.mT  # (..., A, T, N)
    if isinstance(attn_mask, CausalBias):
        is_causal, lower_right = True, attn_mask.variant == CausalVariant.LOWER_RIGHT
        attn_mask = None
    else:
        lower_right = False
    if is_causal:
        T, N = scores.shape[-2:]
        seen = torch.ones(T, N, dtype=torch.bool, device=scores.device)
        attn_mask = seen.tril(N - T if lower_right else 0)  # (T, N)
    if attn_mask is None:
        return scores.softmax(-1)
    if attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, -math.inf)  # (..., A, T, N)
    else:
        scores = scores + attn_mask  # (..., A, T, N)
    blind = scores.amax(-1, keepdim=True) == -math.inf  # (..., A, T, 1)
    return scores.softmax(-1).masked_fill(blind, 0)


@torch.no_grad()
def mha_weights(args, kwargs):
    """The weights of a call of `multi_head_attention_forward`: ([B,] A, T, N).

    All heads and no dropout, whatever the call asked for.
    """
    call = MHA_ARGUMENTS.bind(*args, **kwargs)
    call.apply_defaults()
    of = call.arguments
    heads, key = of["num_heads"], of["key"]
    query, key = in_projection(of)  # (T, B, D), (N, B, D), or without B
    mask, padding = of["attn_mask"], of["key_padding_mask"]
    if of["is_causal"] and mask is None:
        mask = torch.ones(len(query), len(key), dtype=torch.bool, device=query.device)
        mask = mask.triu(1)  # (T, N)
    if of["bias_k"] is not None:
        key = torch.cat([key, of["bias_k"].expand(1, *key.shape[1:])])
        mask, padding = one_more(mask), one_more(padding)
    query, key = (x.unflatten(-1, (heads, -1)) for x in (query, key))
    query = query.movedim(0, -2)  # ([B,] A, T, d)
    key = key.movedim(0, -2)  # ([B,] A, N, d)
    if of["static_k"] is not None:
        key = of["static_k"].reshape(*key.shape[:-2], *of["static_k"].shape[1:])
    if of["add_zero_attn"]:
        key = functional.pad(key, (0, 0, 0, 1))  # ([B,] A, N, d)
        mask, padding = one_more(mask), one_more(padding)
    bias = query.new_zeros((), dtype=torch.float32)
    if mask is not None:  # (T, N), (A, T, N) or (B * A, T, N)
        folded = mask.dim() == 3 and query.dim() == 4
        bias = bias + as_bias(mask.unflatten(0, (-1, heads)) if folded else mask)
    if padding is not None:
        bias = bias + as_bias(padding)[..., None, None, :]  # ([B,] 1, 1, N)
    return sdpa_weights(query, key, None, attn_mask=bias)


def in_projection(of):
    """Queries and keys as the layer makes them, (T, B, D) and (N, B, D)."""
    inputs, biases = (of["query"], of["key"]), of["in_proj_bias"]
    biases = (None, None) if biases is None else biases.chunk(3)[:2]
    if of["use_separate_proj_weight"]:
        weights = of["q_proj_weight"], of["k_proj_weight"]
    else:
        weights = of["in_proj_weight"].chunk(3)[:2]
    return [
        functional.linear(x, weight, bias)
        for x, weight, bias in zip(inputs, weights, biases, strict=True)
    ]


def as_bias(mask):
    """True becomes -inf: unlike in the fused kernel, it means 'not this one' here."""
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, device=mask.device).masked_fill(mask, -math.inf)


def one_more(mask):
    """Masks that leave the added key free."""
    return None if mask is None else functional.pad(mask, (0, 1))


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
