"""Softmaxes that are no attention over places: they must not be listed as such."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from .core import A, D, case
from .layouts import Projections, d

GROUP = "5 no attention over places"


def none(*inputs, **options):
    """Enter a module whose softmax must not be listed, alone and beside another."""
    return case(
        GROUP, *inputs, expect="not listed", beside=True, images_apart=False, **options
    )


@none("words", "cells")
class ChannelAttention(nn.Module):
    """Cross-covariance attention (XCiT): a softmax over d x d channels."""

    def __init__(self):
        super().__init__()
        self.qkv, self.temperature = (
            nn.Linear(D, 3 * D),
            nn.Parameter(torch.ones(A, 1, 1)),
        )

    def forward(self, words, cells):
        qkv = self.qkv(cells).unflatten(-1, (3, A, d)).permute(2, 0, 3, 4, 1)
        q, k, v = qkv.unbind(0)  # (B, A, D/A, N)
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)  # (B, A, D/A, N)
        w = ((q @ k.transpose(-2, -1)) * self.temperature).softmax(
            dim=-1
        )  # (B, A, d, d)
        return rearrange(w @ v, "b a d n -> b n (a d)")


@none("words", "cells")
class LinearAttention(Projections):
    """Efficient attention: one softmax over channels, one over keys, no (T, N)."""

    def forward(self, words, cells):
        q, k, v = (
            rearrange(y, "b n (a d) -> b a n d", a=A)
            for y in (self.q(words), self.k(cells), self.v(cells))
        )
        q, k = q.softmax(dim=-1), k.softmax(dim=-2)
        context = torch.einsum("band,bane->bade", k, v)  # (B, A, D/A, D/A)
        return torch.einsum("batd,bade->bate", q, context)


@none("words", "cells")
class Vocabulary(nn.Module):
    """Probabilities of words, and nothing done with them."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(D, 11)

    def forward(self, words, cells):
        return F.softmax(self.fc(words + cells.mean(1, keepdim=True)), dim=-1)


@none("words", "cells")
class ExpectedEmbedding(Vocabulary):
    """Soft words: probabilities times the embedding matrix, (B, T, 11) @ (11, D)."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, D)

    def forward(self, words, cells):
        return super().forward(words, cells) @ self.embedding.weight


@none("words", "cells")
class ExpectedScore(Vocabulary):
    """A rating is the mean of its classes under a softmax."""

    def forward(self, words, cells):
        return (super().forward(words, cells) * torch.arange(11.0)).sum(-1)


@none("words", "cells")
class SoftCodebook(nn.Module):
    """Every cell becomes a mean of codes: a codebook, not another sequence."""

    def __init__(self):
        super().__init__()
        self.codes = nn.Parameter(torch.randn(6, D))

    def forward(self, words, cells):
        w = torch.softmax(-torch.cdist(cells, self.codes), dim=-1)  # (B, N, 6)
        return w @ self.codes


@none("words", "cells")
class GumbelCodebook(SoftCodebook):
    def forward(self, words, cells):
        w = F.gumbel_softmax(cells @ self.codes.T, tau=0.7, dim=-1)  # (B, N, 6)
        return torch.einsum("bnk,kd->bnd", w, self.codes)


@none("words", "cells")
class SoftArgmax(nn.Module):
    """A softmax of logits turned to an entropy: nothing is averaged."""

    def forward(self, words, cells):
        p = F.softmax(words, dim=-1)  # (B, T, D)
        return -(p * p.log()).sum(-1)


@none("words", "cells")
class SqueezeExcite(nn.Module):
    """Channels weighed by a softmax over channels, as in SE and SK blocks."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(D, D)

    def forward(self, words, cells):
        w = torch.softmax(self.fc(cells.mean(1)), dim=-1)  # (B, D)
        return cells * w.unsqueeze(1)


@none("words", "cells")
class Loss(nn.Module):
    """A contrastive loss: softmax of words against cells, used as a target."""

    def forward(self, words, cells):
        s = words.mean(1) @ cells.mean(1).T  # (B, B)
        return F.cross_entropy(s, torch.arange(len(s))), s.softmax(-1)
