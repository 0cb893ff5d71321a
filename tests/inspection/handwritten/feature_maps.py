"""Attention among the places of a feature map."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import C, D, case
from .record import note

GROUP = "7d feature maps"


@case(GROUP, "map")
class SelfAttentionGan(nn.Module):
    """SAGAN with spectral norm, keys and values pooled to a quarter."""

    def __init__(self):
        super().__init__()
        spectral = torch.nn.utils.parametrizations.spectral_norm
        self.theta = spectral(nn.Conv2d(C, 5, 1, bias=False))
        self.phi = spectral(nn.Conv2d(C, 5, 1, bias=False))
        self.g, self.o = nn.Conv2d(C, 6, 1), nn.Conv2d(6, C, 1)
        self.gamma = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        theta, phi = self.theta(x), F.max_pool2d(self.phi(x), [2, 2])
        g = F.max_pool2d(self.g(x), [2, 2])
        theta, phi, g = theta.view(len(x), 5, -1), phi.view(len(x), 5, -1), g.flatten(2)
        beta = F.softmax(torch.bmm(theta.transpose(1, 2), phi), -1)  # (B, N, N/4)
        note(self, beta, "b t n", None)
        o = torch.bmm(g, beta.transpose(1, 2)).view(len(x), 6, *x.shape[2:])
        return self.gamma * self.o(o) + x


@case(GROUP, "map")
class NonLocalSubsampled(nn.Module):
    """The non-local block's views: y comes out as (B, N, C/2)."""

    def __init__(self):
        super().__init__()
        self.g = nn.Sequential(nn.Conv2d(C, 5, 1), nn.MaxPool2d(2))
        self.theta = nn.Conv2d(C, 5, 1)
        self.phi = nn.Sequential(nn.Conv2d(C, 5, 1), nn.MaxPool2d(2))
        self.w = nn.Sequential(nn.Conv2d(5, C, 1), nn.BatchNorm2d(C))

    def forward(self, x):
        b = x.size(0)
        g_x = self.g(x).view(b, 5, -1).permute(0, 2, 1)
        theta_x = self.theta(x).view(b, 5, -1).permute(0, 2, 1)
        f_div_c = F.softmax(torch.matmul(theta_x, self.phi(x).view(b, 5, -1)), dim=-1)
        note(self, f_div_c, "b t n", None)
        y = torch.matmul(f_div_c, g_x).permute(0, 2, 1).contiguous()
        return self.w(y.view(b, 5, *x.size()[2:])) + x


@case(GROUP, "map", expect="not wrong", rows_sum_to_one=False)
class NonLocalDotProduct(nn.Module):
    """The variant without softmax: scores over their number."""

    def __init__(self):
        super().__init__()
        self.theta, self.phi = nn.Conv2d(C, 5, 1), nn.Conv2d(C, 5, 1)

    def forward(self, x):
        f = self.theta(x).flatten(2).mT @ self.phi(x).flatten(2)
        f = f / f.size(-1)
        note(self, f, "b t n", "self")
        return (f @ x.flatten(2).mT).mT.view_as(x)


@case(GROUP, "map")
class GlobalContext(nn.Module):
    """GCNet: one map for the whole image."""

    def __init__(self):
        super().__init__()
        self.conv_mask, self.softmax = nn.Conv2d(C, 1, 1), nn.Softmax(dim=2)
        self.add = nn.Sequential(nn.Conv2d(C, 4, 1), nn.ReLU(), nn.Conv2d(4, C, 1))

    def forward(self, x):
        b, c, h, w = x.size()
        input_x = x.view(b, c, h * w).unsqueeze(1)
        mask = self.softmax(self.conv_mask(x).view(b, 1, h * w))
        note(self, mask, "b 1 n", None, to="b 1 1 n")
        context = torch.matmul(input_x, mask.unsqueeze(-1)).view(b, c, 1, 1)
        return x + self.add(context)


@case(GROUP, "map", expect="right or refused")
class DoubleAttention(nn.Module):
    """A2-Net: four maps gather, then every cell chooses among the four."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.v = (nn.Conv2d(C, n, 1) for n in (5, 4, 4))

    def forward(self, x):
        a = self.a(x).flatten(2)  # (B, 5, N)
        gather = self.b(x).flatten(2).softmax(-1)  # (B, 4, N)
        spread = self.v(x).flatten(2).softmax(1)  # (B, 4, N)
        for answer in "ta":
            note(self, gather, f"b {answer} n", None, answer=answer)
            note(self, spread, "b n t", None, to="b 1 t n", answer=answer)
        descriptors = torch.bmm(a, gather.permute(0, 2, 1))  # (B, 5, 4)
        return descriptors.matmul(spread).view(len(x), 5, *x.shape[2:])


@case(GROUP, "map", expect="right or refused", rows_sum_to_one=False)
class CrissCross(nn.Module):
    """A cell looks along its row and its column: one softmax over both."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Conv2d(C, n, 1) for n in (5, 5, C))

    def forward(self, x):
        b, _, h, w = x.size()
        q, k, v = self.q(x), self.k(x), self.v(x)
        q_h = q.permute(0, 3, 2, 1).reshape(b * w, h, -1)
        q_w = q.permute(0, 2, 3, 1).reshape(b * h, w, -1)
        k_h, v_h = (y.permute(0, 3, 1, 2).reshape(b * w, -1, h) for y in (k, v))
        k_w, v_w = (y.permute(0, 2, 1, 3).reshape(b * h, -1, w) for y in (k, v))
        own = torch.diag(torch.full((h,), torch.inf))  # itself only once
        e_h = (torch.bmm(q_h, k_h) - own).view(b, w, h, h).transpose(1, 2)
        e_w = torch.bmm(q_w, k_w).view(b, h, w, w)
        att = torch.cat([e_h, e_w], 3).softmax(3)  # (B, h, w, h+w)
        note(self, att, "b h w n", "self", to="b 1 (h w) n", answer="whole")
        a_h = att[..., :h].permute(0, 2, 1, 3).reshape(b * w, h, h)
        a_w = att[..., h:].reshape(b * h, w, w)
        note(self, a_h, "(b a) t n", "self", a=w, answer="columns, rows")
        note(self, a_w, "(b a) t n", "self", a=h, answer="columns, rows")
        out_h = torch.bmm(v_h, a_h.transpose(1, 2)).view(b, w, -1, h)
        out_w = torch.bmm(v_w, a_w.transpose(1, 2)).view(b, h, -1, w)
        return out_h.permute(0, 2, 3, 1) + out_w.permute(0, 2, 1, 3) + x


@case(GROUP, "films", expect="right or refused", images_apart=False)
class DividedInTime(nn.Module):
    """TimeSformer: through time first, then within a frame."""

    def __init__(self):
        super().__init__()
        self.time, self.space = nn.Linear(D, 3 * D), nn.Linear(D, 3 * D)

    def attend(self, x, qkv):
        q, k, v = qkv(x).chunk(3, -1)
        w = (q @ k.mT / D**0.5).softmax(-1)
        note(self, w, "b t n", "self", answer="folded")
        note(self, w, "(b a) t n", "self", b=2, answer="in the heads' place")
        return w @ v

    def forward(self, x):
        b, f, n, _ = x.shape
        x = x + self.attend(x.transpose(1, 2).flatten(0, 1), self.time).unflatten(
            0, (b, n)
        ).transpose(1, 2)
        return x + self.attend(x.flatten(0, 1), self.space).view_as(x)


@case(GROUP, "films", images_apart=False)
class DividedKeepingAxes(DividedInTime):
    """The same without folding: scores (B, F, N, N) are no heads."""

    def attend(self, x, qkv):
        q, k, v = qkv(x).chunk(3, -1)
        w = (q @ k.mT / D**0.5).softmax(-1)  # (B, F, N, N)
        note(self, w, "b f t n", "self", to="(b f) 1 t n", answer="frames are images")
        note(self, w, "b f t n", "self", to="b f t n", answer="frames are heads")
        return w @ v

    def forward(self, x):
        return x + self.attend(x, self.space)
