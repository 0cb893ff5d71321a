"""Question answering papers in which two streams look at each other."""

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import d
from .core import A, D, case
from .fusion import GROUP
from .record import note


@case(GROUP, "words", "cells")
class BiDaf(nn.Module):
    """From context to question, and one look back from the best scores."""

    def __init__(self):
        super().__init__()
        self.w = nn.Linear(3 * D, 1)

    def forward(self, c, q):
        t, n = c.size(1), q.size(1)
        cc = c.unsqueeze(2).expand(-1, -1, n, -1)
        qq = q.unsqueeze(1).expand(-1, t, -1, -1)
        s = self.w(torch.cat([cc, qq, cc * qq], dim=-1)).squeeze(-1)  # (B, T, N)
        a = F.softmax(s, dim=2)
        note(self, a, "b t n", "cross")
        c2q = torch.bmm(a, q)
        b = F.softmax(torch.max(s, dim=2)[0], dim=1).unsqueeze(1)
        note(self, b, "b t n", None)
        q2c = torch.bmm(b, c).squeeze(1)
        q2c = q2c.unsqueeze(1).expand(-1, t, -1)
        return torch.cat([c, c2q, c * c2q, c * q2c], dim=-1)


@case(GROUP, "words", "cells", named={"padding": "padding"}, expect="right or refused")
class Esim(nn.Module):
    """Softmax, times a mask, over its own sum plus 1e-13 (as in AllenNLP)."""

    def masked_softmax(self, s, mask):
        shape = s.size()
        w = F.softmax((s * mask).reshape(-1, shape[-1]), -1).view(*shape) * mask
        return w / (w.sum(-1, keepdim=True) + 1e-13)

    def forward(self, p, h, padding):
        s = p.bmm(h.transpose(2, 1).contiguous())
        real = (~padding).float().unsqueeze(1).expand_as(s)
        w = self.masked_softmax(s, real)
        back = self.masked_softmax(s.transpose(1, 2), torch.ones_like(s.mT))
        note(self, w, "b t n", "cross")
        note(self, back, "b t n", "cross")
        return w.bmm(h), back.bmm(p)


@case(GROUP, "words", "cells")
class TwoContextsSummedWeights(nn.Module):
    """Two softmaxes over the same cells; their mean reads once."""

    def __init__(self):
        super().__init__()
        self.q1, self.q2, self.k = nn.Linear(D, D), nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x, cells):
        k = self.k(cells).transpose(1, 2)
        a = F.softmax(self.q1(x) @ k, dim=-1)
        b = F.softmax(self.q2(x) @ k, dim=-1)
        w = 0.5 * (a + b)
        note(self, w, "b t n", "cross")
        return w @ cells


@case(GROUP, "words", "cells")
class JointStreams(nn.Module):
    """MM-DiT: text and image have matrices of their own and one attention."""

    def __init__(self):
        super().__init__()
        self.text, self.image = nn.Linear(D, 3 * D), nn.Linear(D, 3 * D)

    def forward(self, x, cells):
        both = [
            y.unflatten(-1, (3, A, d)).permute(2, 0, 3, 1, 4)
            for y in (self.text(x), self.image(cells))
        ]
        q, k, v = torch.cat(both, dim=3).unbind(0)
        w = (q @ k.mT * d**-0.5).softmax(-1)
        note(self, w, "b a t n", None)
        out = (w @ v).transpose(1, 2).flatten(2)
        return out.split([x.size(1), cells.size(1)], dim=1)


@case(GROUP, "cells")
class Resampler(nn.Module):
    """Flamingo: latents look at the cells and at themselves."""

    def __init__(self):
        super().__init__()
        self.latents = nn.Parameter(torch.randn(5, D))
        self.to_q, self.to_kv = nn.Linear(D, D), nn.Linear(D, 2 * D)
        self.gate = nn.Parameter(torch.tensor([0.3]))

    def forward(self, x):
        latents = self.latents.repeat(x.size(0), 1, 1)
        q = self.to_q(latents) * d**-0.5
        k, v = self.to_kv(torch.cat((x, latents), dim=-2)).chunk(2, dim=-1)
        q, k, v = (y.unflatten(-1, (A, d)).transpose(1, 2) for y in (q, k, v))
        sim = torch.einsum("... i d, ... j d -> ... i j", q, k)
        sim = sim - sim.amax(dim=-1, keepdim=True).detach()
        attn = sim.softmax(dim=-1)
        note(self, attn, "b a t n", None)
        out = torch.einsum("... i j, ... j d -> ... i d", attn, v)
        return self.gate.tanh() * out.transpose(1, 2).flatten(2) + latents
