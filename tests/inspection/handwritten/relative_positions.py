"""Transformer XL, XLNet, T5 and others whose scores know how far apart words are."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import nn

from .captioners import d
from .core import A, D, N, T, case
from .language_models import GROUP
from .record import note


@case(GROUP, "words")
class Uvadlc(nn.Module):
    """Query, key and value are chunks of every head's share."""

    def scaled_dot_product(self, q, k, v, mask=None):
        attn_logits = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size()[-1])
        if mask is not None:
            while mask.ndim < 4:
                mask = mask.unsqueeze(0)
            attn_logits = attn_logits.masked_fill(mask == 0, -9e15)
        attention = F.softmax(attn_logits, dim=-1)
        note(self, attention, "b a t n", "self")
        return torch.matmul(attention, v), attention

    def __init__(self):
        super().__init__()
        self.qkv_proj, self.o_proj = nn.Linear(D, 3 * D), nn.Linear(D, D)

    def forward(self, x):
        b, t, _ = x.size()
        qkv = self.qkv_proj(x).reshape(b, t, A, 3 * d).permute(0, 2, 1, 3)
        q, k, v = qkv.chunk(3, dim=-1)
        values, attention = self.scaled_dot_product(
            q, k, v, torch.tril(torch.ones(t, t))
        )
        values = values.permute(0, 2, 1, 3).reshape(b, t, D)
        return self.o_proj(values), attention


class TransformerXl(nn.Module):
    """Kimi Young's code: (T, B, D), a shift by views, softmax over axis 1."""

    def __init__(self):
        super().__init__()
        self.qkv_net, self.r_net = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.bias_u = nn.Parameter(torch.randn(A, d))
        self.bias_v = nn.Parameter(torch.randn(A, d))

    def _rel_shift(self, x):
        zero_pad = torch.zeros((x.size(0), 1, *x.size()[2:]))
        padded = torch.cat([zero_pad, x], dim=1)
        padded = padded.view(x.size(1) + 1, x.size(0), *x.size()[2:])
        return padded[1:].view_as(x)

    def forward(self, w, mems):
        qlen, bsz = w.size(0), w.size(1)
        heads = self.qkv_net(torch.cat([mems, w], 0))
        klen = heads.size(0)
        q, k, v = torch.chunk(heads, 3, dim=-1)
        q = q[-qlen:].view(qlen, bsz, A, d)
        k, v = k.view(klen, bsz, A, d), v.view(klen, bsz, A, d)
        rate = 1 / (100 ** (torch.arange(0, D, 2) / D))
        angles = torch.arange(klen - 1, -1, -1.0)[:, None] * rate
        r = self.r_net(torch.cat([angles.sin(), angles.cos()], -1)).view(klen, A, d)
        ac = torch.einsum("ibnd,jbnd->ijbn", (q + self.bias_u, k))
        bd = self._rel_shift(torch.einsum("ibnd,jnd->ijbn", (q + self.bias_v, r)))
        score = (ac + bd).mul_(d**-0.5)
        ahead = torch.triu(torch.ones(qlen, klen), 1 + klen - qlen).bool()[:, :, None]
        score = score.float().masked_fill(ahead[:, :, :, None], -float("inf"))
        prob = F.softmax(score.type_as(score), dim=1)
        note(self, prob, "t n b a", None)
        vec = torch.einsum("ijbn,jbnd->ibnd", (prob, v))
        return vec.contiguous().view(qlen, bsz, D)


case(GROUP, "words_first", "cells_first")(TransformerXl, "transformer_xl")


@case(GROUP, "words_first", "cells_first")
class XlNetTwoStreams(nn.Module):
    """Content and query streams go through one core, one after the other."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Parameter(torch.randn(D, A, d)) for _ in range(3))
        self.g = nn.Parameter(torch.randn(1, 1, D))

    def core(self, q_head, k_head, v_head, mask, kind):
        s = torch.einsum("ibnd,jbnd->bnij", q_head, k_head) * d**-0.5
        prob = F.softmax(s - 1e30 * mask, dim=3)
        note(self, prob, "b a t n", kind)
        return torch.einsum("bnij,jbnd->ibnd", prob, v_head)

    def forward(self, h, mems):
        both, g = torch.cat([mems, h], 0), self.g.expand(len(h), h.size(1), -1)
        k = torch.einsum("ibh,hnd->ibnd", both, self.k)
        v = torch.einsum("ibh,hnd->ibnd", both, self.v)
        ahead = torch.triu(torch.ones(T, T + N), 1 + N)
        blind = torch.triu(torch.ones(T, T + N), N)
        to_q = torch.einsum("ibh,hnd->ibnd", h, self.q)
        out_h = self.core(to_q, k, v, ahead, None)
        to_q = torch.einsum("ibh,hnd->ibnd", g, self.q)
        return out_h, self.core(to_q, k, v, blind, None)


@case(GROUP, "words", "cells", named={"padding": "padding"}, rows_sum_to_one=False)
class XTransformers(nn.Module):
    """Memory keys, QK norm, talking heads after, float32 softmax, keys shared."""

    def __init__(self):
        super().__init__()
        self.to_q, self.to_k, self.to_v = (
            nn.Linear(D, D),
            nn.Linear(D, d),
            nn.Linear(D, d),
        )
        self.mem_k, self.mem_v = (nn.Parameter(torch.randn(2, d)) for _ in range(2))
        self.scale = nn.Parameter(torch.full((A, 1, 1), 3.0))
        self.post_softmax_talking = nn.Conv2d(A, A, 1, bias=False)
        self.attn_fn = partial(F.softmax, dtype=torch.float32)

    def forward(self, x, context, padding):
        h, kv_einsum_eq = A, "b j d"
        q = rearrange(self.to_q(x), "b n (h d) -> b h n d", h=h)
        k, v = self.to_k(context), self.to_v(context)
        mem_k, mem_v = (
            repeat(m, "n d -> b n d", b=len(x)) for m in (self.mem_k, self.mem_v)
        )
        k, v = torch.cat((mem_k, k), dim=-2), torch.cat((mem_v, v), dim=-2)
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        dots = torch.einsum(f"b h i d, {kv_einsum_eq} -> b h i j", q, k) * self.scale
        mask = rearrange(F.pad(~padding, (2, 0), value=True), "b j -> b 1 1 j")
        dots = dots.masked_fill(~mask, -torch.finfo(dots.dtype).max)
        attn = self.attn_fn(dots, dim=-1).type(dots.dtype)
        attn = self.post_softmax_talking(attn)
        note(self, attn, "b a t n", "cross")
        out = torch.einsum(f"b h i j, {kv_einsum_eq} -> b h i d", attn, v)
        return rearrange(out, "b h n d -> b n (h d)")


CASES_OFF = {"rows_sum_to_one": False}


class T5Attention(nn.Module):
    """No scale; the first layer's position bias serves all layers."""

    def __init__(self, has_bias):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(D, D, bias=False) for _ in range(4))
        if has_bias:
            self.relative_attention_bias = nn.Embedding(8, A)

    def compute_bias(self, length):
        place = torch.arange(length)
        bucket = (place[None, :] - place[:, None]).clamp(-4, 3) + 4
        return self.relative_attention_bias(bucket).permute([2, 0, 1]).unsqueeze(0)

    def forward(self, x, position_bias=None):
        b, t = x.shape[:2]
        q, k, v = (
            f(x).view(b, -1, A, d).transpose(1, 2) for f in (self.q, self.k, self.v)
        )
        scores = torch.matmul(q, k.transpose(3, 2))
        if position_bias is None:
            position_bias = self.compute_bias(t)
        scores += position_bias
        w = nn.functional.softmax(scores.float(), dim=-1).type_as(scores)
        note(self, w, "b a t n", "self")
        out = torch.matmul(w, v).transpose(1, 2).contiguous().view(b, -1, D)
        return self.o(out), position_bias
