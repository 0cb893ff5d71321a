"""A captioner of a ViT and a GPT, from pixels and word numbers to logits."""

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import VitBlock, d, whole
from .core import WORDS, A, D, T
from .record import note


class GptBlock(nn.Module):
    """Both attentions in one module: SDPA for its own words, by hand for cells."""

    def __init__(self):
        super().__init__()
        self.qkv, self.q, self.kv = nn.Linear(D, 3 * D), nn.Linear(D, D), None
        self.kv = nn.Linear(D, 2 * D)
        self.ln = nn.ModuleList(nn.LayerNorm(D) for _ in range(2))

    def heads(self, x):
        return x.unflatten(-1, (A, d)).transpose(1, 2)

    def forward(self, x, memory):
        q, k, v = map(self.heads, self.qkv(self.ln[0](x)).chunk(3, -1))
        ahead = torch.ones(x.size(1), x.size(1)).triu(1).bool()
        own = (q @ k.mT / d**0.5).masked_fill(ahead, -torch.inf)
        note(self, own.softmax(-1), "b a t n", "self")
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + y.transpose(1, 2).flatten(2)
        q = self.heads(self.q(self.ln[1](x)))
        k, v = map(self.heads, self.kv(memory).chunk(2, -1))
        w = F.softmax(q @ k.transpose(-1, -2) / d**0.5, -1)
        note(self, w, "b a t n", "cross")
        return x + (w @ v).transpose(1, 2).flatten(2)


class VitGpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, D, 8, stride=8)
        self.cls = nn.Parameter(torch.randn(1, 1, D))
        self.pos = nn.Parameter(torch.randn(1, 7, D))
        self.vit = nn.Sequential(*[VitBlock() for _ in range(2)])
        self.wte, self.wpe = nn.Embedding(WORDS, D), nn.Embedding(T, D)
        self.h = nn.ModuleList([GptBlock() for _ in range(2)])
        self.lm_head = nn.Linear(D, WORDS, bias=False)

    def forward(self, photo, tokens):
        x = self.patch(photo).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        memory = self.vit(x)
        y = self.wte(tokens) + self.wpe(torch.arange(tokens.size(1)))
        for block in self.h:
            y = block(y, memory)
        return self.lm_head(y)


whole("ViT and GPT with cross-attention", VitGpt, "photo", "tokens")
