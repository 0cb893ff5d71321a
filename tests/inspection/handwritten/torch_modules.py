"""PyTorch's own multi-head attention, looking at another sequence."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from .core import A, C, D, case
from .cross import GROUP
from .record import note


def by_hand(mha, x, y, mask=None):
    """Give the weights of an nn.MultiheadAttention, (B, A, T, N), from its matrices."""
    if mha.in_proj_weight is None:
        to_q, to_k = mha.q_proj_weight, mha.k_proj_weight
    else:
        to_q, to_k = mha.in_proj_weight.chunk(3)[:2]
    q_bias, k_bias = mha.in_proj_bias.chunk(3)[:2]
    q = F.linear(x.float(), to_q.float(), q_bias.float())  # (B, T, D)
    k = F.linear(y.float(), to_k.float(), k_bias.float())  # (B, N, D)
    q, k = (rearrange(z, "b n (a d) -> b a n d", a=mha.num_heads) for z in (q, k))
    s = q @ k.mT * q.shape[-1] ** -0.5  # (B, A, T, N)
    return (s if mask is None else s.masked_fill(mask, -torch.inf)).softmax(-1)


@case(GROUP, "words_first", "cells_first", layer="decoder.attention.mha")
class TorchWordsFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.mha = nn.MultiheadAttention(D, A)

    def forward(self, x, y):
        x_b, y_b = x.transpose(0, 1), y.transpose(0, 1)
        note(self.mha, lambda: by_hand(self.mha, x_b, y_b), "b a t n", "cross")
        return self.mha(x, y, y)


@case(GROUP, "words", "regions", layer="decoder.attention.mha")
class TorchOtherWidth(nn.Module):
    def __init__(self):
        super().__init__()
        self.mha = nn.MultiheadAttention(D, A, kdim=C, vdim=C, batch_first=True)

    def forward(self, x, y):
        note(self.mha, lambda: by_hand(self.mha, x, y), "b a t n", "cross")
        return self.mha(x, y, y, need_weights=False)[0]


@case(GROUP, "words", "cells", layer="decoder.attention.layer.multihead_attn")
class TorchDecoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerDecoderLayer(D, A, 9, batch_first=True)

    def forward(self, x, y):
        layer, ahead = self.layer, nn.Transformer.generate_square_subsequent_mask(5)
        own = layer.self_attn
        note(own, lambda: by_hand(own, x, x, ahead < 0), "b a t n", "self")

        def cross():
            z = layer.norm1(x + own(x, x, x, attn_mask=ahead)[0])
            return by_hand(layer.multihead_attn, z, y)

        note(layer.multihead_attn, cross, "b a t n", "cross")
        return layer(x, y, tgt_mask=ahead, tgt_is_causal=True)
