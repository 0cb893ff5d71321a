"""The weights that were captured."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch.nn.functional import pad


class Call(NamedTuple):
    """One call of a layer: its name, kind and weights (B, A, T, N).

    kind: "self" if queries and keys come from one sequence, else "cross". Two pictures
    that the model got as one tensor count as one.
    """

    layer: str
    kind: str
    weights: torch.Tensor


@dataclass
class Captured:
    """The weights of every attention that ran, before dropout: `in_order`, as Calls."""

    in_order: list = field(default_factory=list)

    @property
    def calls(self):
        """{layer: its calls, in order}: lists of (B, A, T, N)."""
        calls = {}
        for layer, _, weights in self.in_order:
            calls.setdefault(layer, []).append(weights)
        return calls

    @property
    def weights(self):
        """{name: (B, A, T, N)}, in order. A layer that ran several times has its later
        calls as "layer, call 2"."""
        return {name: call.weights for name, call in self._named()}

    @property
    def kinds(self):
        """{name: "self" or "cross"}, with the names of `weights`."""
        return {name: call.kind for name, call in self._named()}

    def of(self, kind):
        """The weights of one kind, "self" or "cross": {name: (B, A, T, N)}."""
        return {name: c.weights for name, c in self._named() if c.kind == kind}

    def _named(self):
        count = Counter()
        for call in self.in_order:
            count[call.layer] += 1
            number = count[call.layer]
            yield call.layer if number == 1 else f"{call.layer}, call {number}", call

    def joined(self, layer):
        """All calls of one layer, one behind the other: (B, A, T, N).

        For a recurrent decoder, which looks once a word: T words, T calls. Where a call
        had fewer images (captions that ended) or fewer keys than another, zeros stand
        for those that it left out, at the end. Raises KeyError for an unknown layer.
        """
        calls = self.calls
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
        of_kind = [call for call in self.in_order if call.kind == kind]
        for place, call in enumerate(of_kind):
            if call.layer.startswith(under):
                calls.setdefault(call.layer, []).append(call.weights)
                places.setdefault(call.layer, []).append(place)
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
