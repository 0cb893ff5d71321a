"""Sizes that hide or break things: ones, equal sizes, strides, nothing at all."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from .core import SHAPES, case
from .record import note

GROUP = "7j sizes"


SIZES = {  # B, A, T, N, width of a head
    "all four": (4, 4, 4, 4, 4),
    "all two": (2, 2, 2, 2, 2),
    "one image": (1, 3, 5, 7, 4),
    "one word": (2, 3, 1, 7, 4),
    "one cell": (2, 3, 5, 1, 4),
    "one head": (2, 1, 5, 7, 4),
    "as many heads as images": (3, 3, 5, 7, 4),
    "as many words as heads": (2, 3, 3, 7, 4),
    "as many cells as images": (3, 2, 5, 3, 4),
    "as many words as cells": (2, 3, 5, 5, 4),
    "as wide as cells": (2, 3, 5, 12, 4),
    "one of each": (1, 1, 1, 1, 4),
}


class Sized(nn.Module):
    def __init__(self, a, d, kind="cross"):
        super().__init__()
        self.a, self.d, self.kind = a, d, kind
        self.q, self.k, self.v, self.o = (nn.Linear(a * d, a * d) for _ in range(4))

    def project(self, x, y):
        return self.q(x), self.k(y), self.v(y)


class Second(Sized):
    def forward(self, x, y):
        q, k, v = (
            z.view(len(x), -1, self.a, self.d).transpose(1, 2)
            for z in self.project(x, y)
        )
        w = F.softmax(q @ k.transpose(-2, -1) / self.d**0.5, dim=-1)
        note(self, w, "b a t n", self.kind)
        return self.o((w @ v).transpose(1, 2).reshape(len(x), -1, self.a * self.d))


class ImagesFirst(Sized):
    fold = "b n (a d) -> (b a) n d"
    axes = "(b a) t n"

    def forward(self, x, y):
        q, k, v = (rearrange(z, self.fold, a=self.a) for z in self.project(x, y))
        w = torch.bmm(q, k.transpose(1, 2)).softmax(-1)
        note(self, w, self.axes, self.kind, a=self.a)
        turned = " -> ".join(reversed(self.fold.split(" -> ")))
        return self.o(rearrange(torch.bmm(w, v), turned, a=self.a))


class HeadsFirst(ImagesFirst):
    fold = "b n (a d) -> (a b) n d"
    axes = "(a b) t n"


class WordsFirst(Sized):
    """labml: (T, B, D), scores (T, N, B, A)."""

    def forward(self, x, y):
        q, k, v = (
            z.view(*z.shape[:2], self.a, self.d)
            for z in self.project(x.transpose(0, 1), y.transpose(0, 1))
        )
        w = torch.einsum("ibhd,jbhd->ijbh", q, k).softmax(dim=1)
        note(self, w, "t n b a", self.kind)
        return self.o(torch.einsum("ijbh,jbhd->ibhd", w, v).flatten(2))


class KeysBefore(Sized):
    def forward(self, x, y):
        q, k, v = (
            z.view(len(z), -1, self.a, self.d).transpose(1, 2)
            for z in self.project(x, y)
        )
        w = (k @ q.mT).softmax(dim=-2)
        note(self, w, "b a n t", self.kind)
        return self.o((w.mT @ v).transpose(1, 2).flatten(2))


class HeadLoop(Sized):
    def forward(self, x, y):
        outs = []
        for q, k, v in zip(
            *(z.split(self.d, -1) for z in self.project(x, y)), strict=True
        ):
            w = (q @ k.mT).softmax(-1)
            note(self, w, "b t n", self.kind, join="a")
            outs.append(w @ v)
        return self.o(torch.cat(outs, -1))


class Steps(Sized):
    """Single-head, a word at a time, (B, N)."""

    def forward(self, x, y):
        k, v, h = self.k(y), self.v(y), x[:, 0] * 0
        for t in range(x.shape[1]):
            w = F.softmax((k * self.q(x[:, t] + h)[:, None]).sum(-1), dim=1)
            note(self, w, "b n", self.kind, join="steps")
            h = torch.tanh((w.unsqueeze(-1) * v).sum(1))
        return self.o(h)


def enter():
    for size, (b, a, t, n, d) in SIZES.items():
        SHAPES[f"words, {size}"] = (b, t, a * d)
        SHAPES[f"cells, {size}"] = (b, n, a * d)
        for layout in (
            Second,
            ImagesFirst,
            HeadsFirst,
            WordsFirst,
            KeysBefore,
            HeadLoop,
            Steps,
        ):
            if layout is Steps and n == 1:
                continue
            name = f"{layout.__name__}: {size}"
            inputs = f"words, {size}", f"cells, {size}"
            case(GROUP, *inputs)(lambda layout=layout, a=a, d=d: layout(a, d), name)


enter()


class Strided(Second):
    """Inputs with strange strides: turned, expanded, every second cell."""

    def __init__(self):
        super().__init__(3, 4)

    def forward(self, x, y):
        x = x.transpose(1, 2).contiguous().transpose(1, 2)
        q = self.q(x).reshape(len(x), -1, 3, 4).permute(0, 2, 1, 3)
        y = y[:1].expand(len(x), -1, -1)[:, ::2]
        k, v = (
            z.unflatten(-1, (3, 4)).permute(0, 2, 3, 1) for z in (self.k(y), self.v(y))
        )
        w = torch.softmax(q @ k, -1).permute(0, 1, 3, 2)
        note(self, w, "b a n t", "cross")
        return torch.einsum("bant,badn->btad", w, v).flatten(2)


case(GROUP, "words", "cells", images_apart=False)(Strided, "strange strides")


SHAPES["no words"], SHAPES["no cells"] = (0, 5, 12), (0, 7, 12)


SHAPES["zero words"] = (2, 0, 12)


SHAPES["many words"], SHAPES["many cells"] = (1, 300, 12), (1, 400, 12)


case(GROUP, "many words", "many cells")(lambda: Second(3, 4), "many places")
