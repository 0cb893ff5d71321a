"""What the axes of tensors say about the weights that they hold."""

from dataclasses import replace

import torch
from torch.nn.parameter import UninitializedTensorMixin

from helpers.inspection.capture.combining import is_expanded


def is_apart(tensor):
    """Tensors whose axes cannot be followed: nested ones, and those inside vmap."""
    if isinstance(tensor, UninitializedTensorMixin):  # of a lazy layer
        return True
    return tensor.is_nested or torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def candidate_of(axes):
    """The candidate that a tensor holds, or holds a piece of."""
    spans = [*axes.dropped, *(span for own in axes.spans for span in own)]
    pieces = (span.whole.candidate for span in spans if span.whole.candidate)
    return axes.weights or next(pieces, None)


def held(known, axes):
    """The candidate whose keys are still among the axes."""
    wholes = {span.whole for spans in axes.spans for span in spans}
    return next(
        (a.weights for a in known if a.weights and a.weights.key in wholes), None
    )


def descended(axes, letters, over):
    """The latest candidate whose weights were written into what is summed over."""
    found = [
        (origin.candidate.serial, span.whole, origin.candidate)
        for letter, spans in zip(letters, axes.spans, strict=True)
        if letter in over
        for span in spans
        for origin in span.origins()
        if origin.candidate
    ]
    if not found:
        return None
    _, key, candidate = max(found, key=lambda entry: entry[0])
    candidate.lost = True
    return replace(candidate.again(), key=key)


def each_once(weights, axes):
    """A copy of weights that holds each of them once."""
    spans = list(axes.spans)
    for axis, own in enumerate(spans):
        if is_expanded(own):
            weights, spans[axis] = weights.narrow(axis, 0, 1), ()
    return weights.detach().clone(), replace(axes, spans=spans)


def has_features(found, mine, other):
    """The values are as long along the keys, and wider where the weights are 1."""
    wider = lined_up = False
    for place in range(-max(len(mine.spans), len(other.spans)), 0):
        own, theirs = mine.size(place), other.size(place)
        if -place <= len(mine.spans) and is_expanded(mine.spans[place]):
            own = 1
        wider |= own == 1 < theirs
        if own > 1 and found.keys_alone(mine.spans[place]):
            lined_up |= own == theirs
    return wider and lined_up


def refuse_mixed(summaries, known, lists, result):
    """A query that picks among maps of features: linear attention (LambdaNet)."""
    mixed = {
        spans[0]
        for axes, named in zip(known, lists, strict=True)
        for letter, spans in zip(named, axes.spans, strict=True)
        if letter not in result and len(spans) == 1
    }
    for found in summaries:
        found.refused |= not mixed.isdisjoint(found.summaries)
