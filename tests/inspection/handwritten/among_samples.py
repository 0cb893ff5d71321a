"""Weights that are never whole, and attention among the samples of a batch."""

import torch
from torch import nn

from .core import A, D, T, case
from .courses import EITHER, GROUP
from .layouts import Projections
from .record import note


@case(GROUP, "words", "cells", **EITHER)
class OnlineSoftmax(Projections):
    """FlashAttention from scratch: blocks of keys, a running maximum and sum."""

    def forward(self, x, cells):
        q, k, v = self.q(x) / D**0.5, self.k(cells), self.v(cells)
        note(self, (q @ k.mT).softmax(-1), "b t n", "cross")
        out, total = torch.zeros_like(q), torch.zeros(*q.shape[:2], 1)
        top = torch.full_like(total, -torch.inf)
        for k_j, v_j in zip(k.split(3, 1), v.split(3, 1), strict=True):
            s = q @ k_j.mT
            new = torch.maximum(top, s.amax(-1, keepdim=True))
            p, old = torch.exp(s - new), torch.exp(top - new)
            total = total * old + p.sum(-1, keepdim=True)
            out, top = out * old + p @ v_j, new
        return self.o(out / total)


@case(GROUP, "words", images_apart=False)
class BetweenSamples(Projections):
    """SAINT: the samples of a batch look at each other; a sample is one token."""

    def __init__(self):
        super().__init__()
        self.big = nn.Linear(T * D, 3 * D)

    def forward(self, x):
        q, k, v = self.big(x.reshape(1, len(x), -1)).chunk(3, -1)
        w = (q @ k.mT / D**0.5).softmax(-1)
        note(self, w, "b t n", "self")
        return w @ v


@case(GROUP, "words", images_apart=False, layer="decoder.attention.layer")
class BatchFormer(nn.Module):
    """nn.MultiheadAttention on (B, T, D) with batch_first=False, on purpose."""

    def __init__(self):
        super().__init__()
        self.layer = nn.MultiheadAttention(D, A)

    def forward(self, x):
        def weights():
            return self.layer(x, x, x, average_attn_weights=False)[1]

        note(self.layer, weights, "b a t n", "self")
        return self.layer(x, x, x)[0]
