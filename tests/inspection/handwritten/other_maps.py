"""Gates, class activations and other maps that are no attention over places."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import WORDS, C, D, case
from .other_softmaxes import GROUP, none
from .record import note


@none("words", "cells")
class Highway(nn.Module):
    """A GRU, gates, a GLU, and probabilities of the next word."""

    def __init__(self):
        super().__init__()
        self.gru, self.glu = nn.GRU(D, D, batch_first=True), nn.Linear(D, 2 * D)
        self.out = nn.Linear(D, WORDS)

    def forward(self, x, cells):
        h, _ = self.gru(x)
        return F.softmax(self.out(F.glu(self.glu(h))), dim=-1).cumsum(-1)


@none("words", "cells")
class ClassActivation(nn.Module):
    """CAM: class weights over channels make a map; nothing is read with it."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(D, 5)

    def forward(self, words, cells):
        p = self.fc(cells.mean(1)).softmax(-1)  # (B, 5)
        weights = p @ self.fc.weight  # (B, D)
        return torch.einsum("bnd,bd->bn", cells, weights).softmax(-1)


@case(GROUP, "map", expect="not wrong")
class SpatialReweighting(nn.Module):
    """A softmax over places multiplies the map; nothing is summed."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(C, 1, 1)

    def forward(self, x):
        w = F.softmax(self.conv(x).flatten(2), dim=-1)  # (B, 1, N)
        note(self, w, "b 1 n", None, to="b 1 1 n")
        return x * w.view(len(x), 1, *x.shape[2:]) * 24


@case(GROUP, "map", expect="not wrong")
class SpatialSoftmax(nn.Module):
    """Finn's feature points: the mean place of every channel."""

    def forward(self, x):
        b, c, h, w = x.shape
        p = F.softmax(x.view(b * c, h * w), dim=1)
        for axis in "at":
            note(self, p, f"(b {axis}) n", None, b=b, answer=axis)
        rows = torch.linspace(-1, 1, h)[:, None].expand(h, w).reshape(-1)
        cols = torch.linspace(-1, 1, w)[None].expand(h, w).reshape(-1)
        return torch.stack([(p * cols).sum(1), (p * rows).sum(1)], -1).view(b, c, 2)


@case(GROUP, "map", expect="not wrong")
class ConvexUpsampling(nn.Module):
    """RAFT: every fine pixel is a mean of nine coarse ones."""

    def __init__(self):
        super().__init__()
        self.mask, self.flow = nn.Conv2d(C, 4 * 9, 1), nn.Conv2d(C, 2, 1)

    def forward(self, x):
        b, _, h, w = x.shape
        mask = torch.softmax(self.mask(x).view(b, 1, 9, 2, 2, h, w), dim=2)
        near = F.unfold(2 * self.flow(x), [3, 3], padding=1).view(b, 2, 9, 1, 1, h, w)
        up = torch.sum(mask * near, dim=2).permute(0, 1, 4, 2, 5, 3)
        every = mask[:, 0].permute(0, 4, 2, 5, 3, 1)  # (B, h, 2, w, 2, 9)
        for order in ("h i w j", "i j h w"):
            to = f"b 1 ({order}) n"
            note(self, every, "b h i w j n", None, to=to, answer=order)
        return up.reshape(b, 2, 2 * h, 2 * w)


@none("words")
class LightweightConvolution(nn.Module):
    """Learned taps under a softmax, the same for every word."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(D, 1, 3))

    def forward(self, x):
        taps = F.softmax(self.weight, dim=-1)
        return F.conv1d(x.transpose(1, 2), taps, padding=1, groups=D).transpose(1, 2)


@case(GROUP, "words", "cells", expect="not wrong", rows_sum_to_one=False)
class Sinkhorn(nn.Module):
    """Optimal transport: rows and columns are normalised in turn; it reads values."""

    def forward(self, x, cells):
        log = x @ cells.mT / 3
        for _ in range(3):
            log = log - log.logsumexp(1, keepdim=True)
            log = log - log.logsumexp(2, keepdim=True)
        w = log.exp()
        note(self, w, "b t n", "cross")
        return w @ cells
