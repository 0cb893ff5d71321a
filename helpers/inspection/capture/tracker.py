"""Follows weights from the softmax that made them to the values read with them.

A classifier ends in a softmax, too. But an attention goes on: its weights are
multiplied with values, as they are or after a dropout, a mask, a reshape. So what a
softmax returns is followed until its keys are summed over, whatever its layer is named.
"""

from dataclasses import replace
from itertools import count, permutations

from torch.utils.weak import WeakTensorKeyDictionary

from helpers.inspection.capture import axis_rules, candidate, torch_calls
from helpers.inspection.capture.axis_origins import Span, candidate_of, flat, new_axes
from helpers.inspection.capture.kernels import FUSED, fused_weights

ADDS = "index_add scatter_add scatter_reduce index_reduce segment_reduce".split()
WRITES = "setitem copy index_copy index_put scatter slice_scatter".split() + ADDS


class SoftmaxTracker:
    """Sorts the calls: what makes weights, what reads with them, what does neither.

    Of the latest call: begun: the candidate that it made, or None. reads: what it read.
    unexplained: it may have read values, and was not recognised. opaque: it has read
    values and gives no weights.
    """

    def __init__(self, buffers=()):
        self.axes = WeakTensorKeyDictionary()  # tensor -> its Axes, as long as it lives
        self.axes.update((one, new_axes(one, kept=True)) for one in buffers)
        self.refused = []  # candidates that were read and are none
        self.waiting = []  # candidates that nothing was read with yet
        self.summaries = []  # reads with maps for features
        self.numbers = count(1)

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

    def after(self, call):
        """Note what a call did."""
        name, operands, results = call.name, call.operands, call.results
        self.begun, self.reads = None, []
        self.unexplained = self.opaque = False
        apart = any(map(torch_calls.is_apart, operands + results))
        if apart or name == "flex_attention":
            self.unexplained = name in torch_calls.PRODUCTS and name != "linear"
            self.opaque = call.function in FUSED or name == "flex_attention"
        elif operands and name in WRITES:
            into, source = operands[0], self.of(operands[-1])
            # An adding one sums over the keys, perhaps, of a list of pairs.
            self.unexplained = name in ADDS and source.scores
            axes = axis_rules.written_into(self.of(into), source, name == "copy")
            self.axes.update((one, axes) for one in [into, *results])
        elif operands and results:
            self.sort(call, *operands)
            self.note_uses(operands, results[0])
            for read in self.reads:
                self.of(results[0]).after = read.number

    def sort(self, call, first, *others):
        """Make weights, read with them, or only note the axes of the results."""
        name, output, axes = call.name, call.results[0], self.of(first)
        axis, product = torch_calls.softmax_axis(call), torch_calls.letters_of(call)
        # weights that were masked, and are made to sum to 1 once more, are the same
        again = axes.weights and axes.weights.key.fills(axes.spans[axis or 0])
        if call.function in FUSED:
            weights, *values = fused_weights(self, call)
            self.begin(weights, weights, weights.dim() - 1)
            self.axes[output] = axis_rules.aligned([axes], output.shape)
            self.read({"n"}, weights, *values)
        elif axis is not None and not again:
            self.begin(first, output, axis)
        elif product and not (name == "linear" and self.of(others[0]).is_parameter):
            self.product(*product, output)
        else:
            known = [self.of(one) for one in call.operands]
            found = axis_rules.axes_after(call, known)
            self.axes.update(zip(call.results, found, strict=True))
        if name in ("mul", "rmul") and len(others) == 1:
            self.multiplied(first, *others, output)
            self.multiplied(*others, first, output)
        if name in ("sum", "mean") and axes.weighed:
            dims = call.dims(first.dim())
            self.read({dim - first.dim() for dim in dims}, *axes.weighed)

    def begin(self, scores, weights, axis):
        """A candidate: its keys get a span of their own, which queries do not share."""
        axes = self.of(scores)
        number, scored = next(self.numbers), axes.scores
        found = candidate.AttentionCandidate(number=number, scored=scored)
        found.made, self.begun = weights, found
        found.key = Span(weights.shape[axis], axes.spans[axis], candidate=found)
        found.rows = [s for i, own in enumerate(axes.spans) if i != axis for s in own]
        spans = [*axes.spans[:axis], (found.key,), *axes.spans[axis + 1 :]]
        self.axes[weights] = replace(axes, spans=spans)
        self.waiting.append(found)
        return found

    def product(self, operands, lists, result, output):
        """A sum over all letters that are not in the result: see `letters_of`."""
        pairs = permutations(zip(operands, lists, strict=True), 2)
        for (weights, letters), (values, named) in pairs:
            over = set(letters) - set(result)
            if over & set(named):
                self.read(over, weights, letters, self.of(values), named)
        known = [self.of(one) for one in operands]
        axes = self.axes[output] = torch_calls.axes_of_product(known, lists, result)
        if not self.reads and not any(one.is_parameter for one in known):
            refused = any(one.weights and one.weights.refused for one in known)
            self.unexplained = not refused and any(one.scores for one in known)
            for read in self.summaries:  # linear attention picks among its maps
                read.refused |= not axes.mixed.isdisjoint(read.summaries)
            axes.scores = True

    def multiplied(self, weights, values, output):
        """Entry by entry: a read of values with features, but for the sum over keys."""
        found, other = self.of(weights).weights, self.of(values)
        if not found or other.weights:
            return
        weights, axes = candidate.once_each(weights, self.of(weights))
        places = range(-weights.dim(), 0)
        keys = [i for i in places if found.key.fills(axes.spans[i])]
        wide = [i for i in range(-output.dim(), 0) if axes.size(i) == 1 < other.size(i)]
        if wide and keys and all(axes.size(i) == other.size(i) for i in keys):
            letters = [i if axes.size(i) > 1 else f"{i}, alone" for i in places]
            named = list(range(-len(other.spans), 0))
            self.axes[weights] = axes
            self.of(output).weighed = weights, letters, other, named

    def read(self, over, tensor, letters, value, named):
        """A product with values that was summed over some letters: perhaps the keys.

        value: the Axes of the values; named: their letters.
        """
        axes = self.of(tensor)
        found, key = candidate.descended(axes, letters, over)
        if not found and len(over) == 1 and not axes.is_parameter:
            axis = letters.index(*over)
            if tensor.shape[axis] > 1 and torch_calls.sums_to_one(tensor, axis):
                found = self.begin(tensor, tensor, axis)
                axes, key = self.of(tensor), found.key
        spans = zip(letters, axes.spans, strict=True)
        keys = {letter for letter, own in spans if found and key.fills(own)}
        if not keys or not keys <= over:
            return
        if found in self.waiting:
            self.waiting.remove(found)
        read = candidate.read_values(found, key, tensor, axes, letters, value, named)
        if read is None:
            found.refused = True
            self.refused.append(found)
            return
        read.number = next(self.numbers)
        self.reads.append(read)
        self.summaries += [read] * bool(read.summaries)

    def note_uses(self, operands, output):
        """Weights that nothing was read with, and something else came of them."""
        if not self.waiting:
            return
        known = [self.of(one) for one in operands]
        held = {candidate_of([*one.dropped, *flat(one.spans)]) for one in known}
        kept = None if self.of(output).weighed else self.of(output).weights
        for found in held.intersection(self.waiting) - {kept}:
            found.touched |= len(held) > 1
