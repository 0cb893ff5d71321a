"""Sound, capsules, pointers, windows and memories that look twice."""

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import d
from .core import A, C, D, N, case
from .graphs_and_sets import GROUP
from .record import note


@case(GROUP, "sound", expect="not wrong")
class Statistics(nn.Module):
    """Attentive statistics (ECAPA): every channel has weights over time."""

    def __init__(self):
        super().__init__()
        self.tdnn, self.conv = nn.Conv1d(D, 9, 1), nn.Conv1d(9, D, 1)

    def forward(self, x):
        w = F.softmax(self.conv(torch.tanh(self.tdnn(x))), dim=2)  # (B, C, T)
        note(self, w, "b a n", None, answer="channels are heads")
        note(self, w, "b t n", None, answer="channels are queries")
        mean = (w * x).sum(2)
        std = ((w * (x - mean.unsqueeze(2)).pow(2)).sum(2)).clamp(1e-9).sqrt()
        return torch.cat([mean, std], 1)


@case(GROUP, "sound")
class OneMapOverTime(nn.Module):
    """A map over time shared by the channels, mean and spread read with it."""

    def __init__(self):
        super().__init__()
        self.score = nn.Sequential(nn.Conv1d(D, 9, 1), nn.Tanh(), nn.Conv1d(9, 1, 1))

    def forward(self, x):
        w = torch.softmax(self.score(x), dim=-1)  # (B, 1, T)
        note(self, w, "b 1 n", None, to="b 1 1 n")
        mean = torch.sum(w * x, dim=-1)
        spread = torch.sqrt(torch.sum(w * x**2, dim=-1) - mean**2 + 1e-6)
        return torch.cat([mean, spread], dim=1)


@case(GROUP, "words", "cells", expect="not wrong", rows_sum_to_one=False)
class Capsules(nn.Module):
    """Routing by agreement: a softmax over what comes out, not what goes in."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(5, N, D, 6) * 0.2)

    def forward(self, words, cells):
        u_hat = torch.einsum("bni,onij->bonj", cells, self.w)
        b = torch.zeros(len(cells), 5, N, 1)
        for _ in range(3):
            c = F.softmax(b, dim=1)
            s = (c * u_hat).sum(dim=2, keepdim=True)
            square = (s**2).sum(-1, keepdim=True)
            v = square / (1 + square) * s / square.sqrt()
            b = b + (u_hat * v).sum(-1, keepdim=True)
        note(self, c, "b t n 1", None, to="b 1 t n")
        return v.squeeze(2)


@case(GROUP, "words", "cells", expect="not wrong")
class PointerNetwork(nn.Module):
    """Vinyals: the softmax is the output; the best cell is the next input."""

    def __init__(self):
        super().__init__()
        self.w1, self.w2, self.v = nn.Linear(D, 9), nn.Linear(D, 9), nn.Linear(9, 1)
        self.cell = nn.LSTMCell(D, D)

    def forward(self, words, cells):
        h, c, x = words[:, 0], words[:, 1], words[:, 2]
        visited, out = torch.zeros(cells.shape[:2]).bool(), []
        for _ in range(4):
            h, c = self.cell(x, (h, c))
            s = self.v(torch.tanh(self.w1(cells) + self.w2(h)[:, None])).squeeze(-1)
            p = F.softmax(s.masked_fill(visited, -1e9), dim=1)
            note(self, p, "b n", "cross", join="steps")
            best = p.argmax(1)
            visited = visited.scatter(1, best[:, None], True)
            x = cells[torch.arange(len(cells)), best]
            out.append(p)
        return torch.stack(out, 1)


@case(GROUP, "words", "cells", expect="not wrong", rows_sum_to_one=False)
class GaussianWindow(nn.Module):
    """Graves' handwriting: a mixture of bells that moves along the text."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(D, 9)

    def forward(self, words, cells):
        kappa, out, place = 0, [], torch.arange(N)
        for x in words.unbind(1):
            alpha, beta, step = self.linear(x).exp().chunk(3, 1)
            kappa = kappa + step
            phi = alpha[..., None] * torch.exp(
                -beta[..., None] * (kappa[..., None] - place) ** 2
            )
            phi = phi.sum(1, keepdim=True)  # (B, 1, N)
            note(self, phi, "b t n", "cross", join="steps")
            out.append(torch.bmm(phi, cells).squeeze(1))
        return torch.stack(out, 1)


@case(GROUP, "words", "cells")
class MatchingNetwork(nn.Module):
    """Words are compared with labelled cells; what is read are their labels."""

    def forward(self, words, cells):
        labels = F.one_hot(torch.arange(N) % 3, 3).float().expand(len(cells), -1, -1)
        s = F.cosine_similarity(words[:, :, None], cells[:, None], dim=-1)
        attention = s.softmax(dim=-1)
        note(self, attention, "b t n", "cross")
        return torch.bmm(attention, labels)


@case(GROUP, "regions", "words", layer="decoder.attention.look")
class PerceiverTwice(nn.Module):
    """One look and one thought, used for three rounds."""

    def __init__(self):
        super().__init__()
        self.latents = nn.Parameter(torch.randn(4, D))
        self.look, self.think = Looker(C, None), Looker(D, "self")

    def forward(self, feats, words):
        x = self.latents[None].expand(len(feats), -1, -1)
        for _ in range(3):
            x = x + self.look(x, feats)
            x = x + self.think(x, x)
        return x


class Looker(nn.Module):
    def __init__(self, width, kind):
        super().__init__()
        self.to_q, self.to_kv, self.kind = (
            nn.Linear(D, D),
            nn.Linear(width, 2 * D),
            kind,
        )

    def forward(self, x, y):
        q, (k, v) = self.to_q(x), self.to_kv(y).chunk(2, dim=-1)
        q, k, v = (
            z.view(*z.shape[:2], A, d).transpose(1, 2).flatten(0, 1) for z in (q, k, v)
        )
        sim = torch.einsum("b i d, b j d -> b i j", q, k) * d**-0.5
        attn = sim.softmax(dim=-1)
        note(self, attn, "(b a) t n", self.kind, a=A)
        out = torch.einsum("b i j, b j d -> b i d", attn, v)
        return out.view(len(x), A, -1, d).transpose(1, 2).flatten(2)
