"""Axes that a call takes away, joins or cuts, and keys that are read in stretches."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import A, C, D, N, T, case
from .layouts import Projections
from .record import note

GROUP = "7n axes taken away and keys in stretches"
d = D // A


class Heads(Projections):
    """Queries, keys and values with heads apart, and the weights: (B, A, T, N)."""

    def weights(self, q, k):
        return (q @ k.mT / d**0.5).softmax(-1)

    def out(self, x):
        return self.o(x.transpose(1, 2).flatten(2))


@case(GROUP, "words", "cells", images_apart=False)
class PooledQueriesInWindows(Heads):
    """Hiera in timm: the most of four queries, in windows on an axis of their own."""

    def forward(self, x, y):
        y = torch.cat([y, y.flip(1)[:, :5]], 1)  # (B, 12, D)
        q, k, v = (
            f.reshape(-1, 4, 3, A, d).permute(0, 3, 2, 1, 4)  # (B, A, windows, 4, d)
            for f in (self.q(y), self.k(y), self.v(y))
        )
        q = q.view(-1, A, 3, 4, 1, d).amax(dim=3)  # (B, A, windows, 1, d)
        w = self.weights(q, k)  # (B, A, windows, 1, 4)
        note(self, w, "b a w t n", "self", to="(b w) a t n")
        return w @ v


@case(GROUP, "words", "cells")
class TwoStretches(Heads):
    """One softmax over the cells of two kinds; their values are read apart."""

    def forward(self, x, y):
        q, k, v = self.heads(x, y)
        w = self.weights(q, k)
        note(self, w, "b a t n", "cross")
        near, far = w.split([3, N - 3], dim=-1)
        return self.out(near @ v[:, :, :3] + far @ v[:, :, 3:])


@case(GROUP, "map")
class RowAndColumn(nn.Module):
    """CCNet by einsum: what is images to the row is queries to the column."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Conv2d(C, 5, 1) for _ in range(3))

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        column = torch.einsum("bchw,bciw->bhwi", q, k)  # (B, h, w, h)
        row = torch.einsum("bchw,bchj->bhwj", q, k)  # (B, h, w, w)
        w = torch.cat([column, row], -1).softmax(-1)  # (B, h, w, h + w)
        note(self, w, "b h w n", "self", to="b 1 (h w) n")
        column, row = w[..., : x.shape[2]], w[..., x.shape[2] :]
        read = torch.einsum("bhwi,bciw->bchw", column, v)
        return read + torch.einsum("bhwj,bchj->bchw", row, v)


@case(GROUP, "image", images_apart=False)
class RowsThenColumns(nn.Module):
    """Axial attention: the rows of a picture are no heads."""

    def __init__(self):
        super().__init__()
        self.q, self.k = nn.Conv2d(C, C, 1), nn.Conv2d(C, C, 1)

    def forward(self, x):
        q, k = self.q(x), self.k(x)  # (B, C, h, w)
        w = torch.einsum("bchw,bchj->bhwj", q, k).softmax(-1)  # (B, h, w, w)
        note(self, w, "b h t n", "self", to="(b h) 1 t n")
        x = torch.einsum("bhwj,bchj->bchw", w, x)
        w = torch.einsum("bchw,bciw->bwhi", q, k).softmax(-1)  # (B, w, h, h)
        note(self, w, "b w t n", "self", to="(b w) 1 t n")
        return torch.einsum("bwhi,bciw->bchw", w, x)


@case(GROUP, "words", "cells")
class HeadsPutTogether(Heads):
    """A softmax a head, put together; then a read a head."""

    def forward(self, x, y):
        q, k, v = (f.unbind(1) for f in self.heads(x, y))
        w = torch.stack([self.weights(*pair) for pair in zip(q, k, strict=True)], 1)
        note(self, w, "b a t n", "cross")
        read = [one @ values for one, values in zip(w.unbind(1), v, strict=True)]
        return self.out(torch.stack(read, 1))


@case(GROUP, "words", "cells")
class MixedQueries(Heads):
    """GroupViT: a layer mixes the words themselves, as a mixer does."""

    def __init__(self):
        super().__init__()
        self.mixer = nn.Linear(T, T + 1)

    def forward(self, x, y):
        q, k, v = self.heads(self.mixer(x.mT).mT, y)
        w = self.weights(q, k)
        note(self, w, "b a t n", "cross")
        return self.out(w @ v)


@case(GROUP, "words", "cells")
class Landmarks(Heads):
    """Nystromformer: two softmaxes by way of a few means, and a matrix between them."""

    def forward(self, x, y):
        y = y[:, :6]
        q, k, v = self.heads(y, y)
        means = k.unflatten(2, (3, 2)).mean(3)  # (B, A, 3, d)
        to, back = self.weights(q, means), self.weights(means, k)
        note(self, to, "b a t n", "self")
        note(self, back, "b a t n", "self")
        return self.out((to @ (means @ means.mT)) @ (back @ v))


@case(GROUP, "words", "cells", images_apart=False)
class FoldedBack(nn.Module):
    """MobileViT v2: a map is folded out of patches and cut into patches again."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Conv2d(D, 1 + 2 * D, 1)

    def forward(self, x, y):
        patches = y[:, :6].mT.reshape(len(y), D * 2, 3)  # (B, D * 2, 3)
        x = F.fold(patches, (2, 3), (2, 1), stride=(2, 1))  # (B, D, 2, 3)
        q, k, v = self.qkv(x).split([1, D, D], dim=1)
        w = q.softmax(-1)  # (B, 1, 2, 3)
        note(self, w, "b 1 p n", None, to="(b p) 1 1 n")
        return v.relu() * (w * k).sum(-1, keepdim=True)


@case(GROUP, "words", "cells", expect="right or refused", beside=True)
class ListOfPairs(Heads):
    """A graph's attention: a list of pairs, summed by the number of the query."""

    def forward(self, x, y):
        q, k, v = self.heads(x, y)
        e = (q @ k.mT).flatten(2).exp()  # (B, A, T * N)
        query, key = torch.arange(T).repeat_interleave(N), torch.arange(N).repeat(T)
        total = e.new_zeros(len(x), A, T).index_add(2, query, e)
        w = e / total[:, :, query]
        note(self, lambda: w.unflatten(-1, (T, N)), "b a t n", "cross")
        values = w[..., None] * v[:, :, key]  # (B, A, T * N, d)
        return self.out(torch.zeros_like(q).index_add(2, query, values))


@case(GROUP, "cells", "padding")
class LatentsBesideCells(Heads):
    """Idefics2: learned queries are keys as well; the mask has an axis of length 1."""

    def __init__(self):
        super().__init__()
        self.latents = nn.Parameter(torch.randn(T, D))

    def forward(self, y, padding):
        x = self.latents.expand(len(y), -1, -1)  # (B, T, D)
        q, k, v = self.heads(x, torch.cat([y, x], 1))
        mask = F.pad(padding, (0, T))[:, None, None] * -1e9  # (B, 1, 1, N + T)
        w = (q @ k.mT + mask).softmax(-1)
        note(self, w, "b a t n", "cross")
        return self.out(w @ v)


@case(GROUP, "words", "cells")
class OneKeyHead(Heads):
    """DeepSeek: all heads share one key, half of whose features are turned."""

    def __init__(self):
        super().__init__()
        self.kv = nn.Linear(D, d)

    def turned(self, x):
        plain, rest = x.split([d // 2, d - d // 2], dim=-1)
        return torch.cat([plain, rest.cos()], -1)

    def forward(self, x, y):
        q = self.turned(self.q(x).unflatten(-1, (A, d)).transpose(1, 2))
        kv = self.turned(self.kv(y))[:, None]  # (B, 1, N, d)
        w = self.weights(q, kv)
        note(self, w, "b a t n", "cross")
        return self.out(w @ kv)
