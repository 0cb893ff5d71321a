"""GPT, FlashAttention's fallback and d2l, in the styles of well-known code."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import d
from .core import WORDS, A, D, case
from .record import note

GROUP = "7e transformers in the styles of well-known code"


class CausalSelfAttention(nn.Module):
    """minGPT."""

    def __init__(self):
        super().__init__()
        self.c_attn, self.c_proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.attn_dropout, self.resid_dropout = nn.Dropout(0.1), nn.Dropout(0.1)
        self.register_buffer("bias", torch.tril(torch.ones(9, 9)).view(1, 1, 9, 9))
        self.n_head, self.n_embd = A, D

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        k = k.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        q = q.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        v = v.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.bias[:, :, :T, :T] == 0, float("-inf"))
        att = F.softmax(att, dim=-1)
        note(self, att, "b a t n", "self")
        y = self.attn_dropout(att) @ v
        y = y.transpose(1, 2).contiguous().view(B, T, C)
        return self.resid_dropout(self.c_proj(y))


class FlashAttention(CausalSelfAttention):
    """nanoGPT's quick way."""

    def forward(self, x):
        q, k, v = (
            y.view(*x.shape[:2], A, d).transpose(1, 2)
            for y in self.c_attn(x).split(D, dim=2)
        )

        def weights():
            hidden = self.bias[:, :, : x.size(1), : x.size(1)] == 0
            return (q @ k.mT / d**0.5).masked_fill(hidden, -torch.inf).softmax(-1)

        note(self, weights, "b a t n", "self")
        y = F.scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=None,
            dropout_p=0.1 if self.training else 0,
            is_causal=True,
        )
        return self.c_proj(y.transpose(1, 2).contiguous().view_as(x))


class MinGptBlock(nn.Module):
    def __init__(self, attention=CausalSelfAttention):
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(D), attention(), nn.LayerNorm(D)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(D, 20), "c_proj": nn.Linear(20, D), "act": nn.GELU()}
        )
        m = self.mlp
        self.mlpf = lambda x: m.c_proj(m.act(m.c_fc(x)))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlpf(self.ln_2(x))


class Gpt(nn.Module):
    def __init__(self, attention=CausalSelfAttention):
        super().__init__()
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(WORDS, D),
                "wpe": nn.Embedding(9, D),
                "drop": nn.Dropout(0.1),
                "h": nn.ModuleList([MinGptBlock(attention) for _ in range(2)]),
                "ln_f": nn.LayerNorm(D),
            }
        )
        self.lm_head = nn.Linear(D, WORDS, bias=False)
        self.transformer.wte.weight = self.lm_head.weight

    def forward(self, idx):
        pos = torch.arange(0, idx.size(1)).unsqueeze(0)
        x = self.transformer.drop(self.transformer.wte(idx) + self.transformer.wpe(pos))
        for block in self.transformer.h:
            x = block(x)
        logits = self.lm_head(self.transformer.ln_f(x))
        loss = F.cross_entropy(logits.view(-1, WORDS), idx.view(-1))
        return logits, loss


TRAIN = {"train": True, "images_apart": False}


whole = partial(case, GROUP, whole=True, layer="")


whole("tokens")(Gpt, "minGPT")


whole("tokens", **TRAIN)(Gpt, "minGPT, train")


whole("tokens")(lambda: Gpt(FlashAttention), "nanoGPT")


whole("tokens", **TRAIN)(lambda: Gpt(FlashAttention), "nanoGPT, train")


def sequence_mask(x, valid_len, value=0.0):
    mask = torch.arange(x.size(1))[None, :] < valid_len[:, None]
    x[~mask] = value
    return x


def masked_softmax(x, valid_lens):
    """d2l: the scores are written over, folded to two axes."""
    shape = x.shape
    valid_lens = torch.repeat_interleave(valid_lens, shape[1])
    x = sequence_mask(x.reshape(-1, shape[-1]), valid_lens, value=-1e6)
    return F.softmax(x.reshape(shape), dim=-1)


class D2lAdditive(nn.Module):
    def __init__(self):
        super().__init__()
        self.W_k, self.W_q = nn.Linear(D, 9, bias=False), nn.Linear(D, 9, bias=False)
        self.w_v, self.dropout = nn.Linear(9, 1, bias=False), nn.Dropout(0.1)

    def forward(self, queries, keys, values, valid_lens):
        queries, keys = self.W_q(queries), self.W_k(keys)
        features = torch.tanh(queries.unsqueeze(2) + keys.unsqueeze(1))
        scores = self.w_v(features).squeeze(-1)
        self.attention_weights = masked_softmax(scores, valid_lens)
        note(self, self.attention_weights, "b t n", "cross", join="steps")
        return torch.bmm(self.dropout(self.attention_weights), values)


@whole("question", "padding", "tokens", layer="attention")
class D2lSeq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.attention = nn.Embedding(WORDS, D), D2lAdditive()
        self.encoder, self.rnn = nn.GRU(D, D, 2), nn.GRU(2 * D, D, 2)
        self.dense = nn.Linear(D, WORDS)

    def forward(self, question, padding, tokens):
        outs, state = self.encoder(self.embed(question).permute(1, 0, 2))
        outs, logits = outs.permute(1, 0, 2), []
        for x in self.embed(tokens).permute(1, 0, 2):
            query = torch.unsqueeze(state[-1], dim=1)
            context = self.attention(query, outs, outs, (~padding).sum(1))
            x = torch.cat((context, torch.unsqueeze(x, dim=1)), dim=-1)
            out, state = self.rnn(x.permute(1, 0, 2), state)
            logits.append(out)
        return self.dense(torch.cat(logits, dim=0)).permute(1, 0, 2)
