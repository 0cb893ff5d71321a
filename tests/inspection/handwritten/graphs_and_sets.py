"""Graphs, sets, bags and documents."""

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import d
from .core import WORDS, A, D, N, case
from .record import note

GROUP = "7g memories, graphs, sets, documents, sound"


class GraphAttentionLayer(nn.Module):
    """pyGAT: one graph, no axis of images."""

    def __init__(self, alpha=0.2):
        super().__init__()
        self.W = nn.Parameter(torch.randn(D, d))
        self.a = nn.Parameter(torch.randn(2 * d, 1))
        self.leakyrelu, self.dropout = nn.LeakyReLU(alpha), 0.6

    def forward(self, h, adj):
        wh = torch.mm(h, self.W)
        e = torch.matmul(wh, self.a[:d]) + torch.matmul(wh, self.a[d:]).T
        e = self.leakyrelu(e)
        attention = torch.where(adj > 0, e, -9e15 * torch.ones_like(e))
        attention = F.softmax(attention, dim=1)
        note(self, attention, "t n", "self")
        attention = F.dropout(attention, self.dropout, training=self.training)
        return F.elu(torch.matmul(attention, wh))


def ring():
    return torch.eye(N) + torch.eye(N).roll(1, 0) + torch.eye(N).roll(-1, 0)


@case(GROUP, "points", images_apart=False)
class LabmlGat(nn.Module):
    """All heads at once: (n, n, heads), softmax over axis 1."""

    def __init__(self):
        super().__init__()
        self.linear, self.attn = nn.Linear(D, D, bias=False), nn.Linear(2 * d, 1)

    def forward(self, h):
        n = h.shape[0]
        g = self.linear(h).view(n, A, d)
        both = torch.cat([g.repeat_interleave(n, dim=0), g.repeat(n, 1, 1)], dim=-1)
        e = F.leaky_relu(self.attn(both.view(n, n, A, 2 * d))).squeeze(-1)
        e = e.masked_fill(ring()[..., None] == 0, float("-inf"))
        a = e.softmax(dim=1)
        note(self, a, "t n a", "self")
        return torch.einsum("ijh,jhf->ihf", a, g).reshape(n, D)


@case(GROUP, "points", images_apart=False, expect="not wrong")
class SparseGat(nn.Module):
    """A softmax over edges by index_add, as PyG's: no (N, N) exists."""

    def __init__(self):
        super().__init__()
        self.w, self.a = nn.Linear(D, D), nn.Linear(2 * D, 1)

    def forward(self, x):
        to, source = ring().nonzero().T
        h = self.w(x)
        e = F.leaky_relu(self.a(torch.cat([h[to], h[source]], -1)).squeeze(-1)).exp()
        total = torch.zeros(N).index_add(0, to, e)
        alpha = e / total[to]
        note(self, torch.zeros(N, N).index_put((to, source), alpha), "t n", "self")
        return torch.zeros(N, D).index_add(0, to, alpha[:, None] * h[source])


class Mab(nn.Module):
    """Set Transformer: heads by cat(split), put before the images."""

    def __init__(self, kind=None):
        super().__init__()
        self.fc_q, self.fc_k, self.fc_v, self.fc_o = (nn.Linear(D, D) for _ in range(4))
        self.ln0, self.ln1, self.kind = nn.LayerNorm(D), nn.LayerNorm(D), kind
        self.num_heads, self.dim_V = A, D

    def forward(self, Q, K):
        Q = self.fc_q(Q)
        K, V = self.fc_k(K), self.fc_v(K)
        dim_split = self.dim_V // self.num_heads
        Q_ = torch.cat(Q.split(dim_split, 2), 0)
        K_ = torch.cat(K.split(dim_split, 2), 0)
        V_ = torch.cat(V.split(dim_split, 2), 0)
        weights = torch.softmax(Q_.bmm(K_.transpose(1, 2)) / self.dim_V**0.5, 2)
        note(self, weights, "(a b) t n", self.kind, a=A)
        out = torch.cat((Q_ + weights.bmm(V_)).split(Q.size(0), 0), 2)
        out = self.ln0(out)
        return self.ln1(out + F.relu(self.fc_o(out)))


@case(GROUP, "cells", layer="decoder.attention.mab")
class SetTransformer(nn.Module):
    """ISAB, SAB and PMA."""

    def __init__(self):
        super().__init__()
        self.induced = nn.Parameter(torch.randn(1, 4, D))
        self.seed = nn.Parameter(torch.randn(1, 1, D))
        self.mab0, self.mab1 = Mab(), Mab()
        self.sab, self.pma = Mab("self"), Mab()

    def forward(self, x):
        h = self.mab0(self.induced.repeat(x.size(0), 1, 1), x)
        x = self.mab1(x, h)
        x = self.sab(x, x)
        return self.pma(self.seed.repeat(x.size(0), 1, 1), x).squeeze(1)


@case(GROUP, "points", images_apart=False)
class BagGated(nn.Module):
    """Gated attention MIL (Ilse): one bag, A is (1, N)."""

    def __init__(self):
        super().__init__()
        self.attention_V = nn.Sequential(nn.Linear(D, 9), nn.Tanh())
        self.attention_U = nn.Sequential(nn.Linear(D, 9), nn.Sigmoid())
        self.attention_w, self.classifier = nn.Linear(9, 1), nn.Linear(D, 1)

    def forward(self, H):
        A = self.attention_w(self.attention_V(H) * self.attention_U(H))
        A = torch.transpose(A, 1, 0)
        A = F.softmax(A, dim=1)
        note(self, A, "1 n", None, to="1 1 1 n")
        Z = torch.mm(A, H)
        return torch.sigmoid(self.classifier(Z)), A


@case(GROUP, "document", whole=True, layer="", images_apart=False)
class Hierarchical(nn.Module):
    """HAN: words within a sentence, then sentences; all sentences in one batch."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(WORDS, D)
        self.word_gru = nn.GRU(D, 6, bidirectional=True, batch_first=True)
        self.sent_gru = nn.GRU(D, 6, bidirectional=True, batch_first=True)
        self.word_att, self.sent_att = Reader(), Reader()

    def forward(self, document):
        b, s, w = document.shape
        h, _ = self.word_gru(self.embed(document.view(b * s, w)))
        h, _ = self.sent_gru(self.word_att(h).view(b, s, -1))
        return self.sent_att(h)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention, self.context = nn.Linear(D, 9), nn.Linear(9, 1, bias=False)

    def forward(self, h):
        att = self.context(torch.tanh(self.attention(h))).squeeze(2)
        att = torch.exp(att - att.max())
        alphas = att / torch.sum(att, dim=1, keepdim=True)
        note(self, alphas, "b n", None, answer="folded")
        note(self, alphas, "(b a) n", None, b=2, answer="sentences as heads")
        note(self, alphas, "(b t) n", None, b=2, answer="sentences as queries")
        return (h * alphas.unsqueeze(2)).sum(dim=1)
