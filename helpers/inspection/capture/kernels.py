"""Attention functions of PyTorch that keep their weights to themselves.

The model gets what its own kernel returns. The weights are worked out aside, by
PyTorch's plain way to the same result, in float32 where the model computes in half
precision, as the kernels do. From there on they are followed as those of any softmax.
"""

import inspect
import math

import torch
from torch.nn import functional
from torch.nn.attention.bias import CausalBias
from torch.utils._pytree import tree_map

from helpers.inspection.capture.axis_origins import Span
from helpers.inspection.capture.axis_rules import axes_of_layer
from helpers.inspection.capture.torch_calls import axes_of_product, rows_of

SDPA = functional.scaled_dot_product_attention
MHA = functional.multi_head_attention_forward
FUSED = (SDPA, MHA)
HALF = (torch.float16, torch.bfloat16)


def single(value):
    """A tensor of half precision in float32; anything else as it is."""
    half = isinstance(value, torch.Tensor) and value.dtype in HALF
    return value.float() if half else value


def sdpa_weights(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, **options
):
    """The weights of a call of `scaled_dot_product_attention`, before dropout.

    Takes what the kernel takes; query (..., A, T, d), key (..., A or fewer, N, d).
    Returns (..., A, T, N). A query that may look at no key gets zeros.
    """
    if isinstance(attn_mask, CausalBias):
        attn_mask = attn_mask._materialize(query.device)  # (T, N)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        hidden = torch.zeros(attn_mask.shape, device=query.device)
        attn_mask = hidden.masked_fill(~attn_mask, -math.inf)  # (..., T, N)
    query, key, attn_mask = map(single, (query, key, attn_mask))
    scale = options.get("scale") or query.shape[-1] ** -0.5
    none, options = key[..., :0], {**options, "scale": 1.0}
    plain = torch._scaled_dot_product_attention_math
    return plain(scale * query, key, none, attn_mask, 0.0, is_causal, **options)[1]


def mha_weights(call):
    """The weights of a call of `multi_head_attention_forward`: ([B,] A, T, N).

    All heads and no dropout, whatever the call (a dict of its arguments) asked for.
    """
    whole = {"need_weights": True, "average_attn_weights": False, "training": False}
    weights = MHA(**tree_map(single, call | whole))[1]  # ([B,] A, T, N)
    return weights.nan_to_num(0)  # a query that may look at no key


@torch.no_grad()
def fused_weights(tracker, call):
    """Note how the weights of a call of one of the two were made.

    Returns the weights, their letters, Axes of the values and their letters.
    """
    if call.function is SDPA:
        weights = sdpa_weights(*call.args, **call.kwargs)  # (..., T, N)
        names = enumerate(("query", "key", "value"))
        q, k, v = (tracker.of(call.argument(name, i)) for i, name in names)
        rows = rows_of(weights.dim())
        of_q, of_k, of_v = (
            [*rows_of(len(x.spans)), *letters]
            for x, letters in ((q, "td"), (k, "nd"), (v, "ne"))
        )
    else:
        of = inspect.signature(MHA).bind(*call.args, **call.kwargs).arguments
        weights = mha_weights(of)  # ([B,] A, T, N)
        rows = [*"ba"][-weights.dim() + 2 :]
        heads = (of["num_heads"], of["embed_dim_to_check"] // of["num_heads"])
        q, k, v = (
            axes_of_layer(x, math.prod(heads)).regrouped((*x.sizes[:-1], *heads))
            for x in map(tracker.of, (of["query"], of["key"], of["value"]))
        )  # (T or N, [B,] A, d)
        of_q, of_k, of_v = ["t", *rows, "d"], ["n", *rows, "d"], ["n", *rows, "e"]
    letters = [*rows, "t", "n"]
    axes = axes_of_product((q, k), (of_q, of_k), letters)
    axes.scores = True
    if weights.shape[-1] > axes.size(-1):  # with a key that the layer adds
        axes.spans[-1] = (Span(weights.shape[-1], axes.spans[-1]),)
    tracker.axes[weights] = axes
    return weights, letters, v, of_v
