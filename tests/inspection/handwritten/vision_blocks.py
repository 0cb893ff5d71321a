"""Swin, BoTNet, spatial reduction and CLIP's pooling."""

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import d
from .core import A, C, D, case
from .feature_maps import GROUP
from .record import note


class SwinBlock(nn.Module):
    """Windows of 2 x 2, rolled by one, with a position table and the border mask."""

    def __init__(self, shift=1):
        super().__init__()
        self.shift, self.qkv = shift, nn.Linear(C, 3 * D)
        self.proj, self.table = nn.Linear(D, C), nn.Parameter(torch.randn(9, A))
        at = torch.stack(torch.meshgrid(*[torch.arange(2)] * 2, indexing="ij"))
        at = at.flatten(1)
        rel = (at[:, :, None] - at[:, None, :]).permute(1, 2, 0) + 1
        self.register_buffer("index", rel[..., 0] * 3 + rel[..., 1])

    def windows(self, x):
        b, h, w, c = x.shape
        x = x.view(b, h // 2, 2, w // 2, 2, c)
        return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, 4, c)

    def mask(self, h, w):
        region = torch.zeros(1, h, w, 1)
        for i, rows in enumerate((slice(0, -2), slice(-2, -1), slice(-1, None))):
            for j, cols in enumerate((slice(0, -2), slice(-2, -1), slice(-1, None))):
                region[:, rows, cols] = 3 * i + j
        region = self.windows(region).squeeze(-1)
        return (region[:, None] != region[:, :, None]).float() * -100

    def forward(self, image):
        x = image.permute(0, 2, 3, 1)
        b, h, w, _ = x.shape
        x = torch.roll(x, (-self.shift, -self.shift), dims=(1, 2))
        x = self.windows(x)
        qkv = self.qkv(x).reshape(-1, 4, 3, A, d).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = q * d**-0.5 @ k.transpose(-2, -1)
        attn = attn + self.table[self.index.view(-1)].view(4, 4, A).permute(2, 0, 1)
        if self.shift:
            mask = self.mask(h, w)
            nw = len(mask)
            attn = attn.view(b, nw, A, 4, 4) + mask.unsqueeze(1).unsqueeze(0)
            attn = attn.view(-1, A, 4, 4)
        attn = F.softmax(attn, dim=-1)
        note(self, attn, "b a t n", "self")
        x = self.proj((attn @ v).transpose(1, 2).reshape(-1, 4, D))
        x = x.view(b, h // 2, w // 2, 2, 2, -1).permute(0, 1, 3, 2, 4, 5)
        x = x.reshape(b, h, w, -1)
        return torch.roll(x, (self.shift, self.shift), dims=(1, 2))


WINDOWS = {"expect": "right or refused", "images_apart": False}


case(GROUP, "map", **WINDOWS)(lambda: SwinBlock(0), "Swin block")


case(GROUP, "map", **WINDOWS)(lambda: SwinBlock(1), "Swin block, shifted")


@case(GROUP, "map")
class BottleneckTransformer(nn.Module):
    """BoTNet: places along rows and columns are learned; values stay (d, N)."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = (nn.Conv2d(C, D, 1) for _ in range(3))
        self.rel_h = nn.Parameter(torch.randn(1, A, d, 1, 6))
        self.rel_w = nn.Parameter(torch.randn(1, A, d, 4, 1))

    def forward(self, x):
        b, _, h, w = x.size()
        q, k, v = (f(x).view(b, A, d, -1) for f in (self.query, self.key, self.value))
        content = torch.matmul(q.permute(0, 1, 3, 2), k)
        place = (self.rel_h + self.rel_w).view(1, A, d, -1).permute(0, 1, 3, 2)
        attention = F.softmax(content + torch.matmul(place, q).mT, dim=-1)
        note(self, attention, "b a t n", "self")
        out = torch.matmul(v, attention.permute(0, 1, 3, 2))
        return out.view(b, D, h, w)


@case(GROUP, "map")
class SpatialReduction(nn.Module):
    """PVT: keys and values come from a map of half the size."""

    def __init__(self):
        super().__init__()
        self.q, self.kv = nn.Linear(C, D), nn.Linear(C, 2 * D)
        self.sr, self.norm = nn.Conv2d(C, C, 2, stride=2), nn.LayerNorm(C)

    def forward(self, image):
        b, c, h, w = image.shape
        x = image.flatten(2).transpose(1, 2)
        q = self.q(x).reshape(b, h * w, A, d).permute(0, 2, 1, 3)
        x_ = self.sr(x.permute(0, 2, 1).reshape(b, c, h, w)).reshape(b, c, -1)
        kv = self.kv(self.norm(x_.permute(0, 2, 1)))
        k, v = kv.reshape(b, -1, 2, A, d).permute(2, 0, 3, 1, 4)
        attn = ((q @ k.transpose(-2, -1)) * d**-0.5).softmax(dim=-1)
        note(self, attn, "b a t n", None)
        return (attn @ v).transpose(1, 2).reshape(b, h * w, D)


@case(GROUP, "map")
class ClipPool(nn.Module):
    """CLIP's pooling: the mean asks, by F.multi_head_attention_forward."""

    def __init__(self):
        super().__init__()
        self.pos = nn.Parameter(torch.randn(25, D))
        self.conv, self.c_proj = nn.Conv2d(C, D, 1), nn.Linear(D, 9)
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(D, D) for _ in range(3))

    def forward(self, image):
        x = self.conv(image).flatten(start_dim=2).permute(2, 0, 1)  # (N, B, D)
        x = torch.cat([x.mean(dim=0, keepdim=True), x], dim=0) + self.pos[:, None]
        q = self.q_proj(x[:1]).unflatten(-1, (A, d))
        k = self.k_proj(x).unflatten(-1, (A, d))
        s = torch.einsum("tbad,nbad->batn", q, k) / d**0.5
        note(self, s.softmax(-1), "b a t n", None)
        projections = (self.q_proj, self.k_proj, self.v_proj)
        out, _ = F.multi_head_attention_forward(
            query=x[:1],
            key=x,
            value=x,
            embed_dim_to_check=D,
            num_heads=A,
            q_proj_weight=self.q_proj.weight,
            k_proj_weight=self.k_proj.weight,
            v_proj_weight=self.v_proj.weight,
            in_proj_weight=None,
            in_proj_bias=torch.cat([one.bias for one in projections]),
            bias_k=None,
            bias_v=None,
            add_zero_attn=False,
            dropout_p=0.0,
            out_proj_weight=self.c_proj.weight,
            out_proj_bias=self.c_proj.bias,
            use_separate_proj_weight=True,
            training=self.training,
            need_weights=False,
        )
        return out.squeeze(0)


@case(GROUP, "map")
class ChannelsLast(nn.Module):
    """Rows and columns stay axes: scores (B, h, w, h, w)."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(C, C) for _ in range(3))

    def forward(self, image):
        x = image.to(memory_format=torch.channels_last).permute(0, 2, 3, 1)
        q, k, v = self.q(x), self.k(x), self.v(x)
        s = torch.einsum("bhwc,bijc->bhwij", q, k)
        w = s.flatten(3).softmax(-1)
        note(self, w, "b h w n", "self", to="b 1 (h w) n")
        return torch.einsum("bhwij,bijc->bhwc", w.view_as(s), v)
