"""Sentinels, hops, pointers, slots, and attention by place."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import D, case
from .layouts import Projections
from .record import note
from .recurrent import GROUP


@case(GROUP, "words", "cells")
class Sentinel(nn.Module):
    """Adaptive attention: an (N+1)th key that is no cell."""

    def __init__(self):
        super().__init__()
        self.v, self.g, self.s = nn.Linear(D, 9), nn.Linear(D, 9), nn.Linear(D, 9)
        self.h, self.gate = nn.Linear(9, 1), nn.Linear(D, D)

    def forward(self, x, feats):
        sentinel = torch.sigmoid(self.gate(x)) * torch.tanh(x)  # (B, T, D)
        z = self.v(feats)[:, None] + self.g(x)[:, :, None]  # (B, T, N, 9)
        z = self.h(torch.tanh(z)).squeeze(-1)  # (B, T, N)
        extra = self.h(torch.tanh(self.s(sentinel) + self.g(x)))  # (B, T, 1)
        w = F.softmax(torch.cat([z, extra], -1), dim=-1)  # (B, T, N+1)
        note(self, w, "b t n", "cross")
        values = feats[:, None].expand(-1, x.shape[1], -1, -1)  # (B, T, N, D)
        values = torch.cat([values, sentinel[:, :, None]], 2)  # (B, T, N+1, D)
        return (w.unsqueeze(-1) * values).sum(2)


class Hop(nn.Module):
    """One hop of a stacked attention network: scores (B, N, 1)."""

    def __init__(self):
        super().__init__()
        self.image, self.question = nn.Linear(D, 9, bias=False), nn.Linear(D, 9)
        self.score = nn.Linear(9, 1)

    def forward(self, cells, u):
        h = torch.tanh(self.image(cells) + self.question(u).unsqueeze(1))
        p = torch.softmax(self.score(h), dim=1)  # (B, N, 1)
        note(self, p, "b n 1", "cross", to="b 1 1 n", join="steps")
        return u + (p * cells).sum(1)


@case(GROUP, "cells", "state", layer="decoder.attention.hops")
class StackedHops(nn.Module):
    def __init__(self):
        super().__init__()
        self.hops = nn.ModuleList([Hop(), Hop()])

    def forward(self, cells, question):
        for hop in self.hops:
            question = hop(cells, question)
        return question


@case(GROUP, "words", "cells")
class LocationBased(Projections):
    """Chorowski's: the weights of the step before are convolved into the scores."""

    def __init__(self):
        super().__init__()
        self.conv, self.w = nn.Conv1d(1, D, 3, padding=1), nn.Linear(D, 1)

    def forward(self, words, feats):
        w = torch.full(feats.shape[:2], 1 / feats.shape[1])  # (B, N)
        out = []
        for t in range(words.shape[1]):
            place = self.conv(w.unsqueeze(1)).transpose(1, 2)  # (B, N, D)
            energy = torch.tanh(self.q(words[:, t : t + 1]) + self.k(feats) + place)
            w = F.softmax(self.w(energy).squeeze(-1), dim=-1)  # (B, N)
            note(self, w, "b n", "cross", join="steps")
            out.append(torch.bmm(w.unsqueeze(1), feats))
        return torch.cat(out, 1)


@case(GROUP, "words", "cells")
class LuongGeneral(nn.Module):
    def __init__(self):
        super().__init__()
        self.w_a, self.w_c = nn.Linear(D, D, bias=False), nn.Linear(2 * D, D)

    def forward(self, outputs, memory):
        align = torch.bmm(outputs, self.w_a(memory).transpose(1, 2))  # (B, T, N)
        align = F.softmax(align, dim=-1)  # (B, T, N)
        note(self, align, "b t n", "cross")
        both = torch.cat((torch.bmm(align, memory), outputs), dim=2)  # (B, T, 2D)
        return torch.tanh(self.w_c(both))


@case(GROUP, "words_first", "cells_first")
class LuongWordsFirst(nn.Module):
    """The PyTorch chatbot tutorial: energies (N, B), turned to (B, 1, N)."""

    def forward(self, outputs, memory):
        read = []
        for rnn_output in outputs:
            energies = torch.sum(rnn_output.unsqueeze(0) * memory, dim=2)  # (N, B)
            w = F.softmax(energies.t(), dim=1).unsqueeze(1)  # (B, 1, N)
            note(self, w, "b t n", "cross", join="steps")
            read.append(w.bmm(memory.transpose(0, 1)).squeeze(1))
        return torch.stack(read)


@case(GROUP, "words_first", "cells_first")
class EnergiesKeysFirst(nn.Module):
    """Weights (N, B): the softmax runs down the first axis."""

    def forward(self, outputs, memory):
        read = []
        for h in outputs:
            w = torch.softmax((memory * h).sum(-1), dim=0)  # (N, B)
            note(self, w, "n b", "cross", join="steps")
            read.append((w.unsqueeze(-1) * memory).sum(0))
        return torch.stack(read)


@case(GROUP, "words", "cells")
class PointerGlimpse(Projections):
    """A glimpse whose weights meet values (the pick that follows is logits only)."""

    def forward(self, x, feats):
        w = torch.softmax(self.q(x) @ self.k(feats).mT, -1)  # (B, T, N)
        note(self, w, "b t n", "cross")
        glimpse = w @ self.v(feats)  # (B, T, D)
        return 10 * torch.tanh(self.o(glimpse) @ feats.mT)


@case(GROUP, "words", "cells")
class PointerGenerator(Projections):
    """Weights meet values, and are scattered into the vocabulary as well."""

    def __init__(self):
        super().__init__()
        self.vocabulary, self.p_gen = nn.Linear(D, 11), nn.Linear(D, 1)

    def forward(self, x, feats):
        w = F.softmax(self.q(x) @ self.k(feats).mT, dim=-1)  # (B, T, N)
        note(self, w, "b t n", "cross")
        read = w @ feats  # (B, T, D)
        copy = torch.zeros(*x.shape[:2], 11)  # (B, T, 11)
        ids = torch.tensor([1, 3, 3, 7, 0, 9, 2]).expand_as(w)  # (B, T, N)
        p = torch.sigmoid(self.p_gen(read))  # (B, T, 1)
        words = p * self.vocabulary(read).softmax(-1)  # (B, T, 11)
        return words + copy.scatter_add(2, ids, (1 - p) * w)


@case(GROUP, "words", "cells", expect="right or refused")
class SlotAttention(Projections):
    """Softmax over the slots, then each slot's row is renormalised over the cells."""

    def forward(self, slots, feats):
        s = self.k(feats) @ self.q(slots).mT  # (B, N, T)
        w = s.softmax(dim=-1) + 1e-8  # (B, N, T)
        w = w / w.sum(dim=1, keepdim=True)  # (B, N, T)
        note(self, w, "b n t", "cross")
        return torch.einsum("bnt,bnd->btd", w, self.v(feats))
