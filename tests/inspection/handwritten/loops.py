"""Attention computed piece by piece: loops over heads, images, queries, windows."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from .core import A, D, T, case
from .layouts import Projections, d
from .record import note

GROUP = "1b loops, chunks, windows"


class Head(nn.Module):
    """One head of causal self-attention, as in the GPT lectures."""

    def __init__(self):
        super().__init__()
        self.key = nn.Linear(D, d, bias=False)
        self.query = nn.Linear(D, d, bias=False)
        self.value = nn.Linear(D, d, bias=False)
        self.register_buffer("tril", torch.tril(torch.ones(T, T)))

    def forward(self, x):
        w = self.query(x) @ self.key(x).transpose(-2, -1) * d**-0.5  # (B, T, T)
        w = w.masked_fill(self.tril == 0, float("-inf"))  # (B, T, T)
        w = F.softmax(w, dim=-1)  # (B, T, T)
        note(self, w, "b t n", "self")
        return w @ self.value(x)


@case(GROUP, "words", layer="decoder.attention.heads")
class OneModulePerHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleList([Head() for _ in range(A)])

    def forward(self, x):
        return torch.cat([head(x) for head in self.heads], dim=-1)


@case(GROUP, "words", "cells")
class HeadsLoopStacked(Projections):
    def forward(self, x, feats):
        q, k, v = (
            y.unflatten(-1, (A, d)) for y in (self.q(x), self.k(feats), self.v(feats))
        )
        outs = []
        for i in range(A):
            w = (q[:, :, i] @ k[:, :, i].transpose(1, 2)).softmax(-1)  # (B, T, N)
            note(self, w, "b t n", "cross", join="a")
            outs.append(w @ v[:, :, i])
        return self.o(torch.stack(outs, 2).flatten(2))


@case(GROUP, "words", "cells")
class HeadsLoopSliced(Projections):
    num_heads = A

    def forward(self, x, feats):
        q, k, v, outs = self.q(x), self.k(feats), self.v(feats), []
        for i in range(self.num_heads):
            at = slice(i * d, (i + 1) * d)
            w = torch.softmax(q[..., at] @ k[..., at].mT / d**0.5, dim=-1)
            note(self, w, "b t n", "cross", join="a")
            outs.append(w @ v[..., at])
        return self.o(torch.cat(outs, dim=-1))


@case(GROUP, "words", "cells")
class HeadsLoopOfLinears(nn.Module):
    def __init__(self):
        super().__init__()
        self.qs = nn.ModuleList(nn.Linear(D, d) for _ in range(A))
        self.ks = nn.ModuleList(nn.Linear(D, d) for _ in range(A))
        self.vs = nn.ModuleList(nn.Linear(D, d) for _ in range(A))

    def forward(self, x, feats):
        outs = []
        for to_q, to_k, to_v in zip(self.qs, self.ks, self.vs, strict=True):
            w = F.softmax(to_q(x).bmm(to_k(feats).transpose(1, 2)), 2)  # (B, T, N)
            note(self, w, "b t n", "cross", join="a")
            outs.append(w.bmm(to_v(feats)))
        return torch.cat(outs, 2)


@case(GROUP, "words", "cells")
class ImagesLoop(Projections):
    heads = A

    def forward(self, x, feats):
        outs = []
        for one, grid in zip(x, feats, strict=True):
            q = self.q(one).view(-1, A, d).transpose(0, 1)  # (A, T, D/A)
            k = self.k(grid).view(-1, A, d).transpose(0, 1)  # (A, N, D/A)
            v = self.v(grid).view(-1, A, d).transpose(0, 1)  # (A, N, D/A)
            w = F.softmax(q @ k.transpose(1, 2) / d**0.5, dim=-1)  # (A, T, N)
            note(self, w, "a t n", "cross", join="b")
            outs.append((w @ v).transpose(0, 1).flatten(1))
        return self.o(torch.stack(outs))


@case(GROUP, "words", "cells")
class ImagesLoopOneHead(Projections):
    def forward(self, x, feats):
        outs = []
        for i in range(x.shape[0]):
            w = torch.softmax(self.q(x[i]) @ self.k(feats[i]).T / D**0.5, dim=1)
            note(self, w, "t n", "cross", join="b")
            outs.append(w @ self.v(feats[i]))
        return self.o(torch.stack(outs))


@case(GROUP, "words", "cells", expect="right or refused")
class VmapOverImages(Projections):
    def forward(self, x, feats):
        q, k = self.q(x), self.k(feats)
        note(self, lambda: (q @ k.mT).softmax(-1), "b t n", "cross")

        def attend(q, k, v):
            return F.softmax(q @ k.T, dim=-1) @ v

        return torch.vmap(attend)(q, k, self.v(feats))


@case(GROUP, "words", "cells")
class QueriesInChunks(Projections):
    def forward(self, x, feats):
        q, k, v = (
            rearrange(y, "b n (a d) -> b a n d", a=A)
            for y in (self.q(x), self.k(feats), self.v(feats))
        )
        outs = []
        for part in q.split(2, dim=2):
            w = (part @ k.mT).softmax(-1)  # (B, A, 2, N)
            note(self, w, "b a t n", "cross", join="t")
            outs.append(w @ v)
        return self.o(torch.cat(outs, 2).transpose(1, 2).flatten(2))


@case(GROUP, "words", "cells")
class QueriesOneByOne(Projections):
    def forward(self, x, feats):
        k, v, outs = self.k(feats), self.v(feats), []
        for t in range(x.shape[1]):
            w = F.softmax((k * self.q(x[:, t])[:, None]).sum(-1), dim=1)  # (B, N)
            note(self, w, "b n", "cross", join="steps")
            outs.append((w[..., None] * v).sum(1))
        return self.o(torch.stack(outs, 1))
