"""Cross-attention: what it looks at comes in many forms."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from .core import A, C, D, case
from .layouts import Projections, d
from .record import note

GROUP = "2a cross-attention"


class ToImage(nn.Module):
    """Multi-head attention to features of another width."""

    kind = "cross"

    def __init__(self, width=C):
        super().__init__()
        self.heads = A
        self.to_q = nn.Linear(D, D)
        self.to_kv = nn.Linear(width, 2 * D)

    def attend(self, x, cells):
        q = rearrange(self.to_q(x), "b t (a d) -> b a t d", a=A)
        k, v = rearrange(self.to_kv(cells), "b n (s a d) -> s b a n d", s=2, a=A)
        w = (q @ k.transpose(-1, -2) * d**-0.5).softmax(dim=-1)  # (B, A, T, N)
        note(self, w, "b a t n", self.kind)
        return rearrange(w @ v, "b a t d -> b t (a d)")


@case(GROUP, "words", named={"feats": "regions"})
class ByKeyword(ToImage):
    def forward(self, x, feats=None):
        return self.attend(x, feats)


@case(GROUP, named={"words": "words", "image": "image"})
class AllByKeyword(ToImage):
    def forward(self, *, image, words):
        return self.attend(words, image.flatten(2).transpose(1, 2))


@case(GROUP, "image", "words")
class FeatureMapFirst(ToImage):
    def forward(self, image, x):
        return self.attend(x, image.flatten(2).permute(0, 2, 1))


@case(GROUP, "words", "image")
class FeatureMapByConvolution(nn.Module):
    """Key and value are 1 x 1 convolutions of the map, the query is a linear layer."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(D, 6), nn.Conv2d(C, 6, 1), nn.Conv2d(C, D, 1)

    def forward(self, x, image):
        k, v = self.k(image).flatten(2), self.v(image).flatten(2)  # (B, ., N)
        w = F.softmax(torch.bmm(self.q(x), k), dim=-1)  # (B, T, N)
        note(self, w, "b t n", "cross")
        return torch.bmm(w, v.transpose(1, 2))


@case(GROUP, "words", "image")
class FeatureMapKeptTwoAxes(nn.Module):
    """Rows and columns stay apart; they are one axis at the softmax only."""

    def __init__(self):
        super().__init__()
        self.q, self.k = nn.Linear(D, C), nn.Conv2d(C, C, 1)

    def forward(self, x, image):
        s = torch.einsum("btc,bchw->bthw", self.q(x), self.k(image))  # (B, T, h, w)
        w = s.flatten(2).softmax(-1)  # (B, T, N)
        note(self, w, "b t n", "cross")
        return torch.einsum("bthw,bchw->btc", w.view_as(s), image)


@case(GROUP, "words", {"image": "regions", "lengths": "state"})
class ContextDict(ToImage):
    def forward(self, x, context):
        return self.attend(x, context["image"])


@case(GROUP, "words", ("state", "regions"))
class ContextTuple(ToImage):
    def forward(self, x, context):
        pooled, cells = context
        return self.attend(x, cells)


@case(GROUP, "words", ["regions", "cells"], layer="decoder.attention.readers")
class ListOfLevels(nn.Module):
    """Two levels of features, one attention for each."""

    def __init__(self):
        super().__init__()
        self.readers = nn.ModuleList([ByKeyword(C), ByKeyword(D)])

    def forward(self, x, levels):
        for reader, level in zip(self.readers, levels, strict=True):
            x = x + reader(x, level)
        return x


@case(GROUP, "words", "cells", "image")
class TwoImagesOneModule(Projections):
    """The same module looks at one source, then at another of other size."""

    def __init__(self):
        super().__init__()
        self.widen = nn.Linear(C, D)

    def forward(self, x, cells, image):
        for feats in (cells, self.widen(image.flatten(2).mT)):
            w = (self.q(x) @ self.k(feats).mT).softmax(-1)  # (B, T, N)
            note(self, w, "b t n", "cross")
            x = x + w @ self.v(feats)
        return x
