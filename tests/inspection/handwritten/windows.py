"""Blocks used twice, windows, and attention among the cells of a map."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn
from torch.utils.checkpoint import checkpoint

from .core import COLS, ROWS, A, C, D, case
from .layouts import Projections, d
from .loops import GROUP
from .record import note


@case(GROUP, "words", "cells")
class BlocksTwice(nn.Module):
    """One layer used twice, as in ALBERT: two calls."""

    def __init__(self):
        super().__init__()
        self.layer = SelfOnce()

    def forward(self, x, cells):
        return self.layer(self.layer(cells))


class SelfOnce(Projections):
    def forward(self, x):
        w = (self.q(x) @ self.k(x).mT / D**0.5).softmax(-1)  # (B, N, N)
        note(self, w, "b t n", "self")
        return x + w @ self.v(x)


@case(GROUP, "words", "cells")
class SelfThenCross(Projections):
    """A whole block in one module, with a method that does both attentions."""

    def attend(self, x, y, kind):
        q, k, v = self.heads(x, y)
        w = F.softmax(q @ k.transpose(-2, -1) / d**0.5, dim=-1)  # (B, A, T, N)
        note(self, w, "b a t n", kind)
        return self.o((w @ v).transpose(1, 2).flatten(2))

    def forward(self, x, feats):
        x = x + self.attend(x, x, "self")
        return x + self.attend(x, feats, "cross")


@case(GROUP, "words", train=True)
class Checkpointed(nn.Module):
    """A layer under activation checkpointing, in training."""

    def __init__(self):
        super().__init__()
        self.layer = SelfOnce()

    def forward(self, x):
        return checkpoint(self.layer, x, use_reentrant=False)


@case(GROUP, "image", expect="right or refused", images_apart=False)
class Windows(nn.Module):
    """Attention inside windows of 2 x 2 cells: every window is a row of its own."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(C, 3 * 3 * 4)

    def forward(self, image):
        x = rearrange(image, "b c h (w j) -> (b w) (h j) c", j=2)  # (2B, 4, C)
        q, k, v = rearrange(self.qkv(x), "b n (s a d) -> s b a n d", s=3, a=A)
        w = (q @ k.mT).softmax(-1)  # (2B, A, 4, 4)
        note(self, w, "b a t n", "self")
        return (w @ v).transpose(1, 2).flatten(2)


@case(GROUP, "image", expect="right or refused", images_apart=False)
class AlongRows(nn.Module):
    """Axial attention: every row of cells looks at itself."""

    def __init__(self):
        super().__init__()
        self.q, self.k = nn.Conv2d(C, D, 1), nn.Conv2d(C, D, 1)

    def forward(self, image):
        q = rearrange(self.q(image), "b (a d) h w -> (b h) a w d", a=A)
        k = rearrange(self.k(image), "b (a d) h w -> (b h) a w d", a=A)
        w = torch.softmax(torch.einsum("zawd,zavd->zawv", q, k), dim=-1)
        note(self, w, "b a t n", "self")
        return torch.einsum("zawv,zavd->zawd", w, k).unflatten(0, (-1, ROWS))


@case(GROUP, "image")
class NonLocal(nn.Module):
    """The non-local block: every cell looks at every cell, softmax over (B, N, N)."""

    def __init__(self):
        super().__init__()
        self.theta, self.phi = nn.Conv2d(C, 6, 1), nn.Conv2d(C, 6, 1)
        self.g, self.gamma = nn.Conv2d(C, C, 1), nn.Parameter(torch.ones(1))

    def forward(self, x):
        q, k = self.theta(x).flatten(2), self.phi(x).flatten(2)  # (B, 6, N)
        attention = torch.softmax(torch.bmm(q.permute(0, 2, 1), k), dim=-1)  # (B, N, N)
        note(self, attention, "b t n", "self")
        out = torch.bmm(self.g(x).flatten(2), attention.permute(0, 2, 1))  # (B, C, N)
        return x + self.gamma * out.view(-1, C, ROWS, COLS)


@case(GROUP, "words", "cells", whole=True, layer="")
class WholeModel(Projections):
    """No modules inside: the attention is written in the model itself."""

    def forward(self, x, feats):
        w = F.softmax(self.q(x) @ self.k(feats).transpose(1, 2) / D**0.5, dim=-1)
        note(self, w, "b t n", "cross")
        return self.o(w @ self.v(feats))
