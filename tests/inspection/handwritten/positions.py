"""Positions, scales and scores of papers."""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from .captioners import d
from .core import A, D, T, case
from .layouts import Projections
from .record import note

GROUP = "7f positions and scores"


EITHER = {"expect": "right or refused"}


class Own(Projections):
    def parts(self, x, y=None):
        y = x if y is None else y
        return (
            rearrange(f, "b n (a d) -> b a n d", a=A)
            for f in (self.q(x), self.k(y), self.v(y))
        )

    def read(self, w, v, kind="self"):
        note(self, w, "b a t n", kind)
        return self.o((w @ v).transpose(1, 2).flatten(2))


@case(GROUP, "words")
class ShawKeysAndValues(Own):
    """Weights meet the values, and the vectors of distances as well."""

    def __init__(self):
        super().__init__()
        self.rel_k = nn.Parameter(torch.randn(2 * T - 1, d))
        self.rel_v = nn.Parameter(torch.randn(2 * T - 1, d))
        place = torch.arange(T)
        self.register_buffer("distance", place[None] - place[:, None] + T - 1)

    def forward(self, x):
        q, k, v = self.heads(x)
        r_k, r_v = self.rel_k[self.distance], self.rel_v[self.distance]  # (T, T, d)
        s = q @ k.mT + torch.einsum("bhid,ijd->bhij", q, r_k)
        w = (s / d**0.5).softmax(-1)
        note(self, w, "b a t n", "self")
        out = w @ v + torch.einsum("bhij,ijd->bhid", w, r_v)
        return self.o(out.transpose(1, 2).flatten(2))


@case(GROUP, "words")
class ShawByTensor2Tensor(ShawKeysAndValues):
    """The same with the queries first: (T, B*A, d) @ (T, d, T)."""

    def forward(self, x):
        q, k, v = self.heads(x)
        b = len(x)
        r_k, r_v = self.rel_k[self.distance], self.rel_v[self.distance]
        turned = q.permute(2, 0, 1, 3).contiguous().view(T, b * A, d)
        extra = torch.matmul(turned, r_k.transpose(1, 2)).transpose(0, 1)
        s = torch.matmul(q, k.mT) + extra.contiguous().view(b, A, T, T)
        w = torch.softmax(s / d**0.5, dim=-1)
        note(self, w, "b a t n", "self")
        first = torch.matmul(w, v)
        w2 = w.permute(2, 0, 1, 3).contiguous().view(T, b * A, T)
        second = torch.matmul(w2, r_v).transpose(0, 1).contiguous().view(b, A, T, d)
        return self.o((first + second).transpose(1, 2).flatten(2))


@case(GROUP, "words")
class MusicTransformer(Own):
    """Relative scores by the skewing trick."""

    def __init__(self):
        super().__init__()
        self.e = nn.Parameter(torch.randn(A, T, d))

    def forward(self, x):
        q, k, v = self.heads(x)
        rel = F.pad(torch.einsum("bhld,hmd->bhlm", q, self.e), (1, 0))
        rel = rel.reshape(len(x), A, T + 1, T)[:, :, 1:]
        s = (q @ k.mT + rel) / d**0.5
        ahead = torch.ones(T, T).triu(1).bool()
        return self.read(s.masked_fill(ahead, -torch.inf).softmax(-1), v)


@case(GROUP, "words")
class Deberta(Own):
    """Content to position and position to content, gathered."""

    def __init__(self):
        super().__init__()
        self.rel = nn.Embedding(2 * T, D)

    def forward(self, x):
        q, k, v = self.heads(x)
        r_q, r_k = (
            rearrange(f(self.rel.weight), "n (a d) -> a n d", a=A)
            for f in (self.q, self.k)
        )
        place = torch.arange(T)
        at = (
            (place[:, None] - place[None] + T)
            .clamp(0, 2 * T - 1)
            .expand(len(x), A, T, T)
        )
        c2p = torch.gather(q @ r_k.mT, -1, at)
        p2c = torch.gather(k @ r_q.mT, -1, at).mT
        return self.read(((q @ k.mT + c2p + p2c) / (3 * d) ** 0.5).softmax(-1), v)


@case(GROUP, "words_first")
class AlibiWordsFirst(Own):
    """(T, B, D), heads third, slopes a head, causal."""

    def forward(self, x):
        q, k, v = (f(x).unflatten(-1, (A, d)) for f in (self.q, self.k, self.v))
        s = torch.einsum("tbad,sbad->btsa", q, k) / d**0.5
        place = torch.arange(T)
        far = (place[None] - place[:, None])[None, :, :, None].float()
        s = s + far * torch.tensor([0.5, 0.25, 0.125])
        s = torch.where(far > 0, torch.tensor(float("-inf")), s)
        w = torch.softmax(s, dim=2)
        note(self, w, "b t n a", "self")
        return self.o(torch.einsum("btsa,sbad->tbad", w, v).reshape(T, len(x[0]), D))


@case(GROUP, "words", "cells")
class SwinV2Cosine(Own):
    """A logit scale a head, clamped and raised to a power."""

    def __init__(self):
        super().__init__()
        self.logit_scale = nn.Parameter(torch.log(10 * torch.ones((A, 1, 1))))

    def forward(self, x, cells):
        q, k, v = self.heads(x, cells)
        attn = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
        scale = torch.clamp(self.logit_scale, max=math.log(1.0 / 0.01)).exp()
        return self.read((attn * scale).softmax(-1), v, "cross")


@case(GROUP, "words", "cells")
class SoftCapped(Own):
    """Gemma 2: tanh keeps the scores within 5."""

    def forward(self, x, cells):
        q, k, v = self.heads(x, cells)
        s = 5.0 * torch.tanh(q @ k.mT / 5.0)
        return self.read(
            F.softmax(s, dim=-1, dtype=torch.float32).to(q.dtype), v, "cross"
        )


@case(GROUP, "words", "cells", rows_sum_to_one=False, **EITHER)
class OffByOneByPad(Own):
    """A zero joins the scores and is cut off after the softmax."""

    def forward(self, x, cells):
        q, k, v = self.heads(x, cells)
        s = F.pad(q @ k.mT / d**0.5, (1, 0), value=0.0)
        return self.read(F.softmax(s, dim=-1)[..., 1:], v, "cross")


@case(GROUP, "words", "cells")
class SinkTokens(Own):
    """Four learned tokens stand before the cells, keys and values alike."""

    def __init__(self):
        super().__init__()
        self.sinks = nn.Parameter(torch.randn(4, D))

    def forward(self, x, cells):
        cells = torch.cat([self.sinks.expand(len(x), -1, -1), cells], 1)
        q, k, v = self.heads(x, cells)
        return self.read((q @ k.mT).softmax(-1), v, "cross")
