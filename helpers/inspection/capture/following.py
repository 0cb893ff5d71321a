"""Follows the axes of tensors from call to call."""

from dataclasses import replace

import torch
from torch.utils.weak import WeakTensorKeyDictionary

from helpers.inspection.capture.axes import Span, new_axes
from helpers.inspection.capture.calls import axes_after
from helpers.inspection.capture.lookups import held

WRITES = "setitem copy index_copy index_put scatter slice_scatter".split()


class AxesTracker:
    """Axes of each tensor that a call returned, as long as the tensor lives."""

    def __init__(self, buffers=()):
        self.axes = WeakTensorKeyDictionary()  # tensor -> Axes
        for buffer in buffers:
            self.axes[buffer] = replace(new_axes(buffer), given=True)

    def of(self, tensor):
        known = self.axes.get(tensor)
        if known is None or not known.fits(tensor.shape):
            known = self.axes[tensor] = new_axes(tensor)
        return known

    def before(self, name, args, kwargs):
        """Keep weights that a dropout is about to change."""
        if not name.startswith("dropout") or not isinstance(args[0], torch.Tensor):
            return
        axes = self.axes.get(args[0])
        if axes is not None and axes.weights and not axes.weights.before_dropout:
            if kwargs.get("training", args[2] if len(args) > 2 else True):
                axes.weights.before_dropout = args[0].detach().clone(), axes

    def note(self, function, name, args, kwargs, operands, results):
        """The axes of the results of a call that is no product."""
        known = [self.of(one) for one in operands]
        found = axes_after(function, name, args, kwargs, known, results)
        for result, axes in zip(results, found, strict=True):
            axes.weights = held(known, axes)
            self.axes[result] = axes

    def written(self, name, into, source):
        """What is written into a tensor is a part of it from then on."""
        axes, others = self.of(into), self.of(source)
        if into is source:
            return
        if name == "copy" and others.fits(into.shape):
            self.axes[into] = others
            return
        spans = list(axes.spans)
        for place in range(-min(len(spans), len(others.spans)), 0):
            same = into.shape[place] == source.shape[place]
            if same or into.dim() == source.dim():
                parents = (*spans[place], *others.spans[place])
                spans[place] = (Span(into.shape[place], parents),)
        self.axes[into] = replace(axes, spans=spans, weights=None)
