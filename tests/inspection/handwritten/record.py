"""The record that gives the reference.

An attention says what its weights are with `note`, in whatever order of axes it works.
Outside of a reference run `note` does nothing, so that the tool meets a model that
keeps nothing.
"""

import re
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn

_record: list["Noted"] | None = None


@dataclass
class Noted:
    """One set of weights that a module says it used."""

    module: nn.Module
    weights: Tensor  # (B, A, T, N)
    kind: str | None  # None: either may be said
    join: str | None  # "steps", "t", "a", "b", or None: a call of its own
    answer: str  # two answers may both be right
    optional: bool


@dataclass
class Map:
    """What a case expects of one layer: its calls in order, each (B, A, T, N)."""

    layer: str
    kinds: list[str | None]
    calls: list[Tensor]
    join: str | None = None
    optional: bool = False


def note(
    module,
    weights,
    axes,
    kind,
    *,
    to="",
    join=None,
    answer="",
    optional=False,
    **sizes,
) -> None:
    """Say what weights a module used, and in which order of axes.

    weights: a tensor, or a function that computes it (for weights that the model
    never holds). axes: in the words of einops, of b, a, t and n; what is missing has
    length one. to: the order wanted, for axes of other names.
    """
    if _record is None:
        return
    if callable(weights):
        with torch.no_grad():
            weights = weights()
    letters = re.findall("[a-z]+", axes)
    to = to or " ".join(axis if axis in letters else "1" for axis in "batn")
    weights = rearrange(weights.detach().float().clone(), f"{axes} -> {to}", **sizes)
    _record.append(Noted(module, weights, kind, join, answer, optional))


def reference(case, flip: bool = False) -> list[list[Map]]:
    """Give every answer that is right, each a list of maps, by running the model."""
    global _record
    model = case.model()
    _record = []
    try:
        case.run(model, flip)
        noted = _record
    finally:
        _record = None
    names = {module: name for name, module in model.named_modules()}
    answers = sorted({one.answer for one in noted if one.answer}) or [""]
    return [
        _collate([one for one in noted if one.answer in ("", answer)], names)
        for answer in answers
    ]


def _collate(noted: list[Noted], names: dict) -> list[Map]:
    maps = {}
    for one in noted:
        new = Map(names[one.module], [], [], one.join, one.optional)
        layer = maps.setdefault(new.layer, new)
        layer.calls.append(one.weights)
        layer.kinds.append(one.kind)
    for layer in maps.values():
        if layer.join:
            axis = {"b": 0, "a": 1}.get(layer.join, 2)
            layer.calls = [torch.cat(layer.calls, axis)]
            layer.kinds = layer.kinds[:1]
    return list(maps.values())
