"""Whose keys are they? Cases in which self and cross are easily confused."""

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import d
from .core import WORDS, C, D, T, case
from .layouts import Projections
from .record import note

GROUP = "7m self or cross"


class Look(Projections):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def forward(self, x, y, z=None):
        q, k, v = self.heads(x, y, z)
        w = F.softmax(q @ k.mT / d**0.5, dim=-1)
        note(self, w, "b a t n", self.kind)
        return self.o((w @ v).transpose(1, 2).flatten(2))


class EncoderDecoder(nn.Module):
    """One embedding for source and target."""

    def __init__(self):
        super().__init__()
        self.embed, self.norm = nn.Embedding(WORDS, D), nn.LayerNorm(D)
        self.encoder, self.own, self.cross = Look("self"), Look("self"), Look("cross")

    def forward(self, source, target):
        memory, y = self.embed(source), self.embed(target)
        memory = self.norm(memory + self.encoder(memory, memory))
        y = y + self.own(y, y)
        return y + self.cross(self.norm(y), memory)


whole = {"whole": True, "layer": ""}


case(GROUP, "question", "tokens", **whole)(EncoderDecoder, "one embedding for both")


class WithPlaces(nn.Module):
    """DETR: places are added to queries and keys, not to values."""

    def __init__(self):
        super().__init__()
        self.look, self.places = Look("self"), nn.Parameter(torch.randn(1, T, D))

    def forward(self, x):
        return self.look(x + self.places, x + self.places, x)


class Sorted(nn.Module):
    """The tokens are sorted between queries and keys."""

    def __init__(self):
        super().__init__()
        self.look = Look("self")

    def forward(self, x):
        order = x[..., 0].argsort(dim=1)[..., None].expand_as(x)
        return self.look(x, x.gather(1, order))


class Recurrent(nn.Module):
    """The outputs of an LSTM look at each other."""

    def __init__(self):
        super().__init__()
        self.lstm, self.look = nn.LSTM(D, D, batch_first=True), Look("self")

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.look(out, out)


class RecurrentQueries(Recurrent):
    """An LSTM's outputs ask what went in."""

    def __init__(self):
        super().__init__()
        self.look = Look(None)

    def forward(self, x):
        return self.look(self.lstm(x)[0], x)


class Packed(Recurrent):
    def forward(self, x):
        pack, unpack = (
            nn.utils.rnn.pack_padded_sequence,
            nn.utils.rnn.pad_packed_sequence,
        )
        out, _ = self.lstm(pack(x, [5, 5], batch_first=True))
        out, _ = unpack(out, batch_first=True)
        return self.look(out, out)


class Convolved(nn.Module):
    """CvT: queries, keys and values by three convolutions with their norms."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Sequential(nn.Conv2d(C, D, 3, padding=1, bias=False), nn.BatchNorm2d(D))
            for _ in range(3)
        )
        self.look = Look("self")

    def forward(self, image):
        q, k, v = (conv(image).flatten(2).transpose(1, 2) for conv in self.convs)
        return self.look(q, k, v)


class Fourier(nn.Module):
    def __init__(self):
        super().__init__()
        self.look = Look("self")

    def forward(self, x):
        y = torch.fft.irfft(torch.fft.rfft(x, dim=1), n=x.shape[1], dim=1)
        return self.look(x, y)


class Written(nn.Module):
    """Queries are written row by row into an empty tensor."""

    def __init__(self):
        super().__init__()
        self.look = Look("self")

    def forward(self, x):
        y = torch.empty_like(x)
        for t in range(x.shape[1]):
            y[:, t] = torch.tanh(x[:, t])
        return self.look(y, y)


class Retrieved(nn.Module):
    """Every word looks at the cells that are most like the first word."""

    def __init__(self):
        super().__init__()
        self.look = Look("cross")

    def forward(self, x, cells):
        best = (cells @ x[:, 0, :, None]).squeeze(-1).topk(4, dim=1).indices
        return self.look(x, cells.gather(1, best[..., None].expand(-1, -1, D)))


class Replaced(nn.Module):
    """As many cells as words; each stream looks at the other's, then at its own."""

    def __init__(self):
        super().__init__()
        self.cross, self.own = Look("cross"), Look("self")

    def forward(self, x, cells):
        y = cells[:, : x.shape[1]]
        x, y = x + self.cross(x, y), y + self.cross(y, x)
        return self.own(x, x), self.own(y, y)
