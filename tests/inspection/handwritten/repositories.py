"""Papers' repositories: AttnGAN, DAMSM, Whisper and Segment Anything."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import d
from .core import WORDS, A, C, D, N, T, case
from .courses import GROUP
from .layouts import Projections
from .record import note


@case(GROUP, "map", "words")
class AttnGan(nn.Module):
    """GlobalAttentionGeneral: cells look at words, folded to two axes."""

    def __init__(self):
        super().__init__()
        self.conv_context, self.sm = nn.Conv2d(D, C, 1), nn.Softmax(dim=1)

    def forward(self, image, words):
        b, c, ih, iw = image.shape
        context = words.transpose(1, 2)  # (B, D, T)
        target_t = image.view(b, -1, ih * iw).transpose(1, 2).contiguous()
        source_t = self.conv_context(context.unsqueeze(3)).squeeze(3)  # (B, C, T)
        attn = torch.bmm(target_t, source_t).view(b * ih * iw, T)
        attn = self.sm(attn).view(b, ih * iw, T)
        note(self, attn, "b t n", "cross")
        attn = torch.transpose(attn, 1, 2).contiguous()
        weighted = torch.bmm(source_t, attn).view(b, -1, ih, iw)
        return weighted, attn.view(b, -1, ih, iw)


@case(GROUP, "map", "words")
class Damsm(nn.Module):
    """AttnGAN's matching: a softmax over words, then another over cells."""

    def forward(self, image, words):
        words = F.pad(words, (0, 0))[..., :C]
        b, c, ih, iw = image.shape
        context = image.view(b, -1, ih * iw)
        query = words.transpose(1, 2)  # (B, C, T)
        attn = torch.bmm(context.transpose(1, 2).contiguous(), query)
        attn = nn.Softmax(dim=1)(attn.view(b * ih * iw, T)).view(b, ih * iw, T)
        attn = torch.transpose(attn, 1, 2).contiguous().view(b * T, ih * iw) * 4.0
        attn = nn.Softmax(dim=1)(attn).view(b, T, ih * iw)
        note(self, attn, "b t n", "cross")
        return torch.bmm(context, attn.transpose(1, 2).contiguous())


@case(GROUP, "regions", "words", images_apart=False)
class StackedCrossAttention(nn.Module):
    """SCAN: every caption with all images; a loop over captions."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(C, D)

    def forward(self, regions, captions):
        images, scores = F.normalize(self.fc(regions), dim=-1), []
        for i in range(len(captions)):
            cap = captions[i, : T - i].unsqueeze(0).repeat(len(images), 1, 1)
            attn = nn.LeakyReLU(0.1)(torch.bmm(images, cap.transpose(1, 2)))
            attn = F.normalize(attn, dim=2)  # (B, N, T)
            attn = attn.transpose(1, 2).contiguous().view(-1, N)
            attn = F.softmax(attn * 9.0, dim=1).view(len(images), -1, N)
            note(self, attn, "b t n", "cross")
            weighted = torch.bmm(images.transpose(1, 2), attn.transpose(1, 2))
            similar = F.cosine_similarity(cap, weighted.transpose(1, 2), dim=2)
            scores.append(similar.mean(dim=1, keepdim=True))
        return torch.cat(scores, 1)


@case(GROUP, "words")
class Former(Projections):
    """Bloem: folded heads, the mask written over by triu_indices."""

    def forward(self, x):
        b, t, e = x.size()
        keys, queries, values = (
            y.view(b, t, A, d).transpose(1, 2).contiguous().view(b * A, t, d)
            for y in (self.k(x), self.q(x), self.v(x))
        )
        dot = torch.bmm(queries / e**0.25, (keys / e**0.25).transpose(1, 2))
        rows, cols = torch.triu_indices(t, t, offset=1)
        dot[..., rows, cols] = float("-inf")
        dot = F.softmax(dot, dim=2)
        note(self, dot, "(b a) t n", "self", a=A)
        out = torch.bmm(dot, values).view(b, A, t, d)
        return self.o(out.transpose(1, 2).contiguous().view(b, t, d * A))


class WhisperAttention(Projections):
    """Keys may come from a cache that hooks fill."""

    kind = None

    def forward(self, x, xa=None, kv_cache=None):
        q = self.q(x)
        if kv_cache is None or xa is None or self.k not in kv_cache:
            k, v = self.k(x if xa is None else xa), self.v(x if xa is None else xa)
        else:
            k, v = kv_cache[self.k], kv_cache[self.v]
        n = q.shape[1]
        q = q.view(*q.shape[:2], A, -1).permute(0, 2, 1, 3) * d**-0.25
        k = k.view(*k.shape[:2], A, -1).permute(0, 2, 3, 1) * d**-0.25
        v = v.view(*v.shape[:2], A, -1).permute(0, 2, 1, 3)
        qk = q @ k
        if xa is None and n > 1:
            qk = qk + torch.empty(n, n).fill_(-math.inf).triu_(1)
        w = F.softmax(qk.float(), dim=-1).to(q.dtype)
        note(self, w, "b a t n", self.kind, join="steps" if xa is not None else None)
        return self.o((w @ v).permute(0, 2, 1, 3).flatten(start_dim=2))


@case(GROUP, "cells", layer="decoder.attention.attn")
class WhisperByHooks(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(WORDS, D), nn.Linear(D, WORDS)
        self.places = nn.Embedding(4, D)
        self.attn, self.cross_attn = WhisperAttention(), WhisperAttention()
        self.cross_attn.kind = "cross"

    def forward(self, xa):
        cache = {}

        def save(module, _, output):
            if module in cache and output.shape[1] == 1:
                cache[module] = torch.cat([cache[module], output], dim=1).detach()
            else:
                cache[module] = output
            return cache[module]

        layers = [m for a in (self.attn, self.cross_attn) for m in (a.k, a.v)]
        hooks = [m.register_forward_hook(save) for m in layers]
        words = torch.zeros(len(xa), 1, dtype=torch.long)
        for t in range(4):
            x = self.embed(words[:, -1:]) + self.places.weight[t]
            x = x + self.attn(x, kv_cache=cache)
            x = x + self.cross_attn(x, xa, kv_cache=cache)
            words = torch.cat([words, self.head(x[:, -1:]).argmax(-1)], 1)
        for hook in hooks:
            hook.remove()
        return words


@case(GROUP, "map")
class SegmentAnything(nn.Module):
    """Rows' and columns' relative places are added to a view of the scores."""

    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(C, 3 * D), nn.Linear(D, D)
        self.rel_h = nn.Parameter(torch.randn(4, 4, d))
        self.rel_w = nn.Parameter(torch.randn(6, 6, d))

    def forward(self, image):
        x = image.permute(0, 2, 3, 1)
        b, h, w, _ = x.shape
        qkv = self.qkv(x).reshape(b, h * w, 3, A, -1).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.reshape(3, b * A, h * w, -1).unbind(0)
        attn = (q * d**-0.5) @ k.transpose(-2, -1)
        r_q = q.reshape(b * A, h, w, d)
        rel_h = torch.einsum("bhwc,hkc->bhwk", r_q, self.rel_h)
        rel_w = torch.einsum("bhwc,wkc->bhwk", r_q, self.rel_w)
        attn = attn.view(b * A, h, w, h, w) + rel_h[..., None] + rel_w[..., None, :]
        attn = attn.view(b * A, h * w, h * w).softmax(dim=-1)
        note(self, attn, "(b a) t n", "self", a=A)
        x = (attn @ v).view(b, A, h, w, -1).permute(0, 2, 3, 1, 4).reshape(b, h, w, -1)
        return self.proj(x)
