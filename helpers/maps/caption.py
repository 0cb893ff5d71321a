"""A caption and its maps."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Caption:
    """What a captioner said, and where it looked.

    words: list of str, T of them. maps: (T, h, w) float, each sums to 1; they cover the
    whole picture. weights: what the model returned, unreduced: (T, N) for the recurrent
    decoders, (L, A, T, N) for the transformer: layers, heads, words, cells.
    """

    words: list
    maps: torch.Tensor
    weights: torch.Tensor
