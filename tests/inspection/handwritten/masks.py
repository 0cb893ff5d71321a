"""Masks, biases, and a temperature."""

import torch
from torch import nn

from .core import A, T, case
from .layouts import d
from .record import note
from .variants import GROUP, Heads, OwnHeads


@case(GROUP, "words")
class RelativePositionTable(OwnHeads):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(2 * T - 1, A)

    def score(self, s):
        places = torch.arange(T)
        bias = self.table(places[:, None] - places + T - 1)  # (T, T, A)
        return s + bias.permute(2, 0, 1)[None]


@case(GROUP, "words")
class Alibi(OwnHeads):
    def score(self, s):
        places = torch.arange(T)
        slope = 2.0 ** -torch.arange(1, A + 1).view(A, 1, 1)  # (A, 1, 1)
        return s - slope * (places[:, None] - places).abs()


@case(GROUP, "words")
class RelativeKeys(OwnHeads):
    """Shaw's relative positions: a second einsum joins the scores."""

    def __init__(self):
        super().__init__()
        self.places = nn.Parameter(torch.randn(T, T, d))

    def forward(self, x):
        q, k, v = self.heads(x, x)
        s = q @ k.mT + torch.einsum("batd,tnd->batn", q, self.places)  # (B, A, T, T)
        w = (s / d**0.5).softmax(-1)  # (B, A, T, T)
        note(self, w, "b a t n", "self")
        return self.o((w @ v).transpose(1, 2).flatten(2))


@case(GROUP, "words")
class Rotary(OwnHeads):
    def parts(self, x, y):
        q, k, v = super().heads(x, y)
        angle = torch.outer(torch.arange(T), 0.5 ** torch.arange(d // 2))  # (T, d/2)
        angle = torch.cat([angle, angle], -1)  # (T, D/A)
        turn = [torch.cat([-y[..., 2:], y[..., :2]], -1) for y in (q, k)]
        return *(
            y * angle.cos() + z * angle.sin() for y, z in zip((q, k), turn, strict=True)
        ), v


@case(GROUP, "words", "cells", named={"padding": "padding"})
class BoolMask(Heads):
    def score(self, s, padding):
        return s.masked_fill(padding[:, None, None, :], float("-inf"))


@case(GROUP, "words", "cells", named={"padding": "padding"})
class AddedInfinity(Heads):
    def score(self, s, padding):
        bias = torch.zeros(padding.shape).masked_fill(padding, -torch.inf)  # (B, N)
        return s + bias[:, None, None]


@case(GROUP, "words", "cells", named={"padding": "padding"})
class AddedMinusBillion(Heads):
    def score(self, s, padding):
        return s + padding[:, None, None].float() * -1e9


@case(GROUP, "words", "cells", named={"padding": "padding"})
class MaskByWhere(Heads):
    def score(self, s, padding):
        return torch.where(padding[:, None, None], torch.finfo(s.dtype).min, s)


@case(GROUP, "words")
class CausalByTriu(OwnHeads):
    def score(self, s):
        return s + torch.full((T, T), float("-inf")).triu(1)


@case(GROUP, "words")
class LocalBand(OwnHeads):
    def score(self, s):
        places = torch.arange(T)
        far = (places[:, None] - places).abs() > 1  # (T, T)
        return s.masked_fill(far, -1e4)


@case(GROUP, "words", "cells")
class Temperature(Heads):
    def __init__(self):
        super().__init__()
        self.log_scale = nn.Parameter(torch.rand(A, 1, 1))

    def score(self, s):
        return s * self.log_scale.exp()
