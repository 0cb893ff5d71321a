"""What a captioner said, and where it looked."""

from dataclasses import dataclass

import torch

from helpers.maps.alike import Alike


@dataclass(frozen=True, eq=False)
class Caption(Alike):
    """What a captioner said, and where it looked. Equal if all of it is equal.

    words: list of str, T of them. maps: (T, h, w) float, each sums to 1; they cover the
    whole picture. weights: what the model returned, unreduced: (T, N) for the recurrent
    decoders, (L, A, T, N) for the transformer: layers, heads, words, cells.
    """

    words: list
    maps: torch.Tensor
    weights: torch.Tensor

    def key(self):
        both = [x.cpu().float().numpy() for x in (self.maps, self.weights)]
        return tuple(self.words), *[(x.shape, x.tobytes()) for x in both]
