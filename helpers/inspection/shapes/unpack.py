"""What models return as attention, down to one tensor or one shape."""

from numbers import Integral

import numpy as np
import torch

from helpers.inspection.shapes.problems import Problem

NOTHING = Problem(
    "there is nothing here: None or an empty tuple",
    "a fused kernel (sdpa, flash) never builds the weights, or they were not asked for",
    'transformers: load with attn_implementation="eager" and pass '
    "output_attentions=True; torch: need_weights=True, average_attn_weights=False; "
    "timm: fused_attn=False",
)


def unpack(weights):
    """(shape, values, notes, problems); shape and values are None where there is none.

    Tensors and arrays give values as a float tensor on the CPU; a tuple of ints is a
    bare shape; of a collection the last entry is taken, and a note says what it held.
    """
    if weights is None:
        return None, None, [], [NOTHING]
    if isinstance(weights, torch.Tensor | np.ndarray):
        values = torch.as_tensor(weights).detach().cpu()
        if values.is_complex():
            raise TypeError(f"weights must be real numbers, got {values.dtype}")
        if not values.is_floating_point():
            values = values.float()
        return tuple(values.shape), values, [], []
    if isinstance(weights, dict):
        named = {k: v for k, v in weights.items() if holds_weights(v)}
        if not named:
            return None, None, [], [NOTHING]
        name = max(named, key=lambda k: ("cross" in str(k), "attent" in str(k)))
        note = f"taken from {name!r} of {', '.join(map(str, named))}"
        return noted(unpack(named[name]), note)
    if not isinstance(weights, list | tuple):
        raise TypeError(
            "weights must be a tensor, an array, a collection of them, or a shape such "
            f"as (1, 12, 197, 197), got {type(weights).__name__}"
        )
    if not weights:
        return None, None, [], [NOTHING]
    if all(isinstance(n, Integral) for n in weights):
        if min(weights) < 0:
            raise ValueError(f"a shape has no negative sizes, got {tuple(weights)}")
        return tuple(int(n) for n in weights), None, [], []
    if all(isinstance(n, float) for n in weights):
        return unpack(torch.tensor(weights))
    missing = sum(not holds_weights(entry) for entry in weights)
    if missing:
        shape, values, notes, _ = unpack(next(filter(holds_weights, weights), None))
        note = f"{missing} of {len(weights)} entries hold no weights"
        return shape, values, [*notes, note], [NOTHING]
    kind = "layers" if isinstance(weights[0], torch.Tensor | np.ndarray) else "steps"
    shapes = [tuple(w.shape) for w in weights if hasattr(w, "shape")]
    note = f"the last of {len(weights)} entries ({kind}?)"
    if len(set(shapes)) > 1:
        note += f", which differ in shape: {', '.join(map(str, shapes))}"
    return noted(unpack(weights[-1]), note)


def holds_weights(entry):
    """False for None, for an empty collection, and for one that holds only such."""
    if isinstance(entry, dict):
        entry = list(entry.values())
    if isinstance(entry, list | tuple):
        return any(holds_weights(e) for e in entry)
    return isinstance(entry, torch.Tensor | np.ndarray | int | float)


def noted(unpacked, note):
    shape, values, notes, problems = unpacked
    return shape, values, [note, *notes], problems
