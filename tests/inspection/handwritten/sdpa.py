"""PyTorch's scaled dot-product attention, with every argument that it has."""

import torch
import torch.nn.functional as F
from torch.nn.attention.bias import causal_lower_right, causal_upper_left

from .core import A, N, T, case
from .half import GROUP, Fused, exact


def sdpa(name, call, inputs=("words", "cells"), kind="cross", named=None, **options):
    """Enter a case that calls the fused attention in this way."""
    own = {"kind": kind, "call": lambda self, q, k, v, **n: call(q, k, v, **n)}
    own["kv_heads"] = options.pop("kv_heads", A)
    case(GROUP, *inputs, named=named, **options)(type("Sdpa", (Fused,), own), name)


fused = F.scaled_dot_product_attention
causal = torch.ones(T, T, dtype=torch.bool).tril()  # (T, T)
sdpa(
    "SDPA is_causal",
    lambda q, k, v: (fused(q, k, v, is_causal=True), lambda: exact(q, k, bias=causal)),
    ("words",),
    "self",
)
sdpa(
    "SDPA is_causal, more keys than words",
    lambda q, k, v: (
        fused(q, k, v, is_causal=True),
        lambda: exact(q, k, bias=torch.ones(T, N, dtype=torch.bool).tril()),
    ),
)
sdpa(
    "SDPA causal_lower_right",
    lambda q, k, v: (
        fused(q, k, v, attn_mask=causal_lower_right(T, N)),
        lambda: exact(q, k, bias=torch.ones(T, N, dtype=torch.bool).tril(N - T)),
    ),
)
sdpa(
    "SDPA causal_upper_left",
    lambda q, k, v: (
        fused(q, k, v, attn_mask=causal_upper_left(T, N)),
        lambda: exact(q, k, bias=torch.ones(T, N, dtype=torch.bool).tril()),
    ),
)


def padded(q, k, v, padding):
    keep = ~padding[:, None, None]  # (B, 1, 1, N)
    return fused(q, k, v, attn_mask=keep), lambda: exact(q, k, bias=keep)


def added(q, k, v, padding, to=torch.float32):
    bias = torch.zeros(padding.shape).masked_fill(padding, -torch.inf)
    bias = (bias + torch.arange(N) * 0.1)[:, None, None].to(to)  # (B, 1, 1, N)
    return fused(q, k, v, attn_mask=bias), lambda: exact(q, k, bias=bias)


def blind(q, k, v):
    keep = torch.ones(T, N, dtype=torch.bool)  # (T, N)
    keep[1] = False
    return fused(q, k, v, attn_mask=keep), lambda: exact(q, k, bias=keep)


mask = {"padding": "padding"}
sdpa("SDPA bool mask", padded, named=mask)
sdpa("SDPA float mask", added, named=mask)
sdpa(
    "SDPA float16 mask",
    lambda *a, padding: added(*a, padding, torch.float16),
    named=mask,
    dtype=torch.float16,
    atol=2e-3,
)
sdpa(
    "SDPA bfloat16 queries, float32 mask",
    added,
    named=mask,
    dtype=torch.bfloat16,
    atol=2e-3,
    expect="right or refused",
)
sdpa(
    "SDPA a row that sees nothing",
    blind,
    expect="right or refused",
    rows_sum_to_one=False,
)
sdpa(
    "SDPA scale=", lambda q, k, v: (fused(q, k, v, scale=0.3), lambda: exact(q, k, 0.3))
)
sdpa(
    "SDPA by keyword",
    lambda q, k, v: (fused(query=q, key=k, value=v), lambda: exact(q, k)),
)
sdpa(
    "SDPA enable_gqa",
    lambda q, k, v: (fused(q, k, v, enable_gqa=True), lambda: exact(q, k)),
    kv_heads=1,
)
sdpa(
    "SDPA dropout in training",
    lambda q, k, v: (fused(q, k, v, dropout_p=0.3), lambda: exact(q, k)),
    train=True,
    images_apart=False,
)
