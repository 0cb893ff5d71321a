"""T5's stack and BERT's layer, with a mask for its heads."""

import math

import torch
from torch import nn

from .captioners import d
from .core import WORDS, A, D, case
from .language_models import GROUP, whole
from .record import note
from .relative_positions import CASES_OFF, T5Attention


@case(GROUP, "words", layer="decoder.attention.block")
class T5Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.ModuleList(T5Attention(i == 0) for i in range(3))

    def forward(self, x):
        bias = None
        for block in self.block:
            y, bias = block(x, bias)
            x = x + y
        return x


class BertSelf(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(D, D) for _ in range(3))
        self.dropout = nn.Dropout(0.1)

    def transpose_for_scores(self, x):
        return x.view(x.size()[:-1] + (A, d)).permute(0, 2, 1, 3)

    def forward(self, hidden_states, attention_mask, head_mask):
        q, k, v = (
            self.transpose_for_scores(f(hidden_states))
            for f in (self.query, self.key, self.value)
        )
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(d) + attention_mask
        probs = self.dropout(nn.Softmax(dim=-1)(scores))
        probs = probs * head_mask
        note(self, probs, "b a t n", "self")
        context = torch.matmul(probs, v).permute(0, 2, 1, 3).contiguous()
        return (context.view(context.size()[:-2] + (D,)), probs)


@whole("question", "padding", expect="right or refused", **CASES_OFF)
class BertWithHeadMask(nn.Module):
    def __init__(self):
        super().__init__()
        self.word, self.kinds = (
            nn.Embedding(WORDS, D, padding_idx=0),
            nn.Embedding(2, D),
        )
        self.norm = nn.LayerNorm(D)
        self.layer = nn.ModuleList(
            nn.ModuleDict({"self": BertSelf(), "output": nn.Linear(D, D)})
            for _ in range(2)
        )

    def forward(self, ids, padding):
        x = self.norm(self.word(ids) + self.kinds(torch.zeros_like(ids)))
        mask = (1.0 - (~padding)[:, None, None, :].float()) * -10000.0
        heads = torch.tensor([1.0, 0.0, 1.0]).view(1, A, 1, 1)
        for layer in self.layer:
            x = self.norm(x + layer["output"](layer["self"](x, mask, heads)[0]))
        return x
