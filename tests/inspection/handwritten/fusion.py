"""Captioning and question answering papers: AoANet, M2, MCAN, BAN, BiDAF and kin."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import MultiHead, d
from .core import WORDS, A, C, D, case
from .record import note

GROUP = "7c fusion of image and text"


@case(GROUP, "words", "cells")
class AttentionOnAttention(nn.Module):
    """AoANet: the query joins what was read, and a gate decides."""

    def __init__(self):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(D, D) for _ in range(3))
        self.aoa_layer = nn.Sequential(nn.Linear(2 * D, 2 * D), nn.GLU())
        self.norm, self.dropout = nn.LayerNorm(D), nn.Dropout(0.1)

    def attend(self, query, key, value):
        scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(d)
        p_attn = F.softmax(scores, dim=-1)
        note(self, p_attn, "b a t n", "cross")
        return torch.matmul(self.dropout(p_attn), value), p_attn

    def forward(self, query, value):
        b, query = query.size(0), self.norm(query)
        q, k, v = [
            layer(x).view(b, -1, A, d).transpose(1, 2)
            for layer, x in zip(self.linears, (query, value, value), strict=True)
        ]
        x, self.attn = self.attend(q, k, v)
        x = x.transpose(1, 2).contiguous().view(b, -1, D)
        return self.aoa_layer(torch.cat([x, query], -1))


class WithMemory(nn.Module):
    """M2: learned keys and values join the encoder's own."""

    def __init__(self, m=2):
        super().__init__()
        self.fc_q, self.fc_k, self.fc_v = (nn.Linear(D, D) for _ in range(3))
        self.m_k = nn.Parameter(torch.randn(1, m, D))
        self.m_v = nn.Parameter(torch.randn(1, m, D))
        self.m = m

    def forward(self, queries, keys, values):
        b_s, nq = queries.shape[:2]
        nk = keys.shape[1]
        m_k = math.sqrt(d) * self.m_k.expand(b_s, self.m, D)
        m_v = math.sqrt(self.m) * self.m_v.expand(b_s, self.m, D)
        q = self.fc_q(queries).view(b_s, nq, A, d).permute(0, 2, 1, 3)
        k = torch.cat([self.fc_k(keys), m_k], 1)
        k = k.view(b_s, nk + self.m, A, d).permute(0, 2, 3, 1)
        v = torch.cat([self.fc_v(values), m_v], 1)
        v = v.view(b_s, nk + self.m, A, d).permute(0, 2, 1, 3)
        att = torch.softmax(torch.matmul(q, k) / math.sqrt(d), -1)
        note(self, att, "b a t n", "self")
        out = torch.matmul(att, v).permute(0, 2, 1, 3).contiguous()
        return out.view(b_s, nq, D)


class Meshed(nn.Module):
    """One cross-attention looks at every level of the encoder; gates sum them."""

    def __init__(self):
        super().__init__()
        self.self_att, self.enc_att = MultiHead("self"), MultiHead("cross")
        self.alphas = nn.ModuleList(nn.Linear(2 * D, D) for _ in range(3))

    def forward(self, x, levels):
        mask = torch.tril(torch.ones(x.size(1), x.size(1)))
        x = x + self.self_att(x, x, x, mask)[0]
        out = 0
        for i, fc in enumerate(self.alphas):
            y = self.enc_att(x, levels[:, i], levels[:, i])[0]
            out = out + y * torch.sigmoid(fc(torch.cat([x, y], -1)))
        return out / math.sqrt(3)


@case(GROUP, "regions", "tokens", whole=True, layer="")
class MeshedMemory(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.embed = nn.Linear(C, D), nn.Embedding(WORDS, D)
        self.encoder = nn.ModuleList(WithMemory() for _ in range(3))
        self.decoder = nn.ModuleList(Meshed() for _ in range(2))
        self.head = nn.Linear(D, WORDS)

    def forward(self, regions, tokens):
        x, outs = F.relu(self.fc(regions)), []
        for layer in self.encoder:
            x = x + layer(x, x, x)
            outs.append(x.unsqueeze(1))
        levels, y = torch.cat(outs, 1), self.embed(tokens)
        for layer in self.decoder:
            y = layer(y, levels)
        return self.head(y)


@case(GROUP, "cells")
class AttFlat(nn.Module):
    """MCAN's read-out with two glimpses: softmax over (B, N, 2), one sum a glimpse."""

    def __init__(self):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(D, 9), nn.ReLU(), nn.Linear(9, 2))
        self.linear_merge = nn.Linear(2 * D, D)

    def forward(self, x):
        att = F.softmax(self.mlp(x), dim=1)
        note(self, att, "b n a", None, answer="glimpses are heads")
        note(self, att, "b n t", None, answer="glimpses are queries")
        atts = []
        for i in range(2):
            atts.append(torch.sum(att[:, :, i : i + 1] * x, dim=1))
        return self.linear_merge(torch.cat(atts, dim=1))


@case(GROUP, "cells", named={"padding": "padding"})
class AttFlatMasked(nn.Module):
    """One glimpse, with padding."""

    def __init__(self):
        super().__init__()
        self.mlp = nn.Linear(D, 1)

    def forward(self, x, padding):
        att = self.mlp(x).masked_fill(padding.unsqueeze(2), -1e9)
        att = F.softmax(att, dim=1)
        note(self, att, "b n 1", None, to="b 1 1 n")
        return torch.sum(att[:, :, 0:1] * x, dim=1)


@case(GROUP, "words", "regions", expect="right or refused", rows_sum_to_one=False)
class BilinearAttention(nn.Module):
    """BAN: one softmax over all pairs of a word and a cell."""

    def __init__(self):
        super().__init__()
        self.v, self.q = nn.Linear(C, 9), nn.Linear(D, 9)
        self.h = nn.Parameter(torch.randn(1, 2, 1, 9))

    def forward(self, words, regions):
        v, q = F.relu(self.v(regions)), F.relu(self.q(words))
        logits = torch.matmul(q.unsqueeze(1) * self.h, v.unsqueeze(1).transpose(2, 3))
        b, g, t, n = logits.shape
        p = F.softmax(logits.view(b, g, t * n), 2).view(b, g, t, n)
        note(self, p, "b a t n", "cross", answer="glimpses are heads")
        note(self, p, "b g t n", None, to="b 1 g (t n)", answer="pairs are keys")
        note(self, p, "b a t n", None, to="b a 1 (t n)", answer="pairs, heads")
        return torch.einsum("btk,bgtn,bnk->bgk", q, p, v)


@case(GROUP, "words", "regions")
class ParallelCoAttention(nn.Module):
    """Lu 2016: affinity C, then a softmax over words and another over cells."""

    def __init__(self):
        super().__init__()
        self.w_b = nn.Linear(D, C, bias=False)
        self.w_v, self.w_q = nn.Linear(C, 9), nn.Linear(D, 9)
        self.w_hv, self.w_hq = nn.Linear(9, 1), nn.Linear(9, 1)

    def forward(self, q, v):
        c = torch.tanh(torch.bmm(self.w_b(q), v.transpose(1, 2)))  # (B, T, N)
        h_v = torch.tanh(self.w_v(v) + torch.bmm(c.transpose(1, 2), self.w_q(q)))
        h_q = torch.tanh(self.w_q(q) + torch.bmm(c, self.w_v(v)))
        a_v = F.softmax(self.w_hv(h_v), dim=1)
        a_q = F.softmax(self.w_hq(h_q), dim=1)
        note(self, a_v, "b n 1", None, to="b 1 1 n")
        note(self, a_q, "b n 1", None, to="b 1 1 n")
        read_v = torch.squeeze(torch.matmul(a_v.transpose(1, 2), v))
        read_q = torch.squeeze(torch.matmul(a_q.transpose(1, 2), q))
        return read_v, read_q
