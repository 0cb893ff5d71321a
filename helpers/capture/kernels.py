"""Attention functions of PyTorch, with the weights that they do not give away."""

import math

import torch


def fused_by_hand(query, key, value, attn_mask=None, dropout_p=0.0, **how):
    """What the fused kernel does: its output (B, A, T, d) and weights (B, A, T, N)."""
    if how.get("enable_gqa"):  # fewer heads for keys and values than for queries
        groups = query.shape[-3] // key.shape[-3]
        key = key.repeat_interleave(groups, dim=-3)  # (B, A, N, d)
        value = value.repeat_interleave(groups, dim=-3)  # (B, A, N, d)
    scale = how.get("scale") or 1 / math.sqrt(query.shape[-1])
    scores = scale * query @ key.mT  # (B, A, T, N)
    if how.get("is_causal"):
        ahead = torch.ones_like(scores, dtype=torch.bool).triu(1)  # (B, A, T, N)
        scores = scores.masked_fill(ahead, float("-inf"))  # (B, A, T, N)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, float("-inf"))  # (B, A, T, N)
    elif attn_mask is not None:
        scores = scores + attn_mask  # (B, A, T, N)
    weights = scores.softmax(-1)  # (B, A, T, N)
    kept = torch.dropout(weights, dropout_p, train=dropout_p > 0)  # (B, A, T, N)
    return kept @ value, weights


def four_axes(weights, first):
    """Weights of 3 to 5 axes as (B, A, T, N); `first` is the shape of the queries."""
    if weights.dim() == 5:  # windows apart from the batch: (B, windows, A, T, N)
        return weights.flatten(0, 1)  # (B * windows, A, T, N)
    if weights.dim() == 4:
        return weights
    M, T, _ = weights.shape
    if len(first) == 2:  # no batch: (A, T, N)
        return weights[None]  # (1, A, T, N)
    for B, words in [first[:2], first[1::-1]]:  # batch first, or words first
        if words == T and M % B == 0:  # heads folded into the batch, if any
            return weights.unflatten(0, (B, M // B))  # (B, A, T, N)
    return weights[:, None]  # (B, 1, T, N)
