"""What models return as attention, down to one tensor or one shape."""

from numbers import Integral

import numpy as np
import torch

from helpers.inspection.shapes.families import problem, say
from helpers.inspection.shapes.report import Axis, Report


def unpack(weights):
    """(a Report of their shape, the values: a float tensor on the CPU, or None).

    A tuple of ints is a bare shape. Of a collection the last entry is taken, of what
    `capture_attention` captured, and of a dict, one that is cross-attention; a note
    says what there was. Where nothing is, the shape is None. Raises TypeError for what
    holds no weights.
    """
    if isinstance(weights, torch.Tensor | np.ndarray):
        return Report(tuple(weights.shape)), values_of(weights)
    if hasattr(weights, "kinds") and hasattr(weights, "weights"):
        weights = {f"{n} ({weights.kinds[n]})": w for n, w in weights.weights.items()}
    several = isinstance(weights, list | tuple | dict)
    if weights is None or (several and not filled(weights)):
        return Report(None, problems=[problem("nothing")]), None
    if isinstance(weights, dict):
        return from_dict(weights)
    if isinstance(weights, list | tuple):
        return from_sequence(weights)
    raise TypeError(
        "weights must be a tensor, an array, a collection of them, what was captured, "
        f"or a shape such as (1, 12, 197, 197), got {type(weights).__name__}"
    )


def values_of(weights):
    """The floats of a tensor or an array; None where there are none (device meta)."""
    if isinstance(weights, np.ndarray):
        if weights.dtype == object:
            raise TypeError("weights must be an array of numbers, got one of objects")
        weights = np.ascontiguousarray(weights)  # torch knows no negative strides
    values = torch.as_tensor(weights).detach()
    if values.is_complex():
        raise TypeError(f"weights must be real numbers, got {values.dtype}")
    if values.is_meta:
        return None
    values = (values.to_dense() if values.is_sparse else values).cpu()
    small = "float8" in str(values.dtype)  # nothing can be computed with it
    return values.float() if small or not values.is_floating_point() else values


def from_dict(weights):
    names = [name for name, entry in weights.items() if filled(entry)]
    asked = [str(name) for name in weights if "attent" in str(name)]
    if asked and not any("attent" in str(name) for name in names):
        note = f"{', '.join(asked)} of {', '.join(map(str, weights))} hold no weights"
        return Report(None, problems=[problem("nothing")], notes=[note]), None
    name = max(
        reversed(names), key=lambda k: ("cross" in str(k), "attent" in str(k))
    )  # of equals the last
    report, values = unpack(weights[name])
    report.notes.insert(0, f"taken from {name!r} of {', '.join(map(str, names))}")
    return report, values


def from_sequence(weights):
    if all(isinstance(n, Integral) for n in weights):
        if min(weights) < 0:
            raise ValueError(f"a shape has no negative sizes, got {tuple(weights)}")
        return Report(tuple(int(n) for n in weights)), None
    if is_numbers(weights):
        return unpack(torch.tensor(weights))
    if is_graph(weights):
        return of_edges(weights)
    present = [entry for entry in weights if filled(entry)]
    if gone := len(weights) - len(present):
        report, values = unpack(present[0])
        report.notes.append(f"{gone} of {len(weights)} entries hold no weights")
        report.problems.append(problem("nothing"))
        return report, values
    report, values = unpack(weights[-1])
    kind = "layers" if isinstance(weights[0], torch.Tensor | np.ndarray) else "steps"
    shapes = {}
    for number, entry in enumerate(weights):
        if hasattr(entry, "shape"):
            shapes.setdefault(tuple(entry.shape), number)
    named = ", ".join(map(str, shapes))
    note = f"the last of {len(weights)} entries ({kind}?)"
    note += f", which differ in shape: {named}" * (len(shapes) > 1)
    report.notes = [note, *report.notes, *of_entries(weights, kind, report)]
    others = [number for shape, number in shapes.items() if shape != report.shape]
    report.others = {number: weights[number] for number in others}
    return report, values


def of_entries(weights, kind, report):
    """What the other entries tell, in sentences: layers with NaN, keys that grow from
    step to step, and rows that may be beams."""
    if kind == "layers":
        each = map(values_of, weights)  # one at a time: they may be large
        broken = [n for n, w in enumerate(each) if w is not None and (w != w).any()]
        some = 0 < len(broken) < len(weights)
        return [say("some broken", which=in_words(broken))] * some
    shapes = [shape_of(entry) for entry in (weights[0], weights[-1])]
    if None in shapes or not report.shape or len(report.shape) < 3:
        return []
    first, last = (shape[-1] for shape in shapes)
    grown = first + len(weights) - 1 == last > first
    notes = [say("written", first=first, last=last - 1)] * grown
    return notes + [say("beams", rows=report.shape[0])] * (report.shape[0] > 1)


def shape_of(entry):
    """The shape of a tensor, or of the last one of a sequence; None without any."""
    while isinstance(entry, list | tuple) and entry:
        entry = entry[-1]
    return tuple(entry.shape) if hasattr(entry, "shape") else None


def in_words(numbers):
    """0, 3 to 7: whole numbers in order, those in a row together."""
    runs = []
    for n in numbers:
        if runs and runs[-1][1] == n - 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ", ".join(f"{a} to {b}" if a < b else str(a) for a, b in runs)


def is_graph(weights):
    """True for (edges, weights): (2, E) whole numbers, and (E, A) or (E,)."""
    both = len(weights) == 2 and all(hasattr(w, "shape") for w in weights)
    if not both or len(weights[0].shape) != 2 or not len(weights[1].shape):
        return False
    edges = torch.as_tensor(weights[0])
    whole = not (edges.is_floating_point() or edges.is_complex())
    return whole and edges.shape[0] == 2 and edges.shape[1] == weights[1].shape[0]


def of_edges(weights):
    """The Report of a graph's attention, as PyTorch Geometric returns it."""
    names, why = ("edges", "heads", "channels"), "a weight of each edge"
    shape = tuple(weights[1].shape)
    axes = [Axis(*one, why) for one in zip(names, shape, strict=False)]
    return Report(shape, axes, notes=[say("edges")], what="weights of edges"), None


def is_numbers(entry):
    """True for a float, and for lists of lists of floats."""
    if isinstance(entry, list | tuple):
        return bool(entry) and all(map(is_numbers, entry))
    return isinstance(entry, float | int)


def filled(entry):
    """False for None, for an empty collection, and for one that holds only such."""
    entry = list(entry.values()) if isinstance(entry, dict) else entry
    if isinstance(entry, list | tuple):
        return any(map(filled, entry))
    return isinstance(entry, torch.Tensor | np.ndarray | Integral | float)
