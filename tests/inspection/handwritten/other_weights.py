"""Attentions whose weights come from something else than a softmax.

Three of them are past hearing (a linear kernel, a choice of one key, scores used as
they are): of these a tool may say nothing, and only a wrong map is a fault.
"""

import warnings

import torch
import torch.nn.functional as F
from torch import nn

from .core import case
from .layouts import Projections
from .record import note

GROUP = "6 no softmax"


def unheard(name, weigh, **options):
    """Enter an attention with such weights: heard rightly, or said; never silent."""

    class Weighed(Projections):
        def forward(self, x, feats):
            w = weigh(self.q(x) @ self.k(feats).mT / 3)  # (B, T, N)
            note(self, w, "b t n", "cross")
            return self.o(w @ self.v(feats))

    options = {"expect": "right or refused", "beside": "too"} | options
    case(GROUP, "words", "cells", **options)(Weighed, name)


def sparsemax(s):
    """Project on the simplex (Martins and Astudillo 2016)."""
    z, _ = s.sort(dim=-1, descending=True)
    ranks = torch.arange(1, s.shape[-1] + 1)
    support = 1 + ranks * z > z.cumsum(-1)
    size = support.sum(-1, keepdim=True)
    tau = (z.cumsum(-1).gather(-1, size - 1) - 1) / size
    return torch.clamp(s - tau, min=0)


def entmax15(s):
    """Entmax with alpha 1.5, by bisection."""
    s = s / 2
    low, high = s.amax(-1, keepdim=True) - 1, s.amax(-1, keepdim=True)
    for _ in range(40):
        middle = (low + high) / 2
        enough = F.relu(s - middle).pow(2).sum(-1, keepdim=True) >= 1
        low, high = torch.where(enough, middle, low), torch.where(enough, high, middle)
    w = F.relu(s - low).pow(2)
    return w / w.sum(-1, keepdim=True)


def quiet(s):
    """softmax1: a row may add up to less than one."""
    e = s.exp()
    return e / (1 + e.sum(-1, keepdim=True))


def relu_sum(s):
    w = F.relu(s)
    return w / (w.sum(-1, keepdim=True) + 1e-6)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch.jit is being retired; such models exist

    @torch.jit.script
    def scripted_softmax(s: torch.Tensor) -> torch.Tensor:
        return torch.softmax(s, dim=-1)

    @torch.jit.script
    def scripted_relu(s: torch.Tensor) -> torch.Tensor:
        w = torch.relu(s)
        return w / (w.sum(-1, keepdim=True) + 1e-6)


@torch.library.custom_op("handwritten::softmax", mutates_args=())
def custom_softmax(s: torch.Tensor) -> torch.Tensor:
    return torch.softmax(s, dim=-1)


class OwnSoftmax(torch.autograd.Function):
    """A softmax with a backward of its own, as in memory-saving code."""

    @staticmethod
    def forward(ctx, s):
        return torch.softmax(s, dim=-1)

    @staticmethod
    def backward(ctx, grad):
        raise NotImplementedError


less = {"rows_sum_to_one": False}
unheard("sparsemax", sparsemax)
unheard("entmax 1.5", entmax15)
unheard("sigmoid", torch.sigmoid, **less)
unheard("softmax1", quiet, **less)
unheard("relu over its sum", relu_sum, **less)
unheard("F.normalize of relu", lambda s: F.normalize(F.relu(s), p=1, dim=-1), **less)
unheard("F.normalize of squares", lambda s: F.normalize(s.pow(2), p=1, dim=-1))
unheard("softplus over its sum", lambda s: F.normalize(F.softplus(s), p=1, dim=-1))
unheard("gumbel_softmax", lambda s: F.gumbel_softmax(s, dim=-1), images_apart=False)
unheard(
    "gumbel_softmax, hard",
    lambda s: F.gumbel_softmax(s, hard=True, dim=-1),
    images_apart=False,
)
unheard("softmin", lambda s: F.softmin(s, dim=-1))
unheard(
    "one-hot of argmax",
    lambda s: F.one_hot(s.argmax(-1), s.shape[-1]).float(),
    expect="not wrong",
)
unheard("no normalisation", lambda s: s, **less, expect="not wrong")
unheard("torch.jit.script softmax", scripted_softmax)
unheard("torch.jit.script relu", scripted_relu, **less)
unheard("torch.library softmax", custom_softmax)
unheard("autograd.Function softmax", OwnSoftmax.apply)
unheard("softmax of numpy", lambda s: torch.from_numpy(_numpy_softmax(s.numpy())))


def _numpy_softmax(s):
    import numpy as np

    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@case(GROUP, "words", "cells", expect="not wrong", beside=True)
class LinearKernel(Projections):
    """Linear attention with elu + 1: no (T, N) is ever computed."""

    def forward(self, x, feats):
        q, k = F.elu(self.q(x)) + 1, F.elu(self.k(feats)) + 1
        note(self, lambda: F.normalize(q @ k.mT, p=1, dim=-1), "b t n", "cross")
        kv = torch.einsum("bnd,bne->bde", k, self.v(feats))  # (B, D, D)
        z = 1 / torch.einsum("btd,bd->bt", q, k.sum(1))  # (B, T)
        return torch.einsum("btd,bde,bt->bte", q, kv, z)


@case(
    GROUP,
    "words",
    "cells",
    expect="right or refused",
    beside=True,
    layer="decoder.attention.inner",
)
class ScriptedModule(nn.Module):
    """A whole attention under torch.jit.script."""

    def __init__(self):
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.inner = torch.jit.script(Plain())

    def forward(self, x, feats):
        note(self.inner, lambda: (x @ feats.mT).softmax(-1), "b t n", "cross")
        return self.inner(x, feats)


class Plain(nn.Module):
    def forward(self, x: torch.Tensor, feats: torch.Tensor) -> torch.Tensor:
        return torch.softmax(x @ feats.mT, dim=-1) @ feats
