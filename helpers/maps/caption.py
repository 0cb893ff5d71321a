"""What a captioner said, and where it looked."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Caption:
    """What a captioner said, and where it looked. Equal if all of it is equal.

    words: list of str, T of them. maps: (T, h, w) float, each sums to 1; they cover the
    whole picture. weights: what the model returned, unreduced: (T, N) for the recurrent
    decoders, (L, A, T, N) for the transformer: layers, heads, words, cells.
    """

    words: list
    maps: torch.Tensor
    weights: torch.Tensor

    def __eq__(self, other):
        if not isinstance(other, Caption):
            return NotImplemented
        pairs = (self.maps, other.maps), (self.weights, other.weights)
        return self.words == other.words and all(
            one.shape == two.shape and bool((one.cpu() == two.cpu()).all())
            for one, two in pairs
        )

    def __hash__(self):
        return hash(tuple(self.words))
