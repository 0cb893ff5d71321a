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

        layer: a name of `calls`, or of `weights`. For a recurrent decoder, which looks
        once a word: T words, T calls. One that starts over for every word calls it more
        often; the last rows are then the caption's. Where a call had fewer images
        (captions that ended) or fewer keys than another, zeros stand for those that it
        left out, at the end. Raises KeyError for an unknown layer.
        """
        layers = {name: call.layer for name, call in self._named()}
        if layer not in layers:
            raise KeyError(f"no layer {layer!r}; there are {', '.join(self.calls)}")
        calls = self.calls[layers[layer]]
        B, N = (max(w.shape[axis] for w in calls) for axis in (0, -1))
        gaps = [(0, N - w.shape[-1], 0, 0, 0, 0, 0, B - len(w)) for w in calls]
        return torch.cat(list(map(pad, calls, gaps)), dim=2)  # (B, A, all T, N)

    def steps(self, kind, under=""):
        """What `generate` ran, as it nests attentions: steps of layers (B, A, T, N).

        kind: "self" or "cross". under: only layers whose name begins so, for instance
        "text_decoder". Only layers that take turns with the last one that ran are part
        of a step: not an encoder that ran before. For `caption_attentions`.
        """
        calls = [call for call in self.in_order if call.kind == kind]
        calls = [call for call in calls if call.layer.startswith(under)]
        steps = [{}]  # of each, {layer: its weights}
        for layer, _, weights in calls:
            steps[-1].setdefault(layer, []).append(weights)
            if layer == calls[-1].layer:
                steps.append({})
        steps.pop()  # nothing ran after the last layer
        first = steps[0] if steps else {}
        layers = [n for n in first if all(len(one.get(n, ())) == 1 for one in steps)]
        return tuple(tuple(one[layer][0] for layer in layers) for one in steps)
