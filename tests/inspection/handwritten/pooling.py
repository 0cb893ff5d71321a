"""Queries that are learned, pooling, and looks in both directions."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import B, C, D, case
from .cross import GROUP, ByKeyword, ToImage
from .layouts import Projections
from .record import note


@case(GROUP, "regions")
class QFormer(ToImage):
    def __init__(self):
        super().__init__()
        self.queries = nn.Parameter(torch.randn(1, 5, D))

    def forward(self, feats):
        return self.attend(self.queries.expand(len(feats), -1, -1), feats)


@case(GROUP, "image", layer="decoder.attention.cross")
class DetrLike(nn.Module):
    """Queries from an embedding: they look at themselves, then at the image."""

    def __init__(self):
        super().__init__()
        self.query_embed, self.own, self.cross = nn.Embedding(5, D), Own(), ByKeyword()

    def forward(self, image):
        cells = image.flatten(2).permute(2, 0, 1)  # (N, B, C)
        x = self.query_embed.weight[None].repeat(image.shape[0], 1, 1)  # (B, T, D)
        return self.cross(x + self.own(x), cells.transpose(0, 1))


class Own(ToImage):
    kind = "self"

    def __init__(self):
        super().__init__(D)

    def forward(self, x):
        return self.attend(x, x)


@case(GROUP, "regions", layer="decoder.attention.look")
class Perceiver(nn.Module):
    def __init__(self):
        super().__init__()
        self.latents = nn.Parameter(torch.randn(5, D))
        self.look, self.think = ByKeyword(), Own()

    def forward(self, feats):
        x = self.latents.unsqueeze(0).expand(feats.size(0), *self.latents.shape)
        return self.think(x + self.look(x, feats))


@case(GROUP, "cells")
class PooledBySeed(nn.Module):
    """Attention pooling with one learned seed, never expanded over the images."""

    def __init__(self):
        super().__init__()
        self.seed, self.k = nn.Parameter(torch.randn(D)), nn.Linear(D, D)

    def forward(self, feats):
        w = torch.softmax(self.k(feats) @ self.seed, dim=1)  # (B, N)
        note(self, w, "b n", None)
        return torch.einsum("bn,bnd->bd", w, feats)


@case(GROUP, "cells")
class PooledByLinear(nn.Module):
    """Self-attentive pooling: a linear layer scores the cells."""

    def __init__(self):
        super().__init__()
        self.score = nn.Linear(D, 1)

    def forward(self, feats):
        w = F.softmax(self.score(feats), dim=1)  # (B, N, 1)
        note(self, w, "b n 1", None, to="b 1 1 n")
        return (w * feats).sum(dim=1)


@case(GROUP, "cells")
class PooledByHops(nn.Module):
    """Structured self-attention (Lin 2017): r hops, softmax over (B, r, N)."""

    def __init__(self):
        super().__init__()
        self.w1, self.w2 = nn.Linear(D, 9, bias=False), nn.Linear(9, 4, bias=False)

    def forward(self, feats):
        s = self.w2(torch.tanh(self.w1(feats)))  # (B, N, 4)
        w = F.softmax(s.transpose(1, 2), dim=2)  # (B, 4, N)
        note(self, w, "b t n", None, answer="hops are queries")
        note(self, w, "b a n", None, answer="hops are heads")
        return w @ feats


@case(GROUP, "cells")
class ClassTokenPools(Own):
    """As in CaiT: the class token alone asks, and is one of the keys."""

    def __init__(self):
        super().__init__()
        self.cls, self.kind = nn.Parameter(torch.randn(1, 1, D)), None

    def forward(self, feats):
        x = torch.cat([self.cls.expand(len(feats), -1, -1), feats], 1)  # (B, N+1, D)
        return self.attend(x[:, :1], x)[:, 0]


@case(GROUP, "words", "regions")
class CoAttention(nn.Module):
    """One matrix of scores, a softmax over each of its axes: both directions."""

    def __init__(self):
        super().__init__()
        self.affinity, self.narrow = nn.Linear(C, D), nn.Linear(C, D)

    def forward(self, x, feats):
        s = x @ self.affinity(feats).mT  # (B, T, N)
        to_cells, to_words = s.softmax(2), s.softmax(1)  # (B, T, N), over N and over T
        note(self, to_cells, "b t n", "cross")
        note(self, to_words, "b n t", "cross", to="b 1 t n")
        read = to_cells @ self.narrow(feats)  # (B, T, D)
        return read, to_words.mT @ x


@case(GROUP, "words", "cells")
class TwoBeams(Projections):
    """Every image is repeated for two beams inside the model."""

    def forward(self, x, feats):
        x, feats = (y.repeat_interleave(2, dim=0) for y in (x, feats))  # (2B, ., D)
        w = F.softmax(self.q(x) @ self.k(feats).mT, dim=-1)  # (2B, T, N)
        note(self, w, "b t n", "cross", answer="images")
        note(self, w, "(b a) t n", "cross", a=2, answer="beams in the heads' place")
        return (w @ self.v(feats)).unflatten(0, (B, 2))[:, 0]
