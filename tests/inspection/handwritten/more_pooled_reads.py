"""A map over cells meets them: the ways learners write a weighted sum."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import D, case
from .layouts import Projections
from .more_reads import GROUP
from .record import note


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


pooled("mean", lambda w, v: (v * w[..., None]).mean(1), expect="not wrong")


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
