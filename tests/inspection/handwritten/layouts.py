"""Multi-head cross-attention with its heads in every place."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import A, D, case
from .record import note

GROUP = "1a layout of heads"
d = D // A


class Projections(nn.Module):
    """Four linear layers, and no word about heads."""

    def __init__(self):
        super().__init__()
        self.q, self.k = nn.Linear(D, D), nn.Linear(D, D)
        self.v, self.o = nn.Linear(D, D), nn.Linear(D, D)

    def heads(self, x, feats=None, values=None):
        """Queries (B, A, T, D/A), keys and values (B, A, N, D/A)."""
        feats = x if feats is None else feats
        values = feats if values is None else values
        made = self.q(x), self.k(feats), self.v(values)  # (B, T or N, D) each
        return [one.unflatten(-1, (A, d)).transpose(1, 2) for one in made]


@case(GROUP, "words", "cells")
class HeadsSecond(Projections):
    num_heads = A

    def forward(self, x, feats):
        b, t, _ = x.shape
        q = self.q(x).view(b, t, self.num_heads, -1).transpose(1, 2)  # (B, A, T, D/A)
        k = self.k(feats).view(b, -1, self.num_heads, d).transpose(1, 2)
        v = self.v(feats).view(b, -1, self.num_heads, d).transpose(1, 2)
        w = F.softmax(torch.matmul(q, k.transpose(-2, -1)) / d**0.5, dim=-1)
        note(self, w, "b a t n", "cross")
        return self.o((w @ v).transpose(1, 2).reshape(b, t, D))


@case(GROUP, "words", "cells")
class HeadsFirst(Projections):
    heads = A

    def forward(self, x, feats):
        q = torch.stack(self.q(x).chunk(self.heads, -1))  # (A, B, T, D/A)
        k = torch.stack(self.k(feats).chunk(self.heads, -1))  # (A, B, N, D/A)
        v = torch.stack(self.v(feats).chunk(self.heads, -1))  # (A, B, N, D/A)
        w = (q @ k.transpose(2, 3) / d**0.5).softmax(-1)  # (A, B, T, N)
        note(self, w, "a b t n", "cross")
        return self.o(torch.cat(list(w @ v), -1))


@case(GROUP, "words", "cells")
class HeadsTimesImages(Projections):
    def __init__(self):
        super().__init__()
        self.h = A

    def forward(self, x, feats):
        q, k, v = (
            torch.cat(torch.split(one, d, dim=2), dim=0)  # (A*B, ., D/A)
            for one in (self.q(x), self.k(feats), self.v(feats))
        )
        w = torch.softmax(torch.bmm(q, k.transpose(1, 2)) / d**0.5, dim=2)
        note(self, w, "(a b) t n", "cross", a=A)
        out = torch.bmm(w, v)  # (A*B, T, D/A)
        return self.o(torch.cat(torch.split(out, len(x), dim=0), dim=2))


@case(GROUP, "words", "cells")
class HeadsTimesImagesNoHeads(Projections):
    def forward(self, x, feats):
        q, k, v = (
            torch.cat(one.split(d, 2))
            for one in (self.q(x), self.k(feats), self.v(feats))
        )
        w = torch.softmax(torch.bmm(q, k.transpose(1, 2)) / d**0.5, dim=-1)
        note(self, w, "(a b) t n", "cross", a=A)
        return self.o(torch.cat((w @ v).split(len(x)), 2))


@case(GROUP, "words", "cells")
class ImagesTimesHeads(Projections):
    def __init__(self):
        super().__init__()
        self.nheads = A

    def fold(self, x):
        b, n, _ = x.shape
        x = x.reshape(b, n, self.nheads, d).permute(0, 2, 1, 3)  # (B, A, N, D/A)
        return x.reshape(b * self.nheads, n, d)  # (B*A, N, D/A)

    def forward(self, x, feats):
        b, t, _ = x.shape
        q, k = self.fold(self.q(x)), self.fold(self.k(feats))
        w = F.softmax(q.bmm(k.transpose(1, 2)) * d**-0.5, -1)  # (B*A, T, N)
        note(self, w, "(b a) t n", "cross", a=A)
        out = w.bmm(self.fold(self.v(feats))).view(b, A, t, d)  # (B, A, T, D/A)
        return self.o(out.transpose(1, 2).flatten(2))


@case(GROUP, "words", "cells")
class HeadsThird(Projections):
    n_head = A

    def forward(self, x, feats):
        q = self.q(x).unflatten(-1, (self.n_head, d))  # (B, T, A, D/A)
        k = self.k(feats).unflatten(-1, (self.n_head, d))  # (B, N, A, D/A)
        v = self.v(feats).unflatten(-1, (self.n_head, d))  # (B, N, A, D/A)
        w = torch.softmax(torch.einsum("bthd,bnhd->bthn", q, k) / d**0.5, dim=-1)
        note(self, w, "b t a n", "cross")
        return self.o(torch.einsum("bthn,bnhd->bthd", w, v).flatten(2))


@case(GROUP, "words", "cells")
class HeadsLast(Projections):
    nhead = A

    def forward(self, x, feats):
        q = self.q(x).unflatten(-1, (self.nhead, d))  # (B, T, A, D/A)
        k = self.k(feats).unflatten(-1, (self.nhead, d))  # (B, N, A, D/A)
        v = self.v(feats).unflatten(-1, (self.nhead, d))  # (B, N, A, D/A)
        w = F.softmax(torch.einsum("bqhd,bkhd->bqkh", q, k) / d**0.5, dim=2)
        note(self, w, "b t n a", "cross")
        return self.o(torch.einsum("bqkh,bkhd->bqhd", w, v).flatten(2))


@case(GROUP, "words", "cells")
class HeadsFirstWordsBeforeImages(Projections):
    def forward(self, x, feats):
        q = self.q(x).unflatten(-1, (A, d))  # (B, T, A, D/A)
        k = self.k(feats).unflatten(-1, (A, d))  # (B, N, A, D/A)
        v = self.v(feats).unflatten(-1, (A, d))  # (B, N, A, D/A)
        w = F.softmax(torch.einsum("bthd,bnhd->htbn", q, k), dim=3)
        note(self, w, "a t b n", "cross")
        return self.o(torch.einsum("htbn,bnhd->bthd", w, v).flatten(2))
