"""Attention functions of PyTorch, with the weights that they do not give away."""

import math

import torch

HEADS = ("num_heads", "heads", "n_heads", "num_attention_heads", "nhead", "n_head")


def fused_by_hand(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, **how
):
    """What the fused kernel does: its output (B, A, T, d) and weights (B, A, T, N).

    A query that may look at no key gets zeros, as the kernel gives it.
    """
    if how.get("enable_gqa"):  # fewer heads for keys and values than for queries
        groups = query.shape[-3] // key.shape[-3]
        key = key.repeat_interleave(groups, dim=-3)  # (B, A, N, d)
        value = value.repeat_interleave(groups, dim=-3)  # (B, A, N, d)
    scale = how.get("scale") or 1 / math.sqrt(query.shape[-1])
    scores = scale * query @ key.mT  # (B, A, T, N)
    if is_causal:
        ahead = torch.ones_like(scores, dtype=torch.bool).triu(1)  # (B, A, T, N)
        scores = scores.masked_fill(ahead, float("-inf"))  # (B, A, T, N)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, float("-inf"))  # (B, A, T, N)
    elif attn_mask is not None:
        scores = scores + attn_mask  # (B, A, T, N)
    weights = scores.softmax(-1)  # (B, A, T, N)
    if attn_mask is not None:
        blind = scores.amax(-1, keepdim=True) == float("-inf")  # (B, A, T, 1)
        weights = weights.masked_fill(blind, 0)  # (B, A, T, N)
    kept = torch.dropout(weights, dropout_p, train=dropout_p > 0)  # (B, A, T, N)
    return kept @ value, weights


def four_axes(weights, first=(), module=None):
    """Weights of 1 to 6 axes as (B, A, T, N).

    first: the shape of the queries that came in. module: the layer, whose number of
    heads tells heads from windows where there are both.
    """
    heads = next((getattr(module, n) for n in HEADS if hasattr(module, n)), None)
    if weights.dim() > 4:  # windows: (B, windows, A, T, N) or (B, A, windows, T, N)
        if weights.shape[-4] == heads != weights.shape[-3]:
            weights = weights.transpose(-4, -3)  # (B, windows, A, T, N)
        return weights.flatten(0, -4)  # (B * windows, A, T, N)
    if weights.dim() == 4:
        if weights.shape[2] == heads != weights.shape[1] == (*first, 0, 0)[1]:
            return weights.transpose(1, 2)  # (B, T, A, N) -> (B, A, T, N)
        return weights
    if weights.dim() < 3:  # one query an image: (B, N), or (N,)
        return weights.reshape(-1, 1, 1, weights.shape[-1])  # (B, 1, 1, N)
    M, T, _ = weights.shape
    if len(first) == 2 and first[0] == T != M:  # no batch: (A, T, N)
        return weights[None]  # (1, A, T, N)
    B = first[0] if first else M
    queries = {B: math.prod(first[1:-1])}  # (B, T, D), (B, h, w, D)
    if len(first) == 3:  # (T, B, D)
        queries.setdefault(first[1], first[0])
    for B, words in queries.items():
        if words == T and M % B == 0:  # heads folded into the batch, if any
            return weights.unflatten(0, (B, M // B))  # (B, A, T, N)
    if heads and len(first) > 1 and M == heads * first[0]:
        return weights.unflatten(0, (first[0], heads))  # (B, A, T, N)
    return weights[:, None]  # (B, 1, T, N)
