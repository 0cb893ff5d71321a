"""Weights from where they begin to where values are read with them."""

from dataclasses import replace

from helpers.inspection.capture.axes import Span
from helpers.inspection.capture.candidate import AttentionCandidate
from helpers.inspection.capture.combining import aligned, is_parameter
from helpers.inspection.capture.following import AxesTracker
from helpers.inspection.capture.lookups import (
    descended,
    each_once,
    has_features,
    held,
    refuse_mixed,
)
from helpers.inspection.capture.products import (
    axes_of_layer,
    axes_of_product,
    letters_of,
)
from helpers.inspection.capture.softmaxes import sums_to_one


class ReadTracker(AxesTracker):
    """Knows, besides, which tensors hold weights, and what is read with them."""

    def __init__(self, buffers=()):
        super().__init__(buffers)
        self.refused = []  # candidates that were read and are none
        self.waiting = []  # candidates that nothing was read with yet
        self.summaries = []  # candidates with maps for features
        self.candidates = 0
        self.reads = 0  # of candidates: that many were multiplied with values
        self.unexplained = False  # the latest call may have read values, unrecognised

    def began(self, scores, output, axis):
        """A candidate: its keys get a span of their own, which queries do not share."""
        axes = self.of(scores)
        self.candidates += 1
        found = AttentionCandidate(serial=self.candidates)
        found.key = Span(output.shape[axis], axes.spans[axis], candidate=found)
        found.scored = axes.scores
        self.waiting.append(found)
        spans = [*axes.spans[:axis], (found.key,), *axes.spans[axis + 1 :]]
        found.rows = [s for own in spans for s in own if s is not found.key]
        self.axes[output] = replace(axes, spans=spans, weights=found)
        return found

    def product(self, name, args, kwargs, operands, output):
        """The axes of a product; returns the candidates that it read values with."""
        if name == "linear" and is_parameter(self.of(operands[1])):
            self.axes[output] = axes_of_layer(self.of(operands[0]), output.shape[-1])
            return []
        how = letters_of(name, (*args, *kwargs.values()))
        if how is None:
            known = [self.of(one) for one in operands]
            self.axes[output] = aligned(known, output.shape)
            return []
        operands, lists, result = how
        known = [self.of(one) for one in operands]
        between = not any(is_parameter(one) or one.given for one in known)
        read = []
        for place, letters in enumerate(lists):
            over = set(letters) - set(result)
            others = [
                (known[i], named)
                for i, named in enumerate(lists)
                if i != place and over & set(named)
            ]
            found = others and self.weights_over(
                over, operands[place], known[place], letters
            )
            if found:
                read += self.read(found, operands[place], letters, *others[0])
        axes = axes_of_product(known, lists, result)
        refused = any(one.weights and one.weights.refused for one in known)
        scored = any(one.scores for one in known)
        self.unexplained = between and scored and not read and not refused
        if between and not read:
            refuse_mixed(self.summaries, known, lists, result)
        axes.scores = between and not read
        axes.after = max([axes.after, *(found.number for found in read)])
        axes.weights = held(known, axes)
        self.axes[output] = axes
        return read

    def weights_over(self, over, tensor, axes, letters):
        """The candidate of a tensor whose keys this product sums over, or None.

        over: the letters that it sums over.
        """
        found = axes.weights or descended(axes, letters, over)
        known = axes.given or is_parameter(axes)
        if not found and len(over) == 1 and not known:
            axis = letters.index(*over)
            if tensor.shape[axis] > 1 and sums_to_one(tensor, axis):
                found = self.began(tensor, tensor, axis)
        if not found:
            return None
        spans = zip(letters, self.of(tensor).spans, strict=True)
        keys = {letter for letter, own in spans if found.keys_alone(own)}
        return found if keys and keys <= over else None

    def multiplied(self, operands, output):
        """Entry by entry: a read of values, if these have features beside the keys.

        The sum over the keys is still to come.
        """
        known = [self.of(one) for one in operands]
        result = aligned(known, output.shape)
        result.weights = held(known, result)
        for mine, other in [(0, 1), (1, 0)] if len(known) == 2 else []:
            found = known[mine].weights
            if not found or known[other].weights:
                continue
            if has_features(found, known[mine], known[other]):
                weights, axes = each_once(operands[mine], known[mine])
                self.axes[weights] = axes
                result.weighed, result.weights = (found, weights, known[other]), None
        self.axes[output] = result

    def summed_up(self, waiting, dims, rank):
        """The sum over the keys of a product entry by entry."""
        found, weights, value = waiting
        mine = self.of(weights)
        letters = list(range(rank - len(mine.spans), rank))
        named = list(range(rank - len(value.spans), rank))
        spans = zip(letters, mine.spans, strict=True)
        if not {letter for letter, own in spans if found.keys_alone(own)} <= dims:
            return []
        # an axis of size 1 stands for no axis of the weights
        letters = [
            letter if size > 1 else letter + rank
            for letter, size in zip(letters, weights.shape, strict=True)
        ]
        return self.read(found, weights, letters, value, named)

    def read(self, found, tensor, letters, value, named):
        """[found], with its weights filed; [] if they are no weights over places."""
        axes = self.of(tensor)
        first = found.first or found
        self.waiting = [one for one in self.waiting if one is not first]
        if found.weights is not None:  # read before: as a whole, or another piece
            found = found.again()
        if not found.read(tensor, axes, letters, value, named):
            self.refused.append(found)
            return []
        self.reads += 1
        found.number = self.reads
        self.summaries += [found] if found.summaries else []
        return [found]
