"""The same attention, called in every way that Python offers."""

import functools

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import d
from .core import A, D, case
from .layouts import Projections
from .record import note

GROUP = "7h ways of calling"


def attention(q, k, v, module, kind="cross", join=None):
    """A plain function; the module is there for the reference only."""
    w = F.softmax(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5, dim=-1)
    note(module, w, "b a t n" if w.dim() == 4 else "b t n", kind, join=join)
    return w @ v


def heads(x):
    return x.unflatten(-1, (A, d)).transpose(1, 2)


class Cross(Projections):
    def forward(self, x, cells):
        q, k, v = map(heads, (self.q(x), self.k(cells), self.v(cells)))
        return self.o(attention(q, k, v, self).transpose(1, 2).flatten(2))


class Own(Projections):
    def forward(self, x):
        q, k, v = map(heads, (self.q(x), self.k(x), self.v(x)))
        return x + self.o(attention(q, k, v, self, "self").transpose(1, 2).flatten(2))


case(GROUP, "words", "cells")(Cross, "plain function")


@case(GROUP, "words", "cells")
class ParametersOnly(nn.Module):
    """No layers: a dictionary of matrices and a function."""

    def __init__(self):
        super().__init__()
        self.p = nn.ParameterDict(
            {n: nn.Parameter(torch.randn(D, D) / 3) for n in "qkvo"}
        )

    def forward(self, x, cells):
        q, k, v = (
            heads(x @ self.p["q"]),
            heads(cells @ self.p["k"]),
            heads(cells @ self.p["v"]),
        )
        return attention(q, k, v, self).transpose(1, 2).flatten(2) @ self.p["o"]


@case(GROUP, "words", "cells")
class NestedFunction(Projections):
    def forward(self, x, cells):
        k, v = self.k(cells), self.v(cells)

        def look(query):
            def weigh(scores):
                return torch.softmax(scores, dim=-1)

            w = weigh(query @ k.mT)
            note(self, w, "b t n", "cross")
            return w @ v

        return self.o(look(self.q(x)))


@case(GROUP, "words", "cells")
class ListComprehension(Projections):
    def forward(self, x, cells):
        parts = [f.chunk(A, dim=-1) for f in (self.q(x), self.k(cells), self.v(cells))]
        outs = [
            attention(q, k, v, self, join="a") for q, k, v in zip(*parts, strict=True)
        ]
        return self.o(torch.cat(outs, dim=-1))


@case(GROUP, "words", "cells")
class MapAndZip(Projections):
    """torch.unbind over heads, and `map` with a partial."""

    def forward(self, x, cells):
        q, k, v = (
            torch.unbind(heads(f), 1) for f in (self.q(x), self.k(cells), self.v(cells))
        )
        look = functools.partial(attention, module=self, join="a")
        return self.o(torch.stack(list(map(look, q, k, v)), 2).flatten(2))


@case(GROUP, "words", "cells")
class Generator(Projections):
    """Heads are yielded."""

    def outs(self, x, cells):
        for i in range(A):
            at = slice(i * d, (i + 1) * d)
            q, k, v = (f[..., at] for f in (self.q(x), self.k(cells), self.v(cells)))
            yield attention(q, k, v, self, join="a")

    def forward(self, x, cells):
        return self.o(torch.cat([*self.outs(x, cells)], -1))


@case(GROUP, "words", "cells", layer="decoder.attention.net")
class TuplesThroughSequential(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(Pair(), Pair(), Pair())

    def forward(self, x, cells):
        return self.net((x, cells))[0]


class Pair(Cross):
    def forward(self, both):
        x, cells = both
        return x + super().forward(x, cells), cells


class OtherMethod(Cross):
    """Its parent calls `attend`, not the module."""

    def attend(self, x, cells):
        return super().forward(x, cells)


class Either(nn.Module):
    """The name may be the child's or the parent's."""

    def __init__(self):
        super().__init__()
        self.inner = Projections()

    def weigh(self, x, cells):
        q, k = heads(self.inner.q(x)), heads(self.inner.k(cells))
        w = (q @ k.mT / d**0.5).softmax(-1)
        note(self, w, "b a t n", "cross", answer="parent")
        note(self.inner, w, "b a t n", "cross", answer="child")
        return w


@case(GROUP, "words", "cells")
class MethodOfTheChild(Either):
    def __init__(self):
        super().__init__()
        self.inner = Attends()

    def forward(self, x, cells):
        self.weigh(x, cells)
        return self.inner.attend(x, cells)


class Attends(Projections):
    def attend(self, x, cells):
        q, k, v = map(heads, (self.q(x), self.k(cells), self.v(cells)))
        w = F.softmax(q @ k.transpose(-2, -1) / d**0.5, dim=-1)
        return self.o((w @ v).transpose(1, 2).flatten(2))

    forward = attend


@case(GROUP, "words", "cells")
class ForwardByName(MethodOfTheChild):
    def forward(self, x, cells):
        self.weigh(x, cells)
        return self.inner.forward(x, cells)
