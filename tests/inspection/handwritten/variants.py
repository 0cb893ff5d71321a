"""Heads that mix, gate, remember, or are subtracted."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import A, D, T, case
from .layouts import Projections, d
from .record import note

GROUP = "1d masks, biases, shared and mixed heads"


class Heads(Projections):
    """Multi-head attention whose scores, or weights, a variant changes."""

    kind = "cross"

    def score(self, s, **named):
        return s

    def mix(self, w):
        return w

    def forward(self, x, y=None, **named):
        q, k, v = self.heads(x, y)
        s = q @ k.transpose(-2, -1) * d**-0.5  # (B, A, T, N)
        w = self.mix(F.softmax(self.score(s, **named), dim=-1))  # (B, A, T, N)
        note(self, w, "b a t n", self.kind)
        return self.o((w @ v).transpose(1, 2).flatten(2))


class OwnHeads(Heads):
    kind = "self"


@case(GROUP, "words")
class OneQkvLinear(nn.Module):
    """As in timm: one linear layer for query, key and value."""

    def __init__(self):
        super().__init__()
        self.num_heads, self.scale = A, d**-0.5
        self.qkv, self.proj = nn.Linear(D, 3 * D), nn.Linear(D, D)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.num_heads, c // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (B, A, T, D/A)
        attn = (q * self.scale) @ k.transpose(-2, -1)  # (B, A, T, T)
        attn = attn.softmax(dim=-1)  # (B, A, T, T)
        note(self, attn, "b a t n", "self")
        return self.proj((attn @ v).transpose(1, 2).reshape(b, n, c))


@case(GROUP, "words")
class NanoGpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.n_head, self.n_embd = A, D
        self.c_attn, self.c_proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.register_buffer("bias", torch.tril(torch.ones(T, T)).view(1, 1, T, T))

    def forward(self, x):
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        q, k, v = (y.view(*y.shape[:2], A, d).transpose(1, 2) for y in (q, k, v))
        att = (q @ k.transpose(-2, -1)) * d**-0.5  # (B, A, T, T)
        att = att.masked_fill(self.bias[:, :, :T, :T] == 0, float("-inf"))
        att = F.softmax(att, dim=-1)  # (B, A, T, T)
        note(self, att, "b a t n", "self")
        y = (att @ v).transpose(1, 2).contiguous().view(*x.shape)  # (B, T, D)
        return self.c_proj(y)


@case(GROUP, "words", "cells")
class TalkingBeforeSoftmax(Heads):
    def __init__(self):
        super().__init__()
        self.talk = nn.Conv2d(A, A, 1)

    def score(self, s):
        return self.talk(s)


@case(GROUP, "words", "cells", expect="right or refused", rows_sum_to_one=False)
class TalkingAfterSoftmax(Heads):
    """The values meet the mixed weights."""

    def __init__(self):
        super().__init__()
        self.talk = nn.Parameter(torch.rand(A, A))

    def mix(self, w):
        return torch.einsum("batn,ac->bctn", w, self.talk)


@case(GROUP, "words", "cells", expect="right or refused", rows_sum_to_one=False)
class Differential(Projections):
    """Two softmaxes subtracted: the difference, or both of them as calls."""

    def forward(self, x, feats):
        q1, q2 = self.q(x).chunk(2, -1)
        k1, k2 = self.k(feats).chunk(2, -1)
        first, second = F.softmax(q1 @ k1.mT, -1), F.softmax(q2 @ k2.mT, -1)
        w = first - 0.4 * second  # (B, T, N)
        note(self, w, "b t n", "cross", answer="difference")
        note(self, first, "b t n", "cross", answer="both")
        note(self, second, "b t n", "cross", answer="both")
        return self.o(w @ self.v(feats))


@case(GROUP, "words", "cells")
class CosineHeads(Heads):
    def parts(self, x, y):
        q, k, v = super().heads(x, y)
        return F.normalize(q, dim=-1) * 9, F.normalize(k, dim=-1), v


@case(GROUP, "words", layer="decoder.attention.layers")
class ResidualScores(nn.Module):
    """As in RealFormer: each layer adds its scores to those of the layer before."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(ResidualLayer() for _ in range(2))

    def forward(self, x):
        before = 0
        for layer in self.layers:
            x, before = layer(x, before)
        return x


class ResidualLayer(OwnHeads):
    def forward(self, x, before):
        q, k, v = self.heads(x, x)
        s = q @ k.mT + before  # (B, A, T, T)
        w = s.softmax(-1)  # (B, A, T, T)
        note(self, w, "b a t n", "self")
        return x + self.o((w @ v).transpose(1, 2).flatten(2)), s


@case(GROUP, "words", "cells")
class GatedOutput(Heads):
    """A gate multiplies what was read, not the weights."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(D, D)

    def forward(self, x, y):
        return super().forward(x, y) * torch.sigmoid(self.gate(x))


@case(GROUP, "words", "cells")
class ExpertsInside(Heads):
    """An attention whose values go through two experts: the weights are a map still."""

    def __init__(self):
        super().__init__()
        self.router = nn.Linear(D, 2)
        self.experts = nn.ModuleList(nn.Linear(D, D) for _ in range(2))

    def forward(self, x, y):
        first, second = torch.sigmoid(self.router(x)).chunk(2, -1)  # (B, T, 1)
        out = super().forward(x, y)  # (B, T, D)
        return first * self.experts[0](out) + second * self.experts[1](out)


@case(GROUP, "words", "cells")
class MemoryKeys(Heads):
    """The meshed-memory transformer: two learned keys after the image's N."""

    def __init__(self):
        super().__init__()
        self.memory = nn.Parameter(torch.randn(1, 2, D))

    def parts(self, x, y):
        return super().heads(x, torch.cat([y, self.memory.expand(len(y), -1, -1)], 1))


@case(GROUP, "words", "cells")
class KeysAreValues(nn.Module):
    """One head and no projections at all."""

    def forward(self, x, feats):
        w = torch.softmax(x @ feats.transpose(1, 2), dim=2)  # (B, T, N)
        note(self, w, "b t n", "cross")
        return w @ feats
