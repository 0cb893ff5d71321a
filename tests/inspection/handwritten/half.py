"""Half precision, masks, and PyTorch's own scaled dot-product attention."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import A, D, case
from .layouts import Projections
from .record import note
from .torch_modules import by_hand

GROUP = "3 half precision, masks, SDPA"
HALF = {torch.float16: "float16", torch.bfloat16: "bfloat16"}


def exact(q, k, scale=None, bias=None):
    """Give weights (..., T, N) in double precision from q and k as they are."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    s = q.double() @ k.double().mT * scale
    if bias is not None and bias.dtype == torch.bool:
        s = s.masked_fill(~bias, -torch.inf)
    elif bias is not None:
        s = s + bias.double()
    return s.softmax(-1).nan_to_num(0.0)


class Fused(nn.Module):
    """Scaled dot-product attention, fused; `call` is the case's own way."""

    kind, width, kv_heads = "cross", D, A

    def __init__(self):
        super().__init__()
        self.q, self.o = nn.Linear(self.width, self.width), nn.Linear(self.width, 4)
        self.kv = nn.Linear(self.width, 2 * self.width // A * self.kv_heads)

    def split(self, x, y):
        q = self.q(x).unflatten(-1, (A, -1)).transpose(1, 2)  # (B, A, T, D/A)
        k, v = self.kv(y).unflatten(-1, (2, self.kv_heads, -1)).unbind(2)
        return q, k.transpose(1, 2), v.transpose(1, 2)

    def forward(self, x, y=None, **named):
        q, k, v = self.split(x, x if y is None else y)
        out, w = self.call(q, k, v, **named)
        note(self, lambda: self.checked(w(), v, out), "b a t n", self.kind)
        return self.o(out.transpose(1, 2).flatten(2))

    def checked(self, w, v, out):
        """Give the weights, once they have given the output again."""
        if not self.training:
            read = w @ v.double()  # (B, A, T, D/A)
            torch.testing.assert_close(read, out.double(), atol=2e-2, rtol=1e-2)
        return w

    def call(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v), lambda: exact(q, k)


@case(GROUP, "words", "cells")
class SdpaPlain(Fused):
    pass


class LargeBias(Fused):
    """Keys that share a large offset: raw scores of 2e5, which float16 cannot hold."""

    width = 192

    def split(self, x, y):
        q, k, v = super().split(x, y)
        return q + 30, k + 110, v


class ByHandInHalf(Projections):
    """softmax in the model's own precision, on small scores."""

    def weights(self, s):
        return F.softmax(s, dim=-1)

    def forward(self, x, feats):
        q, k, v = self.heads(x, feats)
        w = self.weights((q * 0.05) @ k.mT)  # (B, A, T, N)
        note(self, lambda: exact(q * 0.05, k, 1.0), "b a t n", "cross")
        return self.o((w @ v).transpose(1, 2).flatten(2))


class SoftmaxInFloat(ByHandInHalf):
    def weights(self, s):
        return F.softmax(s, dim=-1, dtype=torch.float32).to(s.dtype)


class SoftmaxOfFloat(ByHandInHalf):
    def weights(self, s):
        return torch.softmax(s.float(), dim=-1).type_as(s)


class LargeBiasByHand(LargeBias):
    """The same by hand, scores in float32 as careful code has it."""

    def call(self, q, k, v):
        w = (q.float() @ k.float().mT * q.shape[-1] ** -0.5).softmax(-1)  # (B, A, T, N)
        return w.to(v.dtype) @ v, lambda: exact(q, k)


class FoldedBmm(ByHandInHalf):
    """One head, bmm, scores divided after the product."""

    def forward(self, x, feats):
        q, k = self.q(x), self.k(feats)
        w = (torch.bmm(q, k.transpose(1, 2)) / 20).softmax(-1)  # (B, T, N)
        note(self, lambda: exact(q, k, 0.05), "b t n", "cross")
        return self.o(torch.bmm(w, self.v(feats)))


class TorchMha(nn.Module):
    def __init__(self):
        super().__init__()
        self.mha = nn.MultiheadAttention(D, A, batch_first=True)

    def forward(self, x, y):
        note(self.mha, lambda: by_hand(self.mha, x, y), "b a t n", "cross")
        return self.mha(x, y, y)[0]


for dtype, word in HALF.items():
    options = {"dtype": dtype, "atol": 2e-3}
    for one in (SdpaPlain, ByHandInHalf, SoftmaxInFloat, SoftmaxOfFloat, FoldedBmm):
        case(GROUP, "words", "cells", **options)(one, f"{word}: {one.__name__}")
    wide = case(GROUP, "wide", "wide_cells", **options)
    wide(LargeBias, f"{word}: SDPA, scores of 2e5")
    wide(LargeBiasByHand, f"{word}: by hand, scores of 2e5")
    mha = case(GROUP, "words", "cells", layer="decoder.attention.mha", **options)
    mha(TorchMha, f"{word}: nn.MultiheadAttention")
case(GROUP, "wide", "wide_cells", atol=2e-3)(LargeBias, "float32: SDPA, scores of 2e5")


@case(GROUP, "words", "cells", atol=2e-3)
class Autocast(ByHandInHalf):
    """A float32 model under autocast to bfloat16."""

    def forward(self, x, feats):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            q, k = self.q(x) * 0.2, self.k(feats)
            w = (q @ k.mT).softmax(-1)  # (B, T, N)
            note(self, lambda: exact(q, k, 1.0), "b t n", "cross")
            return self.o(w @ self.v(feats))
