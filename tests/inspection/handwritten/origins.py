"""Queries and keys of one layer, and of tensors that came from elsewhere."""

import torch
from torch import nn

from .core import D, case
from .self_or_cross import (
    GROUP,
    Convolved,
    Fourier,
    Look,
    Packed,
    Recurrent,
    RecurrentQueries,
    Replaced,
    Retrieved,
    Sorted,
    WithPlaces,
    Written,
)


class Fused(nn.Module):
    """Words and cells in one sequence, look at one another; then words at all."""

    def __init__(self):
        super().__init__()
        self.all, self.some, self.kinds = Look("self"), Look(None), nn.Embedding(2, D)

    def forward(self, x, cells):
        both = torch.cat([x + self.kinds.weight[0], cells + self.kinds.weight[1]], 1)
        both = both + self.all(both, both)
        return self.some(both[:, : x.shape[1]], both)


class Numpy(nn.Module):
    """Tokens that went through numpy and back before the attention."""

    def __init__(self):
        super().__init__()
        self.look = Look("self")

    def forward(self, x):
        y = torch.from_numpy(x.detach().numpy().copy())
        return self.look(y, y)


for build in (
    WithPlaces,
    Sorted,
    Recurrent,
    RecurrentQueries,
    Packed,
    Fourier,
    Written,
    Numpy,
):
    case(GROUP, "words", layer="decoder.attention.look")(build)


case(GROUP, "map", layer="decoder.attention.look")(Convolved)


for build in (Retrieved, Replaced, Fused):
    case(GROUP, "words", "cells", layer="decoder.attention")(build)
