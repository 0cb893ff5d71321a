"""Attention among the places of a feature map, continued."""

from torch import nn

from .core import D, case
from .more_vision import GROUP
from .record import note


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
