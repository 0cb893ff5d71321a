"""Weights that change between the softmax and the values."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import A, N, case
from .layouts import Projections
from .record import note

GROUP = "4 changed after the softmax"
EITHER = {"expect": "right or refused"}


class Changed(Projections):
    """Multi-head cross-attention; `change` is done to the softmax's output."""

    said = "after"  # the weights are those after the change, or before it

    def forward(self, x, feats, **named):
        q, k, v = self.heads(x, feats)
        w = F.softmax(q @ k.mT, dim=-1)  # (B, A, T, N)
        if self.said == "before":
            note(self, w, "b a t n", "cross")
        w, v = self.change(w, v, **named)
        if self.said == "after":
            note(self, w, "b a t n", "cross")
        return self.o((w @ v).transpose(1, 2).flatten(2))


@case(GROUP, "words", "cells", train=True, images_apart=False)
class DropoutInPlace(Changed):
    said = "before"

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.4, inplace=True)

    def change(self, w, v):
        return self.drop(w), v


@case(GROUP, "words", "cells", train=True, images_apart=False)
class FunctionalDropoutInPlace(Changed):
    said = "before"

    def change(self, w, v):
        return F.dropout(w, 0.4, True, inplace=True), v


@case(
    GROUP,
    "words",
    "cells",
    train=True,
    images_apart=False,
    rows_sum_to_one=False,
    **EITHER,
)
class DropoutByHand(Changed):
    """A mask from torch.rand: the maps are before it, or after it."""

    said = "never"

    def change(self, w, v):
        note(self, w, "b a t n", "cross", answer="before")
        w = w * (torch.rand_like(w) > 0.4) / 0.6  # (B, A, T, N)
        note(self, w, "b a t n", "cross", answer="after")
        return w, v


@case(GROUP, "words", "cells")
class ZeroedAfterUse(Changed):
    """A careless line that clears the weights once they have been used."""

    said = "before"

    def forward(self, x, feats):
        self.used = None
        out = super().forward(x, feats)
        self.used.zero_()
        self.used = None
        return out

    def change(self, w, v):
        self.used = w
        return w, v


@case(GROUP, "words", "cells")
class ScoresReused(Projections):
    """The scores' memory is used for the weights: softmax with out=."""

    def forward(self, x, feats):
        s = self.q(x) @ self.k(feats).mT  # (B, T, N)
        torch.softmax(s, dim=-1, out=s)
        note(self, s, "b t n", "cross")
        return self.o(s @ self.v(feats))


@case(GROUP, "words", "cells")
class BufferReused(Projections):
    """One buffer holds the weights of each step in turn."""

    def __init__(self):
        super().__init__()
        self.register_buffer("weights", torch.zeros(2, N), persistent=False)

    def forward(self, x, feats):
        k, v, out = self.k(feats), self.v(feats), []
        for t in range(x.shape[1]):
            s = (k * self.q(x[:, t]).unsqueeze(1)).sum(-1)  # (B, N)
            self.weights.copy_(F.softmax(s, dim=-1))
            note(self, self.weights, "b n", "cross", join="steps")
            out.append(torch.einsum("bn,bnd->bd", self.weights, v))
        return torch.stack(out, 1)


@case(GROUP, "words", "cells")
class WrittenIntoStore(Projections):
    """The heads' weights are written into one tensor, and used from there."""

    def forward(self, x, feats):
        q, k, v = self.heads(x, feats)
        w = torch.empty(len(x), A, x.shape[1], feats.shape[1])  # (B, A, T, N)
        for head in range(A):
            w[:, head] = torch.softmax(q[:, head] @ k[:, head].mT, dim=-1)
        note(self, w, "b a t n", "cross")
        return self.o((w @ v).transpose(1, 2).flatten(2))


@case(GROUP, "words", "cells", rows_sum_to_one=False, **EITHER)
class MultipliedInPlace(Changed):
    def change(self, w, v):
        return w.mul_(torch.linspace(0.5, 1, w.shape[-1])), v
