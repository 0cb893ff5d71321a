"""Follows tensors from call to call: the origin of their axes, and which of them hold
the weights of an attention.

A classifier ends in a softmax, too. But an attention goes on: its weights are
multiplied with values, as they are or after a dropout, a mask, a reshape. So what a
softmax returns is followed until its keys are summed over, whatever its layer is named.
"""

from dataclasses import replace
from itertools import count

from helpers.inspection.capture.axes import Span
from helpers.inspection.capture.calls import summed_dims
from helpers.inspection.capture.candidate import AttentionCandidate, read_values
from helpers.inspection.capture.combining import aligned, is_parameter
from helpers.inspection.capture.following import (
    ADDS,
    WRITES,
    AxesTracker,
    descended,
    each_once,
    has_features,
    held,
    is_apart,
    note_uses,
    refuse_mixed,
)
from helpers.inspection.capture.products import (
    PRODUCTS,
    axes_of_layer,
    axes_of_product,
    letters_of,
)
from helpers.inspection.capture.softmaxes import softmax_axis, sums_to_one
from helpers.inspection.shapes.text import tensors


class SoftmaxTracker(AxesTracker):
    """Sorts the calls: what makes weights, what reads with them, what does neither."""

    def __init__(self, buffers=()):
        super().__init__(buffers)
        self.refused = []  # candidates that were read and are none
        self.waiting = []  # candidates that nothing was read with yet
        self.summaries = []  # candidates with maps for features
        self.numbers = count(1)
        self.unexplained = False  # the latest call may have read values, unrecognised

    def after(self, function, name, args, kwargs, output):
        """What a call did: (a candidate that began or None, candidates it read)."""
        operands, results = tensors([*args, *kwargs.values()]), tensors([output])
        self.unexplained = False
        if any(map(is_apart, operands + results)):
            self.unexplained = name in PRODUCTS and name != "linear"
        elif operands and name in WRITES:
            # An adding one sums over the keys, perhaps, of a list of pairs.
            self.unexplained = name in ADDS and self.of(operands[-1]).scores
            self.written(name, operands, results)
        elif operands and results:
            noted = self.noted(function, name, args, kwargs, operands, results)
            note_uses(self, operands, results)
            return noted
        return None, []

    def noted(self, function, name, args, kwargs, operands, results):
        """Note the axes of the results, and what began or was read."""
        first, output = operands[0], results[0]
        if name in PRODUCTS:
            return None, self.product(name, args, kwargs, operands, output)
        if name in ("mul", "rmul"):
            self.multiplied(operands, output)
            return None, []
        axis, axes = softmax_axis(name, args, kwargs, output), self.of(first)
        if axis is not None:
            masked = axes.weights and axes.weights.key.fills(axes.spans[axis])
            if not masked:  # and made to sum to 1 again
                return self.began(first, output, axis), []
        self.note(function, name, args, kwargs, operands, results)
        if not axes.weighed or name != "sum":
            return None, []
        read = self.summed_up(axes.weighed, summed_dims(args, kwargs, first.dim()))
        for one in read:
            self.of(output).after = one.number
        return None, read

    def began(self, scores, output, axis):
        """A candidate: its keys get a span of their own, which queries do not share."""
        axes = self.of(scores)
        found = AttentionCandidate(number=next(self.numbers), scored=axes.scores)
        found.key = Span(output.shape[axis], axes.spans[axis], candidate=found)
        self.waiting.append(found)
        spans = [*axes.spans[:axis], (found.key,), *axes.spans[axis + 1 :]]
        found.rows = [s for own in spans for s in own if s is not found.key]
        self.axes[output] = replace(axes, spans=spans, weights=found)
        return found

    def product(self, name, args, kwargs, operands, output):
        """The axes of a product; returns the candidates that it read values with."""
        known = [self.of(one) for one in operands]
        how = letters_of(name, (*args, *kwargs.values()))
        if name == "linear" and is_parameter(known[1]):
            self.axes[output] = axes_of_layer(known[0], output.shape[-1])
            return []
        if how is None:
            self.axes[output] = aligned(known, output.shape)
            return []
        operands, lists, result = how
        read = []
        for place, letters in enumerate(lists):
            over = set(letters) - set(result)
            others = [
                (self.of(operands[i]), named)
                for i, named in enumerate(lists)
                if i != place and over & set(named)
            ]
            found = others and self.weights_over(over, operands[place], letters)
            if found:
                read += self.read(*found, operands[place], letters, *others[0])
        known = list(map(self.of, operands))
        axes = axes_of_product(known, lists, result)
        refused = any(one.weights and one.weights.refused for one in known)
        scored = any(one.scores for one in known)
        between = not any(is_parameter(one) for one in known)
        self.unexplained = between and scored and not read and not refused
        if between and not read:
            refuse_mixed(self.summaries, known, lists, result)
        axes.scores = between and not read
        axes.after = max([axes.after, *(one.number for one in read)])
        axes.weights = held(known, axes)
        self.axes[output] = axes
        return read

    def weights_over(self, over, tensor, letters):
        """(candidate, span of its keys), which are the letters summed over, or None."""
        axes = self.of(tensor)
        found = axes.weights
        found, key = (found, found.key) if found else descended(axes, letters, over)
        if not found and len(over) == 1 and not is_parameter(axes):
            axis = letters.index(*over)
            if tensor.shape[axis] > 1 and sums_to_one(tensor, axis):
                found = self.began(tensor, tensor, axis)
                key = found.key
        if not found:
            return None
        spans = zip(letters, self.of(tensor).spans, strict=True)
        keys = {letter for letter, own in spans if key.fills(own)}
        return (found, key) if keys and keys <= over else None

    def multiplied(self, operands, output):
        """Entry by entry: a read of values with features, but for the sum over keys."""
        known = [self.of(one) for one in operands]
        result = self.axes[output] = aligned(known, output.shape)
        result.weights = held(known, result)
        for mine, other in [(0, 1), (1, 0)] if len(known) == 2 else []:
            found = known[mine].weights
            if not found or known[other].weights:
                continue
            if has_features(found, known[mine], known[other]):
                weights, axes = each_once(operands[mine], known[mine])
                self.axes[weights], result.weights = axes, None
                result.weighed = found, weights, known[other]

    def summed_up(self, weighed, dims):
        """The sum over the keys (among dims) of a product entry by entry."""
        found, weights, value = weighed
        mine, rank = self.of(weights), max(weights.dim(), len(value.spans))
        places = range(rank - weights.dim(), rank)
        spans = zip(places, mine.spans, strict=True)
        if not {place for place, own in spans if found.key.fills(own)} <= dims:
            return []
        # an axis of size 1 stands for no axis of the weights
        sizes = zip(places, weights.shape, strict=True)
        letters = [place if size > 1 else place + rank for place, size in sizes]
        named = list(range(rank - len(value.spans), rank))
        return self.read(found, found.key, weights, letters, value, named)

    def read(self, found, key, tensor, letters, value, named):
        """[a Read]; [] if they are no weights over places."""
        if found in self.waiting:
            self.waiting.remove(found)
        read = read_values(found, key, tensor, self.of(tensor), letters, value, named)
        if read is None:
            found.refused = True
            self.refused.append(found)
            return []
        read.number = next(self.numbers)
        self.summaries += [read] * bool(read.summaries)
        return [read]
