"""PyTorch's own encoder under padding, nested tensors, and rows that see nothing."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from .core import A, D, N, case
from .half import GROUP, exact
from .record import note
from .torch_modules import by_hand
from .variants import Heads, OwnHeads


class Encoder(nn.Module):
    """nn.TransformerEncoder over padded cells: in eval it takes its fast path,
    which wants an even number of heads.

    A padded cell's own row is free: the fast path never computes it, and may leave
    out the cells that are padding in every image.
    """

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(D, 4, 9, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, cells, padding=None):
        self.say("all", N, cells, padding)
        self.say("cut", N if padding is None else 6, cells, padding)
        return self.encoder(cells, src_key_padding_mask=padding)

    def say(self, answer, end, cells, padding):
        first, second = self.encoder.layers

        def one():
            return self.rows(first, cells, padding)[..., :end, :end]

        def two():
            x = first(cells, src_key_padding_mask=padding)  # (B, N, D)
            return self.rows(second, x, padding)[..., :end, :end]

        note(first.self_attn, one, "b a t n", "self", answer=answer)
        note(second.self_attn, two, "b a t n", "self", answer=answer)

    def rows(self, layer, x, padding):
        hidden = None if padding is None else padding[:, None, None]  # (B, 1, 1, N)
        w = by_hand(layer.self_attn, x, x, hidden)  # (B, A, N, N)
        return w if hidden is None else w.masked_fill(hidden.mT, torch.nan)


LAYER = "decoder.attention.encoder.layers"
case(GROUP, "cells", layer=LAYER)(Encoder, "nn.TransformerEncoder")
case(
    GROUP,
    "cells",
    named={"padding": "padding"},
    layer=LAYER,
    expect="right or refused",
    rows_sum_to_one=False,
)(Encoder, "nn.TransformerEncoder, padding, fast path")
case(
    GROUP,
    "cells",
    named={"padding": "padding"},
    layer=LAYER,
    train=True,
    images_apart=False,
    rows_sum_to_one=False,
    expect="right or refused",
)(
    lambda: _no_dropout(Encoder()),
    "nn.TransformerEncoder, padding, in training",
)
case(
    GROUP,
    "cells",
    named={"padding": "padding"},
    layer=LAYER,
    dtype=torch.bfloat16,
    atol=2e-2,  # the layers between run in bfloat16
    rows_sum_to_one=False,
    expect="right or refused",
)(Encoder, "nn.TransformerEncoder, padding, bfloat16")


def _no_dropout(model):
    for one in model.modules():
        if isinstance(one, nn.Dropout):
            one.p = 0.0
    for one in model.encoder.layers:
        one.self_attn.dropout = 0.0
    return model


@case(GROUP, "words", "cells", expect="right or refused", images_apart=False)
class JaggedNested(nn.Module):
    """Words of unequal number in one nested tensor; no word is padding."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(D, D) for _ in range(3))

    def forward(self, words, cells):
        lengths = [3, 5]
        rows = [one[:n] for one, n in zip(words, lengths, strict=True)]
        x = torch.nested.nested_tensor(rows, layout=torch.jagged)  # (B, j, D)
        y = torch.nested.nested_tensor(list(cells), layout=torch.jagged)  # (B, j, D)
        q = self.q(x).unflatten(-1, [A, D // A]).transpose(1, 2)  # (B, A, j, D/A)
        k = self.k(y).unflatten(-1, [A, D // A]).transpose(1, 2)
        v = self.v(y).unflatten(-1, [A, D // A]).transpose(1, 2)
        note(self, lambda: self.by_hand(words, cells, lengths), "b a t n", "cross")
        with sdpa_kernel(SDPBackend.MATH):
            return F.scaled_dot_product_attention(q, k, v)

    def by_hand(self, words, cells, lengths):
        q = rearrange(self.q(words), "b t (a d) -> b a t d", a=A)
        k = rearrange(self.k(cells), "b n (a d) -> b a n d", a=A)
        w = exact(q, k)  # (B, A, T, N)
        for one, length in zip(w, lengths, strict=True):
            one[:, length:] = torch.nan  # no such words
        return w


@case(GROUP, "words", "cells", rows_sum_to_one=False, expect="right or refused")
class BlindRowByHand(Heads):
    """A query that may see nothing: softmax gives NaN, the model makes it zero."""

    def score(self, s):
        s = s.clone()
        s[:, :, 1] = -torch.inf
        return s

    def mix(self, w):
        return torch.nan_to_num(w)


@case(GROUP, "words", named={"padding": "word_padding"})
class CausalAndPadding(OwnHeads):
    """Both masks at once, made of -1e4 as in half-precision code."""

    def score(self, s, padding):
        ahead = torch.ones_like(s[0, 0], dtype=torch.bool).triu(1)  # (T, T)
        return s.masked_fill(ahead | padding[:, None, None], -1e4)


@case(GROUP, "words", named={"padding": "word_padding"}, layer="decoder.attention.mha")
class MhaKeyPadding(nn.Module):
    """nn.MultiheadAttention with both masks, weights averaged over heads."""

    def __init__(self):
        super().__init__()
        self.mha = nn.MultiheadAttention(D, A, batch_first=True)

    def forward(self, x, padding):
        ahead = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)  # (T, T)
        hidden = ahead | padding[:, None, None]  # (B, 1, T, T)
        note(self.mha, lambda: by_hand(self.mha, x, x, hidden), "b a t n", "self")
        return self.mha(x, x, x, key_padding_mask=padding, attn_mask=ahead)
