"""Scores and scales of papers, and keys that are cut away."""

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import d
from .core import A, D, N, T, case
from .layouts import Projections
from .positions import EITHER, GROUP, Own
from .record import note


@case(GROUP, "words", "cells", layer="decoder.attention.mha")
class TorchZeroAttention(nn.Module):
    """add_bias_kv and add_zero_attn: two keys more."""

    def __init__(self):
        super().__init__()
        self.mha = nn.MultiheadAttention(
            D, A, batch_first=True, add_bias_kv=True, add_zero_attn=True
        )

    def forward(self, x, y):
        def weights():
            args = {"average_attn_weights": False, "need_weights": True}
            return self.mha(x, y, y, **args)[1]

        note(self.mha, weights, "b a t n", "cross")
        return self.mha(x, y, y, need_weights=False)[0]


@case(GROUP, "words", "cells", rows_sum_to_one=False, **EITHER)
class PrunedHeads(Own):
    """Learned gates (hard concrete) close heads: a gate times what a head read."""

    def forward(self, x, cells):
        q, k, v = self.heads(x, cells)
        gates = torch.tensor([1.0, 0.0, 0.7]).view(1, A, 1, 1)
        w = (q @ k.mT / d**0.5).softmax(-1)
        note(self, w, "b a t n", "cross", answer="before")
        note(self, w * gates, "b a t n", "cross", answer="after")
        return self.o(((w @ v) * gates).transpose(1, 2).flatten(2))


@case(GROUP, "words", "cells", dtype=torch.float64, atol=1e-6)
class InDouble(Own):
    def forward(self, x, cells):
        q, k, v = self.heads(x, cells)
        return self.read(torch.softmax(q @ k.mT, dim=-1), v, "cross")


@case(GROUP, "words", "cells")
class ManhattanDistance(Own):
    """Scores are minus the distance, by broadcasting."""

    def forward(self, x, cells):
        q, k, v = self.heads(x, cells)
        s = -(q.unsqueeze(3) - k.unsqueeze(2)).abs().sum(-1)
        return self.read(s.softmax(-1), v, "cross")


@case(GROUP, "words", "cells")
class NadarayaWatson(nn.Module):
    """d2l: kernel regression with one weight; a value is one number."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(0.7))

    def forward(self, x, cells):
        queries, keys, values = x[..., 0], cells[..., 0], cells[..., 1]
        s = -(((queries[:, :, None] - keys[:, None, :]) * self.w) ** 2) / 2
        self.attention_weights = F.softmax(s, dim=2)
        note(self, self.attention_weights, "b t n", "cross")
        return torch.bmm(self.attention_weights, values.unsqueeze(-1)).squeeze(-1)


@case(GROUP, "words", "cells")
class Linformer(Own):
    """Keys and values are projected from N to 4."""

    def __init__(self):
        super().__init__()
        self.e, self.f = (
            nn.Parameter(torch.randn(N, 4)),
            nn.Parameter(torch.randn(N, 4)),
        )

    def forward(self, x, cells):
        k = torch.einsum("bnd,nk->bkd", self.k(cells), self.e)
        v = torch.einsum("bnd,nk->bkd", self.v(cells), self.f)
        q, k, v = (y.unflatten(-1, (A, d)).transpose(1, 2) for y in (self.q(x), k, v))
        return self.read((q @ k.mT / d**0.5).softmax(-1), v, "cross")


@case(GROUP, "words", "cells", expect="not wrong", rows_sum_to_one=False)
class Performer(Own):
    """Random features: exp of projected queries and keys."""

    def forward(self, x, cells):
        q, k, v = self.heads(x, cells)
        w = torch.randn(9, d, generator=torch.Generator().manual_seed(0))
        q, k = (
            torch.exp(y @ w.T - y.pow(2).sum(-1, keepdim=True) / 2 - y.max())
            for y in (q, k)
        )
        note(self, lambda: F.normalize(q @ k.mT, p=1, dim=-1), "b a t n", "cross")
        out = torch.einsum("batf,bafd->batd", q, torch.einsum("banf,band->bafd", k, v))
        z = 1 / torch.einsum("batf,baf->bat", q, k.sum(2))
        return self.o((out * z[..., None]).transpose(1, 2).flatten(2))


@case(GROUP, "words", expect="not wrong", rows_sum_to_one=False)
class Retention(Own):
    """RetNet: decay in place of a softmax."""

    def forward(self, x):
        q, k, v = self.heads(x)
        place = torch.arange(T)
        far = (place[:, None] - place[None]).float()
        w = q @ k.mT * torch.where(far >= 0, 0.9**far, 0.0)
        return self.read(w, v)


@case(GROUP, "words", expect="not wrong", rows_sum_to_one=False)
class GatedUnit(Own):
    """GAU: squared relu over the length."""

    def forward(self, x):
        q, k, v = self.heads(x)
        return self.read(F.relu(q @ k.mT / T) ** 2, v)


@case(GROUP, "words", expect="not wrong", rows_sum_to_one=False)
class AttentionFree(Projections):
    """AFT: a weight a channel, exp of keys and places over their sum."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(T, T))

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        note(
            self, (self.w[None, :, :, None] + k[:, None]).softmax(2), "b t n a", "self"
        )
        num = torch.exp(self.w) @ torch.mul(torch.exp(k), v)
        return torch.sigmoid(q) * num / (torch.exp(self.w) @ torch.exp(k))
