"""Three attentions, written out: additive, scaled dot-product, multi-head.

All three take queries (B, T, ...) and keys (B, N, ...), and return the context that was
read and the weights that it was read with: `weights[b, ..., t, n]` is how much query t
of image b took from key n, and every row sums to 1 over the keys.

A mask is a bool tensor that broadcasts to the scores; True marks what may be looked at
(as in `torch.nn.functional.scaled_dot_product_attention`; `torch.nn.MultiheadAttention`
uses the opposite sign).
"""

import math

import torch
from torch import nn


class AdditiveAttention(nn.Module):
    """Score a query against a key with a small network: v . tanh(W q + U k).

    Bahdanau, Cho & Bengio 2015, "Neural Machine Translation by Jointly Learning to
    Align and Translate"; for captions: Xu et al. 2015, "Show, Attend and Tell". Without
    the tanh the query could not change the map. The values are the cells themselves, as
    in both papers: the context is a mean of what the encoder saw, and only the scores
    need a space in which a query and a key can be added.
    """

    def __init__(self, query_dim, key_dim, attention_dim):
        super().__init__()
        self.query_layer = nn.Linear(query_dim, attention_dim, bias=False)
        self.key_layer = nn.Linear(key_dim, attention_dim)
        self.score_layer = nn.Linear(attention_dim, 1, bias=False)

    def prepare(self, cells):
        """What does not depend on the query: computed once per image, not per word."""
        return self.key_layer(cells), cells  # (B, N, attention_dim), (B, N, D)

    def forward(self, query, prepared, mask=None):
        """query (B, T, query_dim) -> context (B, T, D), weights (B, T, N)."""
        keys, values = prepared
        _check(query, keys)
        hidden = self.query_layer(query)[:, :, None] + keys[:, None]  # (B, T, N, att.)
        scores = self.score_layer(torch.tanh(hidden))[..., 0]  # (B, T, N)
        weights = softmax_over_keys(scores, mask)  # (B, T, N)
        return weights @ values, weights  # (B, T, D), (B, T, N)


class DotProductAttention(nn.Module):
    """Score a query against a key by their dot product, over the root of their width.

    Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1, with one head. The
    values are the cells after a layer of their own, as there: what makes a cell easy to
    find need not be what is worth reading from it.
    """

    def __init__(self, query_dim, key_dim, attention_dim):
        super().__init__()
        self.query_layer = nn.Linear(query_dim, attention_dim)
        self.key_layer = nn.Linear(key_dim, attention_dim)
        self.value_layer = nn.Linear(key_dim, key_dim)

    def prepare(self, cells):
        """Keys (B, N, attention_dim) and values (B, N, D): computed once per image."""
        return self.key_layer(cells), self.value_layer(cells)

    def forward(self, query, prepared, mask=None):
        """query (B, T, query_dim) -> context (B, T, D), weights (B, T, N)."""
        keys, values = prepared
        _check(query, keys)
        return scaled_dot_product(self.query_layer(query), keys, values, mask)


class MultiHeadAttention(nn.Module):
    """Several scaled dot-product attentions side by side, each on a slice of the width.

    Vaswani et al. 2017, section 3.2.2. Equal to
    `torch.nn.MultiheadAttention(..., batch_first=True)` with the same weights; like
    there, `dropout` (0..1) sets weights to zero in training mode, and the weights
    after dropout are returned, as these made the context; so call `eval()` before you
    look at them. Raises ValueError if heads do not divide the width.
    """

    def __init__(self, width, heads, dropout=0.0):
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not divide a width of {width}")
        self.heads, self.dropout = heads, dropout
        self.query_layer = nn.Linear(width, width)
        self.key_layer = nn.Linear(width, width)
        self.value_layer = nn.Linear(width, width)
        self.output_layer = nn.Linear(width, width)

    def forward(self, query, key, value, mask=None):
        """query (B, T, D), key, value (B, N, D) -> (B, T, D), weights (B, A, T, N)."""
        _check(query, key)
        q = self.split(self.query_layer(query))  # (B, A, T, D/A)
        k = self.split(self.key_layer(key))  # (B, A, N, D/A)
        v = self.split(self.value_layer(value))  # (B, A, N, D/A)
        dropout = self.dropout if self.training else 0.0
        context, weights = scaled_dot_product(q, k, v, mask, dropout)
        merged = context.transpose(1, 2).flatten(2)  # (B, A, T, D/A) -> (B, T, D)
        return self.output_layer(merged), weights  # (B, T, D), (B, A, T, N)

    def split(self, x):
        """(B, T, D) -> (B, A, T, D/A): each head takes a slice of the width."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, A, T, D/A)


def scaled_dot_product(query, key, value, mask=None, dropout=0.0):
    """softmax(q k^T / sqrt(d)) v, over any leading axes. Vaswani et al. 2017, eq. 1.

    query (..., T, d), key (..., N, d), value (..., N, D)
    -> context (..., T, D), weights (..., T, N).
    """
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])  # (..., T, N)
    weights = softmax_over_keys(scores, mask)  # (..., T, N)
    weights = torch.dropout(weights, dropout, train=dropout > 0)  # (..., T, N)
    return weights @ value, weights  # (..., T, D), (..., T, N)


def softmax_over_keys(scores, mask=None):
    """Softmax of scores (..., T, N); what the mask leaves out gets exactly 0.

    Raises ValueError where a query is left with nothing to look at.
    """
    if mask is not None:
        # While torch.export traces, a tensor has no values to look at.
        if not torch.compiler.is_exporting() and not mask.any(dim=-1).all():
            raise ValueError("the mask leaves a query with no key to look at")
        scores = scores.masked_fill(~mask, float("-inf"))  # (..., T, N)
    return scores.softmax(dim=-1)  # (..., T, N)


def causal_mask(length, device=None):
    """(T, T) bool: word t may look at words 0..t, never ahead."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def _check(query, keys):
    if query.dim() != 3 or keys.dim() != 3 or len(query) != len(keys):
        raise ValueError(
            "query must be (B, T, width) and keys (B, N, width) with the same B, "
            f"got {tuple(query.shape)} and {tuple(keys.shape)}"
        )
