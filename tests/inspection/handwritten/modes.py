"""Outputs by name, modes of PyTorch, and an attention in modules of its own."""

import functools

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from .calling import GROUP, Cross, attention, heads
from .captioners import d
from .core import A, D, case
from .layouts import Projections
from .record import note
from .wrappers import Output


@case(GROUP, "words", "cells")
class DictOfOutputs(Projections):
    """The mechanism is handed in, names of layers are looked up."""

    def __init__(self):
        super().__init__()
        self.mechanism = functools.partial(attention, kind="cross")

    @torch.no_grad()
    def forward(self, x, cells):
        q, k, v = (
            getattr(self, name)(y) for name, y in (("q", x), ("k", cells), ("v", cells))
        )
        return Output(hidden=self.mechanism(q, k, v, self), attentions={"none": None})


@case(GROUP, "words", "cells", layer="decoder.attention.inner")
class InferenceMode(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Cross()

    def forward(self, x, cells):
        with torch.inference_mode():
            return self.inner(x, cells)


@case(GROUP, "words", "cells", atol=2e-2, rows_sum_to_one=False)
class AutocastInside(Cross):
    def forward(self, x, cells):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return super().forward(x, cells)


@case(GROUP, "words", "cells")
class ScoresInPlaceOutArgument(Projections):
    """Scores changed in place, the softmax written into a buffer by out=."""

    def forward(self, x, cells):
        with torch.no_grad():
            s = torch.baddbmm(torch.zeros(1), self.q(x), self.k(cells).mT, beta=0)
            s.div_(D**0.5).add_(0.1)
            w = (
                torch.softmax(s, -1, out=torch.empty_like(s))
                if hasattr(self, "x")
                else s
            )
            torch.exp(w - w.amax(-1, keepdim=True), out=w)
            w.div_(w.sum(-1, keepdim=True))
            note(self, w, "b t n", "cross")
            return torch.bmm(w, self.v(cells), out=torch.empty(len(x), x.size(1), D))


@case(GROUP, "words", "cells")
class EnergyModule(nn.Module):
    """Scores, softmax and reading are modules of their own (a graph of small parts)."""

    def __init__(self):
        super().__init__()
        self.scores, self.norm, self.read = Scores(), nn.Softmax(dim=-1), Read()

    def forward(self, x, cells):
        w = self.norm(self.scores(x, cells))
        note(self, w, "b t n", "cross", answer="parent")
        note(self.read, w, "b t n", "cross", answer="reader")
        note(self.norm, w, "b t n", "cross", answer="softmax")
        return self.read(w, cells)


class Scores(nn.Module):
    def forward(self, x, y):
        return x @ y.mT / D**0.5


class Read(nn.Module):
    def forward(self, w, y):
        return w @ y


@case(GROUP, "words", "cells")
class VitByLucidrains(nn.Module):
    """to_qkv, chunk, map of rearrange with a lambda; to_out with dropout."""

    def __init__(self):
        super().__init__()
        self.heads, self.scale = A, d**-0.5
        self.norm, self.attend, self.dropout = (
            nn.LayerNorm(D),
            nn.Softmax(-1),
            nn.Dropout(0.1),
        )
        self.to_qkv = nn.Linear(D, D * 3, bias=False)
        self.to_out = nn.Sequential(nn.Linear(D, D), nn.Dropout(0.1))

    def forward(self, words, x):
        qkv = self.to_qkv(self.norm(x)).chunk(3, dim=-1)
        q, k, v = map(lambda t: rearrange(t, "b n (h d) -> b h n d", h=self.heads), qkv)
        attn = self.attend(torch.matmul(q, k.transpose(-1, -2)) * self.scale)
        note(self, attn, "b a t n", "self")
        out = rearrange(torch.matmul(self.dropout(attn), v), "b h n d -> b n (h d)")
        return self.to_out(out)


@case(GROUP, "words", "cells", layer="decoder.attention.attn")
class GatheredInASide(nn.Module):
    """The weights are returned; an outer loss uses them against a target too."""

    def __init__(self):
        super().__init__()
        self.attn = Weights()

    def forward(self, x, cells):
        out, w = self.attn(x, cells)
        target = torch.full_like(w, 1 / w.shape[-1])
        loss = F.kl_div(w.clamp_min(1e-9).log(), target, reduction="batchmean")
        entropy = -(w * w.clamp_min(1e-9).log()).sum(-1).mean()
        return out, loss + 0.1 * entropy, w.mean(1) @ cells


class Weights(Projections):
    def forward(self, x, cells):
        w = F.softmax(heads(self.q(x)) @ heads(self.k(cells)).mT, dim=-1)
        note(self, w, "b a t n", "cross")
        return (w @ heads(self.v(cells))).transpose(1, 2).flatten(2), w
