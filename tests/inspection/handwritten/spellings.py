"""The same attention with its scores, softmax and sum spelled in many ways."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .core import A, D, case
from .layouts import Projections, d
from .record import note

GROUP = "1c spelling"


def spell(name, softmax, scores=None, apply=None, **options):
    """Enter a multi-head cross-attention that is spelled in this way."""

    class Spelled(Projections):
        def fold(self, x):
            return (
                x.unflatten(-1, (A, d)).transpose(1, 2).flatten(0, 1)
            )  # (B*A, N, D/A)

        def forward(self, x, feats):
            q, k, v = (self.fold(y) for y in (self.q(x), self.k(feats), self.v(feats)))
            s = (
                scores(q, k) if scores else q @ k.transpose(1, 2) / d**0.5
            )  # (B*A, T, N)
            w = softmax(s)  # (B*A, T, N)
            note(self, w, "(b a) t n", "cross", a=A)
            out = apply(w, v) if apply else w @ v  # (B*A, T, D/A)
            return self.o(out.unflatten(0, (-1, A)).transpose(1, 2).flatten(2))

    case(GROUP, "words", "cells", **options)(Spelled, f"spelled: {name}")


def exp_sum(s):
    e = torch.exp(s)
    return e / e.sum(dim=-1, keepdim=True)


def exp_shifted(s):
    e = (s - s.max(dim=-1, keepdim=True).values).exp()
    return e / torch.sum(e, -1, keepdim=True)


def exp_divided_in_place(s):
    e = s.exp()
    e /= e.sum(-1, keepdim=True)
    return e


spell("F.softmax", lambda s: F.softmax(s, dim=-1))
spell("torch.softmax", lambda s: torch.softmax(s, -1))
spell("Tensor.softmax", lambda s: s.softmax(2))
spell("torch.special.softmax", lambda s: torch.special.softmax(s, dim=-1))
spell("softmax with dtype", lambda s: F.softmax(s, dim=-1, dtype=torch.float64).float())
spell("exp / sum", exp_sum)
spell("exp of shifted / sum", exp_shifted)
spell("exp /= sum", exp_divided_in_place)
spell("exp of logsumexp", lambda s: (s - s.logsumexp(-1, keepdim=True)).exp())
spell("log_softmax exp", lambda s: s.log_softmax(-1).exp())
spell("log_softmax exp, torch.exp", lambda s: torch.exp(F.log_softmax(s, dim=-1)))
spell("F.normalize of exp", lambda s: F.normalize(s.exp(), p=1, dim=-1))
spell(
    "softmax of moved axes",
    lambda s: s.transpose(1, 2).softmax(1).transpose(1, 2),
)
spell("softmax of flat rows", lambda s: F.softmax(s.flatten(0, 1), 1).view_as(s))
spell("base 2", lambda s: exp_sum(s * math.log(2.0)))

soft = nn.Softmax(dim=-1)
spell("bmm", soft, lambda q, k: torch.bmm(q, k.transpose(1, 2)), torch.bmm)
spell(
    "baddbmm",
    soft,
    lambda q, k: torch.baddbmm(
        torch.zeros(len(q), q.shape[1], k.shape[1]), q, k.mT, beta=0, alpha=d**-0.5
    ),
)
spell(
    "einsum both",
    soft,
    lambda q, k: torch.einsum("btd,bnd->btn", q, k),
    lambda w, v: torch.einsum("btn,bnd->btd", w, v),
)
spell(
    "multiply and sum",
    soft,
    lambda q, k: (q.unsqueeze(2) * k.unsqueeze(1)).sum(-1),
    lambda w, v: (w.unsqueeze(-1) * v.unsqueeze(1)).sum(dim=2),
)
spell("matmul of three axes", soft, None, lambda w, v: torch.matmul(v.mT, w.mT).mT)
spell("cdist", soft, lambda q, k: -torch.cdist(q, k))
spell(
    "cosine",
    soft,
    lambda q, k: F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).mT / 0.1,
)
spell(
    "tensordot per head",
    soft,
    None,
    lambda w, v: torch.stack(
        [torch.tensordot(one, value, dims=1) for one, value in zip(w, v, strict=True)]
    ),
)


@case(GROUP, "words", "cells")
class SoftmaxModule(Projections):
    def __init__(self):
        super().__init__()
        self.softmax, self.dropout = nn.Softmax(dim=-1), nn.Dropout(0.4)

    def forward(self, x, feats):
        w = self.softmax(self.q(x) @ self.k(feats).transpose(1, 2))  # (B, T, N)
        note(self, w, "b t n", "cross")
        return self.o(self.dropout(w) @ self.v(feats))


@case(GROUP, "words", "cells", train=True, images_apart=False)
class DropoutInTraining(SoftmaxModule):
    """The weights are those before dropout."""


@case(GROUP, "words", "cells", train=True, images_apart=False)
class FunctionalDropout(Projections):
    def forward(self, x, feats):
        w = F.softmax(self.q(x) @ self.k(feats).transpose(1, 2), dim=-1)  # (B, T, N)
        note(self, w, "b t n", "cross")
        w = F.dropout(w, p=0.3, training=self.training)  # (B, T, N)
        return self.o(w @ self.v(feats))


class ScaledDotProduct(nn.Module):
    """The child module that many repositories have."""

    def __init__(self):
        super().__init__()
        self.temperature = d**0.5

    def forward(self, q, k, v):
        w = F.softmax(torch.matmul(q / self.temperature, k.transpose(2, 3)), dim=-1)
        note(self, w, "b a t n", "cross")
        return torch.matmul(w, v), w


@case(GROUP, "words", "cells", layer="decoder.attention.attention")
class ChildComputes(Projections):
    """A multi-head module whose child computes, and that returns the weights too."""

    def __init__(self):
        super().__init__()
        self.attention, self.norm = ScaledDotProduct(), nn.LayerNorm(D)

    def forward(self, x, feats):
        q, k, v = (
            y.view(len(y), -1, A, d).transpose(1, 2)
            for y in (self.q(x), self.k(feats), self.v(feats))
        )
        out, w = self.attention(q, k, v)
        out = out.transpose(1, 2).contiguous().view(len(x), -1, D)  # (B, T, D)
        return self.norm(self.o(out) + x), w


def attention(query, key, value, mask=None):
    """The function of the annotated transformer."""
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    p_attn = scores.softmax(dim=-1)
    return torch.matmul(p_attn, value), p_attn


@case(GROUP, "words", "cells")
class AnnotatedTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(D, D) for _ in range(4))
        self.attn = None

    def forward(self, query, memory):
        parts = zip(self.linears, (query, memory, memory), strict=False)
        query, key, value = (
            lin(x).view(x.size(0), -1, A, d).transpose(1, 2) for lin, x in parts
        )
        x, self.attn = attention(query, key, value)
        note(self, self.attn, "b a t n", "cross")
        x = x.transpose(1, 2).contiguous().view(x.size(0), -1, D)  # (B, T, D)
        return self.linears[-1](x)
