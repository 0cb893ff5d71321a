"""Well-known courses and tutorials."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import WORDS, C, D, N, T, case
from .layouts import Projections
from .record import note

GROUP = "7l courses and repositories"


EITHER = {"expect": "right or refused"}


@case(GROUP, "points", images_apart=False)
class OneSentence(Projections):
    """Raschka, chapter 3: one sentence and no images' axis, all at once."""

    def forward(self, x):
        keys, queries, values = self.k(x), self.q(x), self.v(x)
        attn_scores = queries @ keys.T
        attn_weights = torch.softmax(attn_scores / keys.shape[-1] ** 0.5, dim=-1)
        note(self, attn_weights, "t n", "self")
        return attn_weights @ values


@case(GROUP, "points", images_apart=False)
class DotsInLoops(nn.Module):
    """The same chapter's start: scores by torch.dot, one query."""

    def forward(self, inputs):
        query = inputs[1]
        scores = torch.empty(inputs.shape[0])
        for i, x_i in enumerate(inputs):
            scores[i] = torch.dot(x_i, query)
        w = torch.softmax(scores, dim=0)
        note(self, w, "n", None)
        return w @ inputs


@case(GROUP, "words", "points", images_apart=False)
class AttnDecoderRnn(nn.Module):
    """The PyTorch tutorial's first: weights from a linear layer, one sentence."""

    def __init__(self):
        super().__init__()
        self.attn, self.combine = nn.Linear(2 * D, N), nn.Linear(2 * D, D)
        self.gru = nn.GRU(D, D)

    def forward(self, words, encoder_outputs):
        hidden, out = torch.zeros(1, 1, D), []
        for embedded in words[0].view(T, 1, 1, D):
            both = torch.cat((embedded[0], hidden[0]), 1)
            attn_weights = F.softmax(self.attn(both), dim=1)
            note(self, attn_weights, "b n", "cross", join="steps")
            applied = torch.bmm(attn_weights.unsqueeze(0), encoder_outputs.unsqueeze(0))
            output = self.combine(torch.cat((embedded[0], applied[0]), 1)).unsqueeze(0)
            output, hidden = self.gru(F.relu(output), hidden)
            out.append(output[0])
        return torch.cat(out)


class Bentrevett(nn.Module):
    """It is given (N, B, D) and gives weights; the decoder reads."""

    def __init__(self):
        super().__init__()
        self.attn, self.v = nn.Linear(2 * D, 9), nn.Linear(9, 1, bias=False)

    def forward(self, hidden, encoder_outputs, mask):
        src_len = encoder_outputs.shape[0]
        hidden = hidden.unsqueeze(1).repeat(1, src_len, 1)
        encoder_outputs = encoder_outputs.permute(1, 0, 2)
        energy = torch.tanh(self.attn(torch.cat((hidden, encoder_outputs), dim=2)))
        attention = self.v(energy).squeeze(2).masked_fill(mask == 0, -1e10)
        attention = F.softmax(attention, dim=1)
        note(self, attention, "b n", "cross", join="steps")
        return attention


@case(GROUP, "question", "tokens", "padding", whole=True, layer="attention")
class BentrevettSeq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.attention = nn.Embedding(WORDS, D), Bentrevett()
        self.encoder, self.rnn = nn.GRU(D, D), nn.GRU(2 * D, D)
        self.fc_out = nn.Linear(3 * D, WORDS)

    def forward(self, src, trg, padding):
        lengths = (~padding).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embed(src.t()), lengths, enforce_sorted=False
        )
        outs, hidden = self.encoder(packed)
        outs, _ = nn.utils.rnn.pad_packed_sequence(outs)
        hidden, mask, out = hidden.squeeze(0), ~padding[:, : len(outs)], []
        word = trg[:, 0]
        for _ in range(1, T):
            embedded = self.embed(word.unsqueeze(0))
            a = self.attention(hidden, outs, mask).unsqueeze(1)
            weighted = torch.bmm(a, outs.permute(1, 0, 2)).permute(1, 0, 2)
            output, state = self.rnn(
                torch.cat((embedded, weighted), dim=2), hidden[None]
            )
            hidden = state.squeeze(0)
            both = torch.cat((output[0], weighted[0], embedded[0]), dim=1)
            out.append(self.fc_out(both))
            word = out[-1].argmax(1)
        return torch.stack(out)


@case(GROUP, "words", "cells")
class ConvS2S(nn.Module):
    """Channels first from a convolution; keys and values differ."""

    def __init__(self):
        super().__init__()
        self.h2e, self.e2h = nn.Linear(D, 9), nn.Linear(9, D)
        self.conv, self.enc = nn.Conv1d(D, 2 * D, 3, padding=1), nn.Linear(D, 9)
        self.emb = nn.Linear(D, 9)

    def forward(self, embedded, cells):
        conved = F.glu(self.conv(embedded.permute(0, 2, 1)), dim=1)
        encoder_conved = self.enc(cells)
        encoder_combined = encoder_conved + self.emb(cells)
        combined = (self.h2e(conved.permute(0, 2, 1)) + self.emb(embedded)) * 0.5**0.5
        energy = torch.matmul(combined, encoder_conved.permute(0, 2, 1))
        attention = F.softmax(energy, dim=2)
        note(self, attention, "b t n", "cross")
        attended = self.e2h(torch.matmul(attention, encoder_combined))
        return conved + attended.permute(0, 2, 1)


@case(GROUP, "cells", "padding")
class KagglePooling(nn.Module):
    """exp, mask, sum plus 1e-10; a parameter asks."""

    def __init__(self):
        super().__init__()
        self.weight, self.b = (
            nn.Parameter(torch.randn(D, 1)),
            nn.Parameter(torch.zeros(N)),
        )
        self.step_dim = N

    def forward(self, x, padding):
        eij = torch.mm(x.contiguous().view(-1, D), self.weight).view(-1, self.step_dim)
        a = torch.exp(torch.tanh(eij + self.b)) * ~padding
        a = a / (torch.sum(a, 1, keepdim=True) + 1e-10)
        note(self, a, "b n", None)
        return torch.sum(x * torch.unsqueeze(a, -1), 1)


class GlimpsesByView(nn.Module):
    """pytorch-vqa: (B, G, 1, N) times (B, 1, C, N), summed over places."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(C, 3, 1)

    def forward(self, v):
        n, c = v.size()[:2]
        attention = self.conv(torch.tanh(v))
        flat = v.view(n, 1, c, -1)
        w = F.softmax(attention.view(n, 3, -1), dim=-1)
        note(self, w, "b a n", None, answer="glimpses are heads")
        note(self, w, "b t n", None, answer="glimpses are queries")
        weighted = w.unsqueeze(2) * flat
        return weighted.sum(dim=-1).view(n, -1)


case(GROUP, "map")(GlimpsesByView, "glimpses_by_view")
