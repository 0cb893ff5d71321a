"""Runs in the browser: what `diagnose` says, as JSON."""

import json
from dataclasses import asdict

import torch

from helpers.inspection.shapes.diagnose import diagnose


def as_json(facts, data=None):
    """The report of weights, or of a bare shape.

    facts: JSON of shape, dtype, and of what else `diagnose` takes. data: the numbers of
    the weights, one after the other, in a Float64Array.
    """
    known = json.loads(facts)
    shape, dtype = tuple(known.pop("shape")), known.pop("dtype", None)
    weights = shape if data is None else torch.Tensor(data, shape, dtype)
    return json.dumps(told(diagnose(weights, **known)))


def told(report):
    """A Report as plain data."""
    return {
        "shape": report.shape,
        "axes": [asdict(axis) for axis in report.axes],
        "candidates": [layout_of(candidate) for candidate in report.candidates],
        "problems": [asdict(problem) for problem in report.problems],
        "ambiguous": report.ambiguous,
        "notes": report.notes,
        "looked_at": report.looked_at,
        "what": report.what,
        "next": report.next,
    }


def layout_of(candidate):
    """index: for each cell of the grid the number of its key."""
    return {
        "text": str(candidate),
        "known": candidate.known,
        "grid": candidate.layout.grid,
        "index": candidate.layout.index.flatten().tolist(),
    }
