"""Weights that are cut, mixed or normalised again, without being written over."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import A, D, case
from .in_place import EITHER, GROUP, Changed
from .layouts import Projections
from .record import note


@case(GROUP, "words", "cells", rows_sum_to_one=False, **EITHER)
class HeadsSilenced(Changed):
    """A head mask after the softmax, as in pruning studies."""

    def change(self, w, v):
        return w * torch.tensor([1.0, 0.0, 0.5]).view(1, A, 1, 1), v


@case(
    GROUP,
    "words",
    "cells",
    named={"padding": "padding"},
    rows_sum_to_one=False,
    **EITHER,
)
class MaskedAfter(Changed):
    def change(self, w, v, padding):
        return w.masked_fill_(padding[:, None, None], 0.0), v


@case(GROUP, "words", "cells", named={"padding": "padding"}, **EITHER)
class Renormalised(Changed):
    def change(self, w, v, padding):
        w = w * ~padding[:, None, None]  # (B, A, T, N)
        return w / w.sum(-1, keepdim=True), v


@case(GROUP, "words", "cells", named={"padding": "padding"}, **EITHER)
class RenormalisedInPlace(Changed):
    def change(self, w, v, padding):
        w *= ~padding[:, None, None]
        w /= w.sum(-1, keepdim=True)
        return w, v


@case(GROUP, "words", "cells", rows_sum_to_one=False, **EITHER)
class TopScattered(Changed):
    """The three largest weights, scattered back into zeros."""

    def change(self, w, v):
        top, places = w.topk(3, dim=-1)  # (B, A, T, 3)
        return torch.zeros_like(w).scatter_(-1, places, top), v


@case(GROUP, "words", "cells")
class TopScores(Projections):
    """The three largest scores only, before the softmax: others are -inf."""

    def forward(self, x, feats):
        s = self.q(x) @ self.k(feats).mT  # (B, T, N)
        least = s.topk(3, dim=-1).values[..., -1:]  # (B, T, 1)
        w = torch.where(s < least, -torch.inf, s).softmax(-1)  # (B, T, N)
        note(self, w, "b t n", "cross")
        return self.o(w @ self.v(feats))


@case(GROUP, "words", "cells", expect="right or refused", images_apart=False)
class TopGathered(Projections):
    """Only the best three keys are gathered: each query has N of its own."""

    def forward(self, x, feats):
        s = self.q(x) @ self.k(feats).mT  # (B, T, N)
        top, places = s.topk(3, dim=-1)  # (B, T, 3)
        w = F.softmax(top, dim=-1)  # (B, T, 3)
        note(self, w, "b t n", "cross", answer="three")
        full = torch.zeros_like(s).scatter(-1, places, w)  # (B, T, N)
        note(self, full, "b t n", "cross", answer="all")
        values = self.v(feats)[:, None].expand(-1, x.shape[1], -1, -1)  # (B, T, N, D)
        values = values.gather(2, places[..., None].expand(-1, -1, -1, D))
        return (w.unsqueeze(-1) * values).sum(2)


@case(GROUP, "words", "cells", rows_sum_to_one=False, **EITHER)
class SinkDropped(Projections):
    """A learned score per head joins the softmax and is cut off (as in gpt-oss)."""

    def __init__(self):
        super().__init__()
        self.sinks = nn.Parameter(torch.randn(A))

    def forward(self, x, feats):
        q, k, v = self.heads(x, feats)
        sink = self.sinks.view(1, A, 1, 1).expand(len(x), -1, x.shape[1], 1)
        w = torch.cat([q @ k.mT, sink], -1).softmax(-1)[..., :-1]  # (B, A, T, N)
        note(self, w, "b a t n", "cross")
        return self.o((w @ v).transpose(1, 2).flatten(2))


@case(GROUP, "words", "cells", rows_sum_to_one=False, **EITHER)
class SentinelCut(Projections):
    """The sentinel's weight goes one way, the cells' weights another."""

    def forward(self, x, feats):
        s = torch.cat([(x * self.o(x)).sum(-1, keepdim=True), x @ self.k(feats).mT], -1)
        w = torch.softmax(s, dim=-1)  # (B, T, 1+N)
        gate, cells = w[..., :1], w[..., 1:]  # (B, T, 1), (B, T, N)
        note(self, cells, "b t n", "cross")
        return gate * x + cells @ self.v(feats)


@case(GROUP, "words", "cells", **EITHER)
class Smoothed(Changed):
    """Mixed with the even map: 0.9 w + 0.1 / N."""

    def change(self, w, v):
        return 0.9 * w + 0.1 / w.shape[-1], v


@case(GROUP, "words", "cells", **EITHER)
class Sharpened(Changed):
    """Squared and normalised again."""

    def change(self, w, v):
        w = w.pow(2)  # (B, A, T, N)
        return w / w.sum(-1, keepdim=True), v


@case(GROUP, "words", "cells")
class ValuesScaled(Changed):
    """The values change, the weights don't."""

    def change(self, w, v):
        return w, v * 0.5


@case(GROUP, "words", "cells", rows_sum_to_one=False, **EITHER)
class HeadsAveraged(Changed):
    """The heads' mean is multiplied with one value."""

    def change(self, w, v):
        return w.mean(1, keepdim=True), v.transpose(1, 2).flatten(2)[:, None]


@case(GROUP, "words", "cells")
class Hardened(Changed):
    """A copy in .detach(), .cpu(), .clone(): the weights stay what they are."""

    def change(self, w, v):
        return w.detach().cpu().clone().contiguous(), v
