"""Follows tensors from call to call: the origin of their axes, and which of them hold
the weights of an attention.

A classifier ends in a softmax, too. But an attention goes on: its weights are
multiplied with values, as they are or after a dropout, a mask, a reshape. So what a
softmax returns is followed until its keys are summed over. That needs no name of a
layer.
"""

from helpers.inspection.capture.calls import summed_dims
from helpers.inspection.capture.following import WRITES
from helpers.inspection.capture.lookups import candidate_of, is_apart
from helpers.inspection.capture.products import PRODUCTS
from helpers.inspection.capture.reading import ReadTracker
from helpers.inspection.capture.softmaxes import softmax_axis
from helpers.inspection.shapes.text import tensors

ADDS = "index_add scatter_add scatter_reduce index_reduce segment_reduce".split()


class SoftmaxTracker(ReadTracker):
    """Sorts the calls: what makes weights, what reads with them, what does neither."""

    def after(self, function, name, args, kwargs, output):
        """Note the axes of what a call returned.

        Returns (a candidate that began with this call or None, candidates that this
        call multiplied with values).
        """
        operands, results = tensors([*args, *kwargs.values()]), tensors([output])
        self.unexplained = False
        if any(is_apart(tensor) for tensor in [*operands, *results]):
            self.unexplained = name in PRODUCTS and name != "linear"
            return None, []
        if not operands:
            return None, []
        if name in ADDS:  # a sum over the keys, perhaps, of a list of pairs
            self.unexplained = self.of(operands[-1]).scores
        if name in WRITES:
            self.written(name, operands[0], operands[-1])
            for result in results:
                self.axes[result] = self.of(operands[0])
            return None, []
        if not results:
            return None, []
        noted = self.noted(function, name, args, kwargs, operands, results)
        self.note_uses(operands, results)
        return noted

    def noted(self, function, name, args, kwargs, operands, results):
        """Note the axes of the results, and what began or was read."""
        output = results[0]
        if name in PRODUCTS:
            return None, self.product(name, args, kwargs, operands, output)
        if name in ("mul", "rmul"):
            self.multiplied(operands, output)
            return None, []
        axis = softmax_axis(name, args, kwargs, output)
        if axis is not None and not self.is_weighed(operands[0], axis):
            return self.began(operands[0], output, axis), []
        waiting = self.of(operands[0]).weighed
        self.note(function, name, args, kwargs, operands, results)
        if not waiting or name != "sum":
            return None, []
        dims = summed_dims(args, kwargs, operands[0].dim())
        read = self.summed_up(waiting, dims, operands[0].dim())
        for found in read:
            self.of(output).after = found.number
        return None, read

    def note_uses(self, operands, results):
        """Weights that nothing was read with, and something else came of them."""
        if not self.waiting or len(operands) < 2:
            return
        kept = self.of(results[0]).weights
        holds = [candidate_of(self.of(one)) for one in operands]
        for one, found in zip(operands, holds, strict=True):
            if found and found is not kept and found in self.waiting:
                found.touched |= any(
                    x is not one and x.numel() > 1 and x.is_floating_point()
                    for x, others in zip(operands, holds, strict=True)
                    if others is not found
                )

    def is_weighed(self, tensor, axis):
        """It holds weights over this axis already: masked, and made to sum to 1."""
        axes = self.of(tensor)
        return bool(axes.weights) and axes.weights.keys_alone(axes.spans[axis])
