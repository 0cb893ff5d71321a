"""Keys that the model picked, by topk or a sort: the nearest, the best three.

Which places these are differs from input to input, and the weights do not say it.
"""

from dataclasses import replace

import torch

from helpers.inspection.capture.axis_origins import Span, all_born, flat
from helpers.inspection.capture.name_axes import QUERY


def picked(call, known, shape):
    """After topk or a sort: what lies along the axis has an order of its own."""
    if not shape:  # of a single number
        return None
    dim = call.argument("dim", 2 if call.name == "topk" else 1, -1) % len(shape)
    spans = list(known[0].spans)
    spans[dim] = (Span(shape[dim], tuple(spans[dim]), born="picked"),)
    return replace(known[0], spans=spans)


def indexed(call, known, shape):
    """After x[images, places] with places that were picked; None for anything else."""
    axes, *indices = known
    index = call.args[1] if isinstance(call.args[1], tuple) else call.args[1:]
    first, rest = index[: len(indices)], index[len(indices) :]
    leading = all(isinstance(one, torch.Tensor) for one in first)
    whole = all(isinstance(one, slice) and one == slice(None) for one in rest)
    picks = [one for one in indices if any(map(is_picked, flat(one.spans)))]
    if axes.fits(shape) or not (leading and whole and picks):
        return None  # images in another order are images
    taken = flat(axes.spans[: len(indices)])
    spans = [
        tuple(replace(s, parents=(s, *taken)) if is_picked(s) else s for s in own)
        for own in picks[0].spans
    ]
    return replace(axes, spans=[*spans, *axes.spans[len(indices) :]])


def is_picked(span):
    return span.born == "picked"


def of_picked_keys(read):
    """True for keys that were picked for the queries; not for queries that were picked
    and look at each other."""
    spans = [read.key] if is_picked(read.key) else read.key.parents
    queries = {span.whole for span in read.order[QUERY]}
    picks = {span.whole for span in spans}
    return all_born(spans, "picked") and picks.isdisjoint(queries)


PICKS = {"topk": picked, "sort": picked, "argsort": picked, "getitem": indexed}
