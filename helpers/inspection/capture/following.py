"""Follows the axes of tensors from call to call."""

from dataclasses import replace

import torch
from torch.nn.parameter import UninitializedTensorMixin
from torch.utils.weak import WeakTensorKeyDictionary

from helpers.inspection.capture.axes import Span, all_born, flat, new_axes
from helpers.inspection.capture.calls import axes_after

ADDS = "index_add scatter_add scatter_reduce index_reduce segment_reduce".split()
WRITES = "setitem copy index_copy index_put scatter slice_scatter".split() + ADDS


class AxesTracker:
    """Axes of each tensor that a call returned, as long as the tensor lives."""

    def __init__(self, buffers=()):
        self.axes = WeakTensorKeyDictionary()  # tensor -> Axes
        for buffer in buffers:
            self.axes[buffer] = new_axes(buffer, kept=True)

    def of(self, tensor):
        known = self.axes.get(tensor)
        if known is None or not known.fits(tensor.shape):
            known = self.axes[tensor] = new_axes(tensor)
        return known

    def before(self, call):
        """Keep weights that a dropout is about to change."""
        if not call.name.startswith("dropout") or not call.operands:
            return
        weights, axes = call.operands[0], self.axes.get(call.operands[0])
        if axes and axes.weights and not axes.weights.before_dropout:
            if call.argument("training", 2, True):
                axes.weights.before_dropout = weights.detach().clone(), axes

    def note(self, call):
        """The axes of the results of a call that is no product."""
        found = axes_after(call, [self.of(one) for one in call.operands])
        self.axes.update(zip(call.results, found, strict=True))

    def written(self, call):
        """What is written into a tensor is a part of it from then on."""
        into, source = call.operands[0], call.operands[-1]
        self.axes[into] = self.axes_with(call.name, into, source)
        for result in call.results:
            self.axes[result] = self.axes[into]

    def axes_with(self, name, into, source):
        """Axes of a tensor into which another was written."""
        axes, others = self.of(into), self.of(source)
        if into is source or name == "copy" and others.fits(into.shape):
            return others
        spans = list(axes.spans)
        for place in range(-min(len(spans), len(others.spans)), 0):
            same = into.shape[place] == source.shape[place]
            if same or into.dim() == source.dim():
                parents = (*spans[place], *others.spans[place])
                spans[place] = (Span(into.shape[place], parents),)
        return replace(axes, spans=spans)


def is_apart(tensor):
    """Tensors whose axes cannot be followed: nested ones, and those inside vmap."""
    if isinstance(tensor, UninitializedTensorMixin):  # of a lazy layer
        return True
    return tensor.is_nested or torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def descended(axes, letters, over):
    """(candidate, span of its keys), or the latest that was written into what is summed
    over; (None, None) if there is none."""
    if axes.weights:
        return axes.weights, axes.weights.key
    lists = zip(letters, axes.spans, strict=True)
    found = [
        (origin.candidate, span.whole)
        for span in flat(spans for letter, spans in lists if letter in over)
        for origin in span.origins()
        if origin.candidate
    ]
    candidate, key = max(found, key=lambda one: one[0].number, default=(None, None))
    if candidate:
        candidate.lost = True
    return candidate, key


def once_each(weights, axes):
    """Weights without the axes along which they only repeat."""
    spans = list(axes.spans)
    for axis, own in enumerate(spans):
        if all_born(own, "expanded"):
            weights, spans[axis] = weights.narrow(axis, 0, 1), ()
    return weights, replace(axes, spans=spans)
