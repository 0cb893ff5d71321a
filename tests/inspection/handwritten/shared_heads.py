"""Query heads that share keys, or compare none."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import A, D, T, case
from .layouts import d
from .record import note
from .variants import GROUP


@case(GROUP, "words", "cells")
class GroupedQuery(nn.Module):
    """Six query heads share three key heads."""

    def __init__(self):
        super().__init__()
        self.q, self.kv = nn.Linear(D, 6 * d), nn.Linear(D, 2 * 3 * d)

    def forward(self, x, feats):
        q = self.q(x).unflatten(-1, (6, d)).transpose(1, 2)  # (B, 6, T, D/A)
        k, v = self.kv(feats).unflatten(-1, (2, 3, d)).unbind(2)  # (B, N, 3, D/A)
        k = k.repeat_interleave(2, dim=2).transpose(1, 2)  # (B, 6, N, D/A)
        v = v.repeat_interleave(2, dim=2).transpose(1, 2)  # (B, 6, N, D/A)
        w = torch.softmax(q @ k.mT, dim=-1)  # (B, 6, T, N)
        note(self, w, "b a t n", "cross")
        return (w @ v).transpose(1, 2).flatten(2)


@case(GROUP, "words", "cells")
class GroupedQueryFiveAxes(GroupedQuery):
    """The same with an axis for the group: scores (B, groups, heads a group, T, N)."""

    def forward(self, x, feats):
        q = self.q(x).unflatten(-1, (3, 2, d))  # (B, T, 3, 2, D/A)
        k, v = self.kv(feats).unflatten(-1, (2, 3, d)).unbind(2)  # (B, N, 3, D/A)
        w = torch.einsum("btgrd,bngd->bgrtn", q, k).softmax(-1)  # (B, 3, 2, T, N)
        note(self, w, "b g r t n", "cross", to="b (g r) t n")
        return torch.einsum("bgrtn,bngd->btgrd", w, v).flatten(2)


@case(GROUP, "words", "cells")
class MultiQuery(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(D, D), nn.Linear(D, d), nn.Linear(D, d)

    def forward(self, x, feats):
        q, k, v = self.q(x).unflatten(-1, (A, d)), self.k(feats), self.v(feats)
        w = torch.einsum("bthd,bnd->bhtn", q, k).softmax(dim=-1)  # (B, A, T, N)
        note(self, w, "b a t n", "cross")
        return torch.einsum("bhtn,bnd->bthd", w, v).flatten(2)


@case(GROUP, "words", expect="right or refused")
class SynthesizerDense(nn.Module):
    """Scores from the queries alone: no keys are compared."""

    def __init__(self):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(D, D), nn.ReLU(), nn.Linear(D, T))

    def forward(self, x):
        w = F.softmax(self.score(x), dim=-1)  # (B, T, T)
        note(self, w, "b t n", "self")
        return w @ x
