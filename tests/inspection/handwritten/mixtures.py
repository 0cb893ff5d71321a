"""Softmaxes that weigh experts, modalities or layers: no places either."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import D
from .no_places import none


@none("words", "cells")
class Experts(nn.Module):
    """Soft mixture of four experts: the gate weighs experts, not places."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(D, 4)
        self.experts = nn.ModuleList(nn.Linear(D, D) for _ in range(4))

    def forward(self, words, cells):
        w = F.softmax(self.gate(words), dim=-1)  # (B, T, 4)
        outs = torch.stack([one(words) for one in self.experts], dim=-1)  # (B, T, D, 4)
        return (outs * w.unsqueeze(-2)).sum(-1)


@none("words", "cells")
class RoutedExperts(Experts):
    """The two best experts only, weights normalised again."""

    def forward(self, words, cells):
        w, chosen = F.softmax(self.gate(words), dim=-1).topk(2, dim=-1)  # (B, T, 2)
        w = w / w.sum(-1, keepdim=True)  # (B, T, 2)
        outs = torch.stack([one(words) for one in self.experts], dim=2)  # (B, T, 4, D)
        picked = outs.gather(2, chosen[..., None].expand(-1, -1, -1, D))
        return torch.einsum("btk,btkd->btd", w, picked)


@none("words", "cells")
class PartsByEinsum(nn.Module):
    """A soft mixture again, with no name that says so, multiplied by einsum."""

    def __init__(self):
        super().__init__()
        self.choose = nn.Linear(D, 4)
        self.parts = nn.Parameter(torch.randn(4, D, D))

    def forward(self, words, cells):
        w = self.choose(words).softmax(-1)  # (B, T, 4)
        outs = torch.einsum("btd,kde->btke", words, self.parts)  # (B, T, 4, D)
        return torch.einsum("btk,btke->bte", w, outs)


@none("words", "cells")
class TwoModalities(nn.Module):
    """A softmax over two numbers weighs text against image."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(2 * D, 2)

    def forward(self, words, cells):
        text, image = words.mean(1), cells.mean(1)  # (B, D)
        w = torch.softmax(self.gate(torch.cat([text, image], 1)), dim=1)  # (B, 2)
        return w[:, :1] * text + w[:, 1:] * image


@none("words", "cells")
class LayerMixture(nn.Module):
    """ELMo's scalar mix of layers: a softmax over parameters."""

    def __init__(self):
        super().__init__()
        self.scalars = nn.Parameter(torch.randn(3))

    def forward(self, words, cells):
        layers = torch.stack([words, words.sin(), words.cos()])  # (3, B, T, D)
        return torch.einsum("l,lbtd->btd", self.scalars.softmax(0), layers)
