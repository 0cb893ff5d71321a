"""Words first, keys first, and layouts by einops."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from .core import A, D, case
from .layouts import GROUP, Projections, d
from .record import note


@case(GROUP, "words_first", "cells_first")
class WordsFirst(Projections):
    num_heads = A

    def forward(self, x, feats):
        q = self.q(x).unflatten(-1, (A, d))  # (T, B, A, D/A)
        k = self.k(feats).unflatten(-1, (A, d))  # (N, B, A, D/A)
        v = self.v(feats).unflatten(-1, (A, d))  # (N, B, A, D/A)
        w = torch.einsum("tbhd,nbhd->tbhn", q, k).softmax(-1)  # (T, B, A, N)
        note(self, w, "t b a n", "cross")
        return self.o(torch.einsum("tbhn,nbhd->tbhd", w, v).flatten(2))


@case(GROUP, "words_first", "cells_first")
class WordsFirstFolded(Projections):
    num_heads = A

    def fold(self, x):
        return x.contiguous().view(len(x), -1, d).transpose(0, 1)  # (B*A, N, D/A)

    def forward(self, x, feats):
        t, b, _ = x.shape
        q, k, v = (self.fold(y) for y in (self.q(x), self.k(feats), self.v(feats)))
        w = F.softmax(torch.bmm(q * d**-0.5, k.transpose(1, 2)), dim=-1)
        note(self, w, "(b a) t n", "cross", a=A)
        return self.o(torch.bmm(w, v).transpose(0, 1).reshape(t, b, D))


@case(GROUP, "words_first", "cells_first")
class KeysFirst(Projections):
    """The annotated-transformer style of labml: scores (T, N, B, A), softmax(dim=1)."""

    heads = A

    def forward(self, x, feats):
        q = self.q(x).unflatten(-1, (A, d))  # (T, B, A, D/A)
        k = self.k(feats).unflatten(-1, (A, d))  # (N, B, A, D/A)
        v = self.v(feats).unflatten(-1, (A, d))  # (N, B, A, D/A)
        w = (torch.einsum("ibhd,jbhd->ijbh", q, k) * d**-0.5).softmax(dim=1)
        note(self, w, "t n b a", "cross")
        return self.o(torch.einsum("ijbh,jbhd->ibhd", w, v).flatten(2))


@case(GROUP, "words", "cells")
class KeysBeforeWords(Projections):
    num_heads = A

    def forward(self, x, feats):
        q = self.q(x).unflatten(-1, (A, d)).transpose(1, 2)  # (B, A, T, D/A)
        k = self.k(feats).unflatten(-1, (A, d)).transpose(1, 2)  # (B, A, N, D/A)
        v = self.v(feats).unflatten(-1, (A, d)).transpose(1, 2)  # (B, A, N, D/A)
        w = (k @ q.transpose(-2, -1) / d**0.5).softmax(dim=-2)  # (B, A, N, T)
        note(self, w, "b a n t", "cross")
        return self.o((w.transpose(-2, -1) @ v).transpose(1, 2).flatten(2))


@case(GROUP, "words", "cells")
class KeysSecondHeadsLast(Projections):
    def forward(self, x, feats):
        q = self.q(x).unflatten(-1, (A, d))  # (B, T, A, D/A)
        k = self.k(feats).unflatten(-1, (A, d))  # (B, N, A, D/A)
        v = self.v(feats).unflatten(-1, (A, d))  # (B, N, A, D/A)
        w = torch.softmax(torch.einsum("bthd,bnhd->bnth", q, k), dim=1)
        note(self, w, "b n t a", "cross")
        return self.o(torch.einsum("bnth,bnhd->bthd", w, v).flatten(2))


@case(GROUP, "words", "cells")
class KeysSecondOneHead(Projections):
    def forward(self, x, feats):
        w = F.softmax(self.k(feats) @ self.q(x).mT, dim=1)  # (B, N, T)
        note(self, w, "b n t", "cross")
        return self.o(w.mT @ self.v(feats))


@case(GROUP, "words", "cells")
class KeysSecondFolded(Projections):
    def forward(self, x, feats):
        q = rearrange(self.q(x), "b t (h e) -> (b h) e t", h=A)
        k = rearrange(self.k(feats), "b n (h e) -> (b h) n e", h=A)
        v = rearrange(self.v(feats), "b n (h e) -> (b h) e n", h=A)
        w = torch.bmm(k, q).softmax(1)  # (B*A, N, T)
        note(self, w, "(b a) n t", "cross", a=A)
        return self.o(rearrange(torch.bmm(v, w), "(b h) e t -> b t (h e)", h=A))


@case(GROUP, "words", "cells")
class EinopsHeadsSecond(Projections):
    def __init__(self):
        super().__init__()
        self.heads, self.attend = A, nn.Softmax(dim=-1)

    def forward(self, x, context):
        parts = (self.q(x), self.k(context), self.v(context))
        q, k, v = (rearrange(y, "b n (h d) -> b h n d", h=self.heads) for y in parts)
        w = self.attend(torch.einsum("b h i d, b h j d -> b h i j", q, k))
        note(self, w, "b a t n", "cross")
        out = torch.einsum("b h i j, b h j d -> b h i d", w, v)  # (B, A, T, D/A)
        return self.o(rearrange(out, "b h n d -> b n (h d)"))


@case(GROUP, "words", "cells")
class EinopsFolded(Projections):
    def forward(self, x, context):
        parts = (self.q(x), self.k(context), self.v(context))
        q, k, v = (rearrange(y, "b n (h d) -> (b h) n d", h=A) for y in parts)
        w = torch.einsum("b i d, b j d -> b i j", q, k).softmax(dim=-1)
        note(self, w, "(b a) t n", "cross", a=A)
        out = torch.einsum("b i j, b j d -> b i d", w, v)  # (B*A, T, D/A)
        return self.o(rearrange(out, "(b h) n d -> b n (h d)", h=A))


@case(GROUP, "words", "cells")
class EinopsHeadsBeforeImages(Projections):
    def forward(self, x, context):
        parts = (self.q(x), self.k(context), self.v(context))
        q, k, v = (rearrange(y, "b n (h d) -> (h b) n d", h=A) for y in parts)
        w = torch.einsum("b i d, b j d -> b i j", q, k).softmax(dim=-1)
        note(self, w, "(a b) t n", "cross", a=A)
        out = torch.einsum("b i j, b j d -> b i d", w, v)  # (A*B, T, D/A)
        return self.o(rearrange(out, "(h b) n d -> b n (h d)", h=A))
