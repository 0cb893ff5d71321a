"""Weights meet values: the unusual ways, and those of learners who pool a map."""

import einops
import torch
import torch.nn.functional as F
from torch import nn

from .core import D, N, case
from .layouts import Projections
from .record import note

GROUP = "7i ways of reading"


def read(name, how, used=None, **options):
    """used: what the values meet, where it isn't the softmax's result."""

    class Reads(Projections):
        def forward(self, x, cells):
            w = F.softmax(self.q(x) @ self.k(cells).mT / 3, dim=-1)
            note(self, used(w) if used else w, "b t n", "cross")
            return self.o(how(w, self.v(cells)))

    case(GROUP, "words", "cells", **options)(Reads, f"read by {name}")


EITHER = {"expect": "right or refused"}


def with_ones(w, v):
    ones = torch.ones(*v.shape[:2], 1)
    out = w @ torch.cat([v, ones], -1)
    return out[..., :-1] / out[..., -1:]


read("einsum with dots", lambda w, v: torch.einsum("...ij,...jd->...id", w, v))


read(
    "einsum of lists", lambda w, v: torch.einsum(w, [0, 1, 2], v, [0, 2, 3], [0, 1, 3])
)


read("einops.einsum", lambda w, v: einops.einsum(w, v, "b t n, b n c -> b t c"))


read("matmul of transposes", lambda w, v: (v.mT @ w.mT).mT)


read("ones beside the values", with_ones)


read(
    "tensordot of each image",
    lambda w, v: torch.stack(
        [torch.tensordot(a, b, 1) for a, b in zip(w, v, strict=True)]
    ),
)


read(
    "chain_matmul of three",
    lambda w, v: torch.einsum("btn,bnc,cd->btd", w, v, torch.eye(D) * 2),
)


read("weights rounded to half", lambda w, v: (w.half() @ v.half()).float(), atol=1e-3)


read("log weights", lambda w, v: (w.log().exp()[..., None] * v[:, None]).sum(-2))


read(
    "residual of the mean",
    lambda w, v: (w - 1 / N) @ v,
    lambda w: w - 1 / N,
    rows_sum_to_one=False,
    **EITHER,
)


read(
    "difference of rows",
    lambda w, v: torch.diff(w, dim=1) @ v,
    lambda w: w.diff(dim=1),
    rows_sum_to_one=False,
    **EITHER,
)


read("values twice", lambda w, v: w @ v + (w @ v.sin()).cos())


read(
    "keys and values concatenated",
    lambda w, v: (w @ torch.cat([v, v.tanh()], -1))[..., D:],
)


read(
    "squeezed and expanded",
    lambda w, v: (w[:, None, :, None, :] @ v[:, None, None]).squeeze(3).squeeze(1),
)


def pooled(name, how, **options):
    class Pooled(nn.Module):
        def __init__(self):
            super().__init__()
            self.score = nn.Linear(D, 1)

        def forward(self, words, cells):
            w = F.softmax(self.score(cells).squeeze(-1), 1)
            note(self, w, "b n", None)
            return how(w, cells)

    case(GROUP, "words", "cells", **options)(Pooled, f"pooled by {name}")


def dots(w, v):
    return torch.stack(
        [torch.stack([a.dot(c) for c in b.T]) for a, b in zip(w, v, strict=True)]
    )


pooled("transposed values", lambda w, v: (v.mT * w[:, None]).sum(2))


pooled("multiplied in place", lambda w, v: v.clone().mul_(w[..., None]).sum(1))


pooled(
    "matmul of each image",
    lambda w, v: torch.stack([a @ b for a, b in zip(w, v, strict=True)]),
)


pooled(
    "mv of each image",
    lambda w, v: torch.stack([b.T.mv(a) for a, b in zip(w, v, strict=True)]),
)


pooled("dot of each channel", dots)


pooled("baddbmm", lambda w, v: torch.baddbmm(v.new_zeros(1), w[:, None], v).squeeze(1))


pooled("mean", lambda w, v: (v * w[..., None]).mean(1))


pooled("expand", lambda w, v: (v * w[..., None].expand(-1, -1, D)).sum(1))


pooled("expand_as", lambda w, v: (v * w[..., None].expand_as(v)).sum(1))


pooled("a GRU over weighted cells", lambda w, v: v * w[..., None], expect="not wrong")


@case(GROUP, "cells", "state")
class HopsByBmm(Projections):
    def forward(self, cells, u):
        k, v = self.k(cells), self.v(cells)
        for _ in range(3):
            p = F.softmax(torch.bmm(u.unsqueeze(1), k.mT), dim=-1)
            note(self, p, "b t n", "cross", join="steps")
            u = u + torch.bmm(p, v).squeeze(1)
        return u


def written(name, write):
    class Written(Projections):
        """A memory that is written to after every read."""

        def forward(self, words, memory):
            out = []
            for x in words.unbind(1):
                w = F.softmax((memory * self.q(x)[:, None]).sum(-1), dim=1)
                note(self, w, "b n", "cross", join="steps")
                out.append(torch.bmm(w[:, None], memory).squeeze(1))
                memory = write(memory, w.unsqueeze(-1), x.unsqueeze(1))
            return torch.stack(out, 1)

    case(GROUP, "words", "cells", expect="right or refused")(Written, f"memory: {name}")


written("only read", lambda m, w, x: m)
