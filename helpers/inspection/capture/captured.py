"""The weights that were captured."""

from dataclasses import dataclass, field

import torch
from torch.nn.functional import pad

CALL = ", call "  # between a layer's name and the number of its second or later call


@dataclass
class Captured:
    """The weights of every attention that ran, in order.

    weights: {layer: (B, A, T, N)}, before dropout; a layer that ran several times has
    its later calls as "layer, call 2". kinds: {layer: "self" or "cross"}.
    """

    weights: dict = field(default_factory=dict)
    kinds: dict = field(default_factory=dict)

    def of(self, kind):
        """The weights of one kind, "self" or "cross": {layer: (B, A, T, N)}."""
        return {n: w for n, w in self.weights.items() if self.kinds[n] == kind}

    def calls(self):
        """{layer: its calls, in order}: lists of (B, A, T, N)."""
        calls = {}
        for name, weights in self.weights.items():
            calls.setdefault(name.split(CALL)[0], []).append(weights)
        return calls

    def joined(self, layer):
        """All calls of one layer, one behind the other: (B, A, T, N).

        For a recurrent decoder, which looks once a word: T words, T calls. Where a call
        had fewer images (captions that ended) or fewer keys than another, zeros stand
        for those that it left out, at the end. Raises KeyError for an unknown layer.
        """
        calls = self.calls()
        if layer not in calls:
            raise KeyError(f"no layer {layer!r}; there are {', '.join(calls)}")
        B = max(len(weights) for weights in calls[layer])
        N = max(weights.shape[-1] for weights in calls[layer])
        filled = [
            pad(w, (0, N - w.shape[-1], 0, 0, 0, 0, 0, B - len(w)))  # (B, A, T, N)
            for w in calls[layer]
        ]
        return torch.cat(filled, dim=2)  # (B, A, all T, N)

    def steps(self, kind, under=""):
        """What `generate` ran, as it nests attentions: steps of layers (B, A, T, N).

        kind: "self" or "cross". under: only layers whose name begins so, for instance
        "text_decoder". Only layers that take turns with the last one that ran are part
        of a step: not an encoder that ran before. For `caption_attentions`.
        """
        calls, places = {}, {}
        for place, (name, weights) in enumerate(self.of(kind).items()):
            layer = name.split(CALL)[0]
            if layer.startswith(under):
                calls.setdefault(layer, []).append(weights)
                places.setdefault(layer, []).append(place)
        ends = max(places.values(), key=lambda own: own[-1], default=[])
        starts = [-1, *ends[:-1]]
        layers = [
            found
            for layer, found in calls.items()
            if len(found) == len(ends)
            and all(map(takes_turn, starts, places[layer], ends))
        ]
        return tuple(zip(*layers, strict=True))


def takes_turn(before, place, end):
    """True for a call between two of the last layer."""
    return before < place <= end
