"""Keys and values that are kept from word to word, and beams."""

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import Cnn, d
from .core import WORDS, A, C, D, T
from .record import note
from .step_by_step import Attention, stepping


class Cached(nn.Module):
    """Self-attention that gets one word and keeps keys: concatenated."""

    buffer = ""

    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.cache = None

    def remember(self, k, v):
        if self.cache is not None:
            k = torch.cat([self.cache[0], k], dim=2)
            v = torch.cat([self.cache[1], v], dim=2)
        self.cache = (k, v)
        return k, v, None

    def forward(self, x):
        q, k, v = (
            y.view(len(x), -1, A, d).transpose(1, 2) for y in self.qkv(x).chunk(3, -1)
        )
        k, v, hidden = self.remember(k, v)
        att = q @ k.transpose(-2, -1) / d**0.5
        if hidden is not None:
            att = att.masked_fill(hidden, float("-inf"))
        att = F.softmax(att, dim=-1)
        join = None if hidden is None else "steps"
        note(self, att, "b a t n", None, join=join)
        return self.proj((att @ v).transpose(1, 2).reshape(len(x), -1, D))


class CachedByAssignment(Cached):
    """The cache is a buffer of full length; what is filled is sliced out."""

    def __init__(self):
        super().__init__()
        self.register_buffer("keys", torch.zeros(4, A, T, d), persistent=False)
        self.register_buffer("values", torch.zeros(4, A, T, d), persistent=False)
        self.filled = 0

    def remember(self, k, v):
        b, at = k.size(0), slice(self.filled, self.filled + k.size(2))
        self.keys[:b, :, at], self.values[:b, :, at] = k, v
        self.filled += k.size(2)
        return self.keys[:b, :, : self.filled], self.values[:b, :, : self.filled], None


class CachedByMask(CachedByAssignment):
    """The whole buffer is read; what is not filled yet is masked."""

    def remember(self, k, v):
        super().remember(k, v)
        b, hidden = k.size(0), torch.arange(T) >= self.filled
        return self.keys[:b], self.values[:b], hidden


def greedy(own):
    class Greedy(nn.Module):
        """Words are chosen one by one; the cross-attention keeps its keys."""

        def __init__(self):
            super().__init__()
            self.encoder, self.embed = Cnn(D), nn.Embedding(WORDS, D)
            self.places = nn.Embedding(T, D)
            self.own, self.cross, self.head = own(), Attention(D), nn.Linear(D, WORDS)

        def forward(self, photo):
            cells = self.encoder(photo).flatten(2).transpose(1, 2)
            word = torch.zeros(len(photo), 1, dtype=torch.long)
            words = [word]
            for t in range(T):
                x = self.embed(word) + self.places.weight[t]
                x = x + self.own(x)
                x = x + self.cross(cells, x[:, 0])[0].unsqueeze(1)
                word = self.head(x[:, -1]).argmax(-1, keepdim=True)
                words.append(word)
            return torch.cat(words, 1)

    return Greedy


stepping("photo")(greedy(Cached), "greedy, cache by cat")


stepping("photo")(greedy(CachedByAssignment), "greedy, cache by assignment")


stepping("photo")(greedy(CachedByMask), "greedy, whole cache and mask")


@stepping("photo", layer="attention", images_apart=False)
class BeamSearch(nn.Module):
    """Three beams an image in one batch; beams are reordered after every step."""

    def __init__(self):
        super().__init__()
        self.encoder, self.attention = Cnn(), Attention()
        self.embed, self.cell = nn.Embedding(WORDS, D), nn.GRUCell(D + C, D)
        self.head, self.beams = nn.Linear(D, WORDS), 3

    def forward(self, photo):
        cells = self.encoder(photo).flatten(2).transpose(1, 2)
        b, k = len(photo), self.beams
        cells = cells.repeat_interleave(k, dim=0)  # (B*K, N, C)
        h, word = cells.new_zeros(b * k, D), torch.zeros(b * k, dtype=torch.long)
        scores = torch.tensor([0.0, -1e9, -1e9]).repeat(b)
        for _ in range(T):
            read, _ = self.attention(cells, h)
            h = self.cell(torch.cat([self.embed(word), read], 1), h)
            total = scores[:, None] + self.head(h).log_softmax(-1)
            scores, best = total.view(b, -1).topk(k, dim=-1)
            rows = (best // WORDS + torch.arange(b)[:, None] * k).view(-1)
            scores, word, h = scores.view(-1), (best % WORDS).view(-1), h[rows]
        return word.view(b, k), scores
