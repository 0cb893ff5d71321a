"""Additive attention, decoders that step, and their relatives."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import A, C, D, case
from .record import note

GROUP = "2b additive, recurrent, pointers"


class Bahdanau(nn.Module):
    """Show, attend and tell: scores (B, N)."""

    def __init__(self, width=C):
        super().__init__()
        self.encoder_att, self.decoder_att = nn.Linear(width, 9), nn.Linear(D, 9)
        self.full_att, self.relu = nn.Linear(9, 1), nn.ReLU()
        self.softmax = nn.Softmax(dim=1)

    def forward(self, encoder_out, hidden):
        att = self.encoder_att(encoder_out) + self.decoder_att(hidden).unsqueeze(1)
        att = self.full_att(self.relu(att)).squeeze(2)  # (B, N)
        alpha = self.softmax(att)  # (B, N)
        note(self, alpha, "b n", "cross", join="steps")
        return (encoder_out * alpha.unsqueeze(2)).sum(dim=1), alpha


@case(GROUP, "regions", "state")
class AdditiveOnce(Bahdanau):
    """One word: (B, N)."""


@case(GROUP, "cells", "state")
class AdditiveKeptAxis(nn.Module):
    """The TensorFlow tutorial's: the weights keep a last axis of one, (B, N, 1)."""

    def __init__(self):
        super().__init__()
        self.w1, self.w2, self.v = nn.Linear(D, 9), nn.Linear(D, 9), nn.Linear(9, 1)

    def forward(self, features, hidden):
        score = self.v(torch.tanh(self.w1(features) + self.w2(hidden[:, None])))
        weights = F.softmax(score, dim=1)  # (B, N, 1)
        note(self, weights, "b n 1", "cross", to="b 1 1 n", join="steps")
        return torch.sum(weights * features, dim=1), weights


@case(GROUP, "words", "cells")
class AdditiveAllWords(nn.Module):
    """All words at once: (B, T, N) from a sum over five axes."""

    def __init__(self):
        super().__init__()
        self.w, self.u, self.v = nn.Linear(D, 9), nn.Linear(D, 9), nn.Linear(9, 1)

    def forward(self, x, feats):
        s = self.v(torch.tanh(self.w(x)[:, :, None] + self.u(feats)[:, None]))
        w = s.squeeze(-1).softmax(-1)  # (B, T, N)
        note(self, w, "b t n", "cross")
        return w @ feats


class Stepping(nn.Module):
    """A decoder that calls an attention once a word."""

    def __init__(self, attention=Bahdanau, cell=nn.GRUCell):
        super().__init__()
        self.attention, self.cell = attention(), cell(D + C, D)

    def forward(self, words, regions):
        h = words.new_zeros(len(words), D)  # (B, D)
        out = []
        for t in range(words.shape[1]):
            context, _ = self.attention(regions, h)
            h = self.cell(torch.cat([words[:, t], context], 1), h)  # (B, D)
            out.append(h)
        return torch.stack(out, 1)


@case(GROUP, "words", "regions", layer="decoder.attention.attention")
class GruDecoder(Stepping):
    pass


@case(GROUP, "words", "regions", layer="decoder.attention.attention")
class LstmDecoder(Stepping):
    """With a gate on what was read, as in the paper."""

    def __init__(self):
        super().__init__(cell=nn.LSTMCell)
        self.f_beta, self.init = nn.Linear(D, C), nn.Linear(C, 2 * D)

    def forward(self, words, regions):
        h, c = self.init(regions.mean(1)).chunk(2, 1)
        out = []
        for t in range(words.shape[1]):
            context, alpha = self.attention(regions, h)
            context = torch.sigmoid(self.f_beta(h)) * context  # (B, C)
            h, c = self.cell(torch.cat([words[:, t], context], 1), (h, c))
            out.append(alpha)
        return h, torch.stack(out, 1)


@case(GROUP, "words", "regions")
class AttentionInTheLoop(Stepping):
    """No module of its own: the decoder's forward computes it at each step."""

    def __init__(self):
        super().__init__()
        self.query = nn.Linear(D, C)
        del self.attention

    def forward(self, words, regions):
        h = words.mean(1)  # (B, D)
        for t in range(words.shape[1]):
            s = torch.bmm(regions, self.query(h).unsqueeze(2)).squeeze(2)  # (B, N)
            w = torch.softmax(s, dim=1)  # (B, N)
            note(self, w, "b n", "cross", join="steps")
            read = torch.bmm(w.unsqueeze(1), regions).squeeze(1)  # (B, C)
            h = self.cell(torch.cat([words[:, t], read], 1), h)  # (B, D)
        return h


@case(GROUP, "words", "regions")
class MultiHeadStepping(Stepping):
    """A multi-head attention with one query a step, (B, A, 1, N)."""

    def __init__(self):
        super().__init__()
        self.q, self.k = nn.Linear(D, D), nn.Linear(C, D)
        del self.attention

    def forward(self, words, regions):
        h, out = words[:, 0], []
        k = self.k(regions).unflatten(2, (A, -1)).transpose(1, 2)  # (B, A, N, D/A)
        for t in range(words.shape[1]):
            q = self.q(h).view(len(h), A, 1, -1)  # (B, A, 1, D/A)
            w = F.softmax(q @ k.transpose(2, 3), dim=-1)  # (B, A, 1, N)
            note(self, w, "b a t n", "cross", join="steps")
            read = (w.mean(1) @ regions).squeeze(1)  # (B, C)
            out.append((w @ k).flatten(1))
            h = self.cell(torch.cat([words[:, t], read], 1), h)  # (B, D)
        return torch.stack(out, 1), h


@case(GROUP, "words", "regions", layer="decoder.attention.attention")
class Coverage(Stepping):
    """What was looked at before joins the scores."""

    def forward(self, words, regions):
        h, seen = words[:, 0], torch.zeros(regions.shape[:2])
        for t in range(words.shape[1]):
            context, alpha = self.attention(regions - seen[..., None], h)
            seen = seen + alpha  # (B, N)
            h = self.cell(torch.cat([words[:, t], context], 1), h)  # (B, D)
        return h, (1 - seen).pow(2).sum()
