"""Follows tensors from call to call: where their axes come from, and which hold the
weights of an attention.

A classifier ends in a softmax, too. But an attention goes on: its weights are
multiplied with values, as they are or after a dropout, a mask, a reshape. So what a
softmax returns is followed until its keys are summed over. That needs no name of a
layer.
"""

from dataclasses import replace

import torch
from torch.utils.weak import WeakTensorKeyDictionary

from helpers.capture.axes import (
    Axes,
    Span,
    aligned,
    gathered,
    is_parameter,
    new_axes,
    size_of,
)
from helpers.capture.candidate import AttentionCandidate
from helpers.capture.products import PRODUCTS, letters_of
from helpers.shapes.text import tensors

# Where a softmax takes its axis: {function: the place of dim among its arguments}.
SOFTMAX = {
    "softmax": 1,
    "log_softmax": 1,
    "softmin": 1,
    "gumbel_softmax": 4,
}
RESHAPE = "view reshape flatten unflatten ravel view_as reshape_as squeeze unsqueeze"
RESHAPE = f"{RESHAPE} contiguous clone detach".split()
VIEW = "permute transpose swapaxes swapdims movedim moveaxis t adjoint getitem select"
VIEW = f"{VIEW} narrow chunk split tensor_split unbind expand".split()
GETTERS = {getattr(torch.Tensor, name).__get__: name for name in ("T", "mT", "H", "mH")}
CELLS = "gru_cell lstm_cell rnn_tanh_cell".split()
WRITES = "setitem copy index_copy index_put scatter slice_scatter".split()


class SoftmaxTracker:
    """Axes of each tensor that a call returned, as long as the tensor lives."""

    def __init__(self):
        self.axes = WeakTensorKeyDictionary()  # tensor -> Axes
        self.began_so_far = 0  # candidates
        self.count = 0  # of them, those that were read
        self.unexplained = False  # the latest call may have read values, unrecognised

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
                kept = args[0].detach().clone()
                axes.weights.before_dropout = kept, axes

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
        if name in WRITES and operands:
            self.written(name, operands)
            if results and results[0] is not operands[0]:
                self.axes[results[0]] = self.of(operands[0])
            return None, []
        if not results or not operands:
            return None, []
        began, read = None, []
        if name in PRODUCTS or name in ("mul", "rmul"):
            read = self.product(name, args, kwargs, output)
        elif axis := self.softmax_axis(name, args, kwargs, output):
            began = self.began(operands[0], output, axis[0])
        else:
            waiting = self.axes.get(operands[0])
            waiting = waiting.weighed if waiting is not None else None
            self.note(name, function, args, kwargs, operands, output, results)
            if waiting and name == "sum":
                read = self.summed_up(waiting, args, kwargs, operands[0])
        return began, read

    def note(self, name, function, args, kwargs, operands, output, results):
        """The axes of the results of a call that is no product."""
        known = [self.of(one) for one in operands]
        found = None
        if name in RESHAPE and known:
            found = [known[0].regrouped(output.shape)]
        elif (name in VIEW or function in GETTERS) and len(operands) == 1:
            view = known[0].viewed(lambda empty: function(empty, *args[1:], **kwargs))
            found = view if isinstance(view, list) else [view]
        elif name in ("cat", "concat", "concatenate", "stack"):
            dim = kwargs.get("dim", args[1] if len(args) > 1 else 0)
            found = [joined(known, dim % output.dim(), name == "stack", output)]
        elif name == "embedding":
            feature = (Span(output.shape[-1], born="feature"),)
            found = [Axes([*known[0].spans, feature])]
        elif name in ("sum", "mean") and output.dim() < results[0].dim() + 1 and known:
            found = [summed(known[0], args, kwargs, output)]
        for place, result in enumerate(results):
            axes = found[place] if found and len(found) == len(results) else None
            if axes is None or not axes.fits(result.shape):
                axes = aligned(known, result.shape)
            if name in CELLS:
                axes = replace(axes, dropped=frozenset())
            self.axes[result] = replace(axes, weights=self.held(known, axes))

    @staticmethod
    def held(known, axes):
        """The candidate whose keys are still among the axes."""
        wholes = {span.whole for spans in axes.spans for span in spans}
        for one in known:
            if one.weights and one.weights.key in wholes:
                return one.weights
        return None

    @staticmethod
    def descended(axes, letters, result):
        """The latest candidate whose weights were written into what is summed over."""
        found = [
            (origin.candidate.serial, span, origin.candidate)
            for letter, spans in zip(letters, axes.spans, strict=True)
            if letter not in result
            for span in spans
            for origin in span.origins()
            if origin.candidate
        ]
        if not found:
            return None
        _, span, candidate = max(found, key=lambda entry: entry[0])
        candidate.key = span.whole
        return candidate

    def written(self, name, args):
        """What is written into a tensor is a part of it from then on."""
        given = tensors(args)
        into, source = self.of(given[0]), self.of(given[-1])
        if name == "copy" and source.fits(given[0].shape):
            self.axes[given[0]] = source
            return
        spans = list(into.spans)
        for place in range(-min(len(spans), len(source.spans)), 0):
            size = given[0].shape[place]
            spans[place] = (Span(size, (*spans[place], *source.spans[place])),)
        if given[0] is not given[-1]:
            self.axes[given[0]] = replace(into, spans=spans, weights=None)

    def softmax_axis(self, name, args, kwargs, output):
        """(axis,) of weights that sum to 1 along it and were made so just now."""
        if name in SOFTMAX:
            place = SOFTMAX[name]
            dim = kwargs.get("dim", args[place] if len(args) > place else -1)
            return (dim % output.dim(),) if isinstance(dim, int) else None
        if name in ("div", "truediv") and not kwargs:
            axis = divided_by_own_sum(args, output)
            if axis is not None:
                old = self.of(args[0]).weights
                again = old and old.keys_alone(self.of(args[0]).spans[axis])
                return None if again else (axis,)
        if name == "exp" and output.dim() and sums_to_one(output, -1):
            return (output.dim() - 1,) if not self.of(args[0]).weights else None
        return None

    def began(self, scores, output, axis):
        axes = self.of(scores)
        found = AttentionCandidate()
        self.began_so_far += 1
        found.serial = self.began_so_far
        found.key = key = Span(output.shape[axis], axes.spans[axis], candidate=found)
        spans = [*axes.spans[:axis], (key,), *axes.spans[axis + 1 :]]
        self.axes[output] = replace(axes, spans=spans, weights=found)
        return found

    def product(self, name, args, kwargs, output):
        """The axes of a product; returns the candidates that it read values with."""
        if name in ("mul", "rmul"):
            self.multiplied(args, output)
            return []
        how = letters_of(name, (*args, *kwargs.values()))
        if how is None:
            self.axes[output] = aligned(
                [self.of(t) for t in tensors(args)], output.shape
            )
            return []
        operands, lists, result = how
        known = [self.of(one) for one in operands]
        read = []
        for place, (one, letters) in enumerate(zip(known, lists, strict=True)):
            others = [
                (axes, named)
                for i, (axes, named) in enumerate(zip(known, lists, strict=True))
                if i != place and not set(named).isdisjoint(set(letters) - set(result))
            ]
            found = (
                one.weights
                or self.descended(one, letters, result)
                or self.normalised(operands[place], one, letters, result)
            )
            if found is None or not others:
                continue
            keys = [
                letter
                for letter, spans in zip(letters, one.spans, strict=True)
                if found.keys_alone(spans)
            ]
            if keys and not set(keys) & set(result) and name != "linear":
                read += self.read(found, operands[place], one, letters, *others[0])
        spans = []
        for letter in result:
            choices = [
                axes.spans[named.index(letter)]
                for axes, named in zip(known, lists, strict=True)
                if letter in named
            ]
            spans.append(max(choices, key=size_of))
        if name == "linear":
            spans[-1] = (Span(output.shape[-1], born="feature"),)
        mixed = {
            span
            for axes, named in zip(known, lists, strict=True)
            for letter, those in zip(named, axes.spans, strict=True)
            if letter not in result
            for span in those
        }
        axes = gathered(known, spans, frozenset(mixed))
        between = name != "linear" and not any(map(is_parameter, known))
        refused = any(one.weights and one.weights.refused for one in known)
        scored = any(one.scores for one in known)
        self.unexplained = between and scored and not read and not refused
        axes.scores = between and not read
        axes.after = max([axes.after, *(found.number for found in read)])
        axes.weights = self.held(known, axes)
        self.axes[output] = axes
        return read

    def multiplied(self, args, output):
        """Entry by entry: a read of values, if these have features beside the keys.

        The sum over the keys is still to come.
        """
        operands = tensors(args[:2])
        known = [self.of(one) for one in operands]
        result = aligned(known, output.shape)
        result.weights = self.held(known, result)
        for mine, other in [(0, 1), (1, 0)] if len(known) == 2 else []:
            found = known[mine].weights
            if found is None or known[other].weights:
                continue
            if self.has_features(operands, known, mine, other, output.dim()):
                weights = operands[mine].detach().clone()
                result.weighed = found, weights, known[mine], known[other]
                result.weights = None
        self.axes[output] = result

    def summed_up(self, waiting, args, kwargs, product):
        """The sum over the keys of a product entry by entry."""
        found, weights, mine, value = waiting
        rank = product.dim()
        dims = summed_dims(args, kwargs, rank)
        letters, named = (
            [f"x{rank - i}" for i in range(len(one.spans), 0, -1)]
            for one in (mine, value)
        )
        keys = {
            letter
            for letter, spans in zip(letters, mine.spans, strict=True)
            if found.keys_alone(spans)
        }
        if not keys <= {f"x{dim}" for dim in dims}:
            return []
        # an axis of size 1 stands for no axis of the weights
        letters = [
            letter if size > 1 else f"{letter}, one"
            for letter, size in zip(letters, weights.shape, strict=True)
        ]
        return self.read(found, weights, mine, letters, value, named)

    @staticmethod
    def has_features(operands, known, mine, other, rank):
        """The other one is as long along the keys, and wider elsewhere."""
        weights, values = operands[mine], operands[other]
        found, wider, lined_up = known[mine].weights, False, False
        for place in range(-rank, 0):
            own = weights.shape[place] if -place <= weights.dim() else 1
            theirs = values.shape[place] if -place <= values.dim() else 1
            wider |= own == 1 < theirs
            if own > 1 and found.keys_alone(known[mine].spans[place]):
                lined_up |= own == theirs
        return wider and lined_up

    def normalised(self, tensor, axes, letters, result):
        """A candidate for numbers that sum to 1 over what is summed, however made."""
        summed_over = [i for i, letter in enumerate(letters) if letter not in result]
        if len(summed_over) != 1 or isinstance(tensor, torch.nn.Parameter):
            return None
        axis = summed_over[0]
        if tensor.shape[axis] < 2 or not sums_to_one(tensor, axis):
            return None
        self.began(tensor, tensor, axis)
        axes.spans, axes.weights = self.of(tensor).spans, self.of(tensor).weights
        return axes.weights

    def read(self, found, tensor, axes, letters, value, named):
        mine = replace(axes, spans=list(axes.spans))
        if found.weights is not None:  # read before: as a whole, or another piece
            found = found.again()
        if not found.read(tensor, mine, list(letters), value, list(named)):
            return []
        self.count += 1
        found.number = self.count
        return [found]


def is_apart(tensor):
    """Tensors whose axes cannot be followed: nested ones, and those inside vmap."""
    return tensor.is_nested or torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def joined(known, dim, stacked, output):
    """After cat or stack: along `dim` they lie side by side."""
    main = max(known, key=lambda one: sum(map(size_of, one.spans)))
    spans = list(main.spans)
    if stacked:
        spans.insert(dim, (piece_of(known) or Span(output.shape[dim]),))
    else:
        parts = [spans for one in known for spans in one.spans[dim : dim + 1]]
        parents = tuple(span for spans in parts for span in spans)
        pieces = piece_of(known)
        if pieces and all(spans == parts[0] for spans in parts):  # heads before images
            spans[dim] = (pieces, *parts[0])
        else:
            spans[dim] = (Span(output.shape[dim], parents),)
    return gathered(known, spans, main.mixed)


def piece_of(known):
    """A span for 'which piece', if the tensors are pieces that were cut out of one."""
    cut_out = [
        {(span.whole, span.start) for spans in one.spans for span in spans}
        | {(span.whole, span.start) for span in one.dropped}
        for one in known
    ]
    differ = set().union(*cut_out) - set.intersection(*cut_out)
    wholes = {whole for whole, start in differ if start is not None}
    return Span(len(known), whole=wholes.pop()) if len(wholes) == 1 else None


def summed(axes, args, kwargs, output):
    """After sum or mean over given axes."""
    rank = len(axes.spans)
    dims = summed_dims(args, kwargs, rank)
    keep = output.dim() == rank
    spans = [
        () if place in dims else own
        for place, own in enumerate(axes.spans)
        if keep or place not in dims
    ]
    mixed = frozenset(span for place in dims for span in axes.spans[place])
    return replace(axes, spans=spans, mixed=mixed)


def summed_dims(args, kwargs, rank):
    """The axes that sum or mean take away."""
    dims = kwargs.get("dim", args[1] if len(args) > 1 else None)
    if dims is None or isinstance(dims, torch.dtype):
        return set(range(rank))
    return {dim % rank for dim in ([dims] if isinstance(dims, int) else dims)}


def sums_to_one(tensor, axis):
    """True for numbers of 0 or more whose sums along the axis are 1."""
    if not tensor.is_floating_point() or tensor.is_nested or not tensor.numel():
        return False
    tensor = tensor.detach()
    first = tensor.select(axis, 0)
    if bool((first < 0).any()) or bool((first > 1.01).any()):  # the cheap look
        return False
    sums = tensor.sum(axis, dtype=torch.float32)
    one = (sums - 1).abs() < 0.02
    return bool((one | (sums == 0)).all() and one.any() and (tensor >= 0).all())


def divided_by_own_sum(args, output):
    """The axis along which a division made a tensor sum to 1, None for any other."""
    pair = [a for a in args[:2] if isinstance(a, torch.Tensor)]
    if len(pair) < 2:
        return None
    whole, parts = pair
    if whole.shape != output.shape or parts.numel() >= whole.numel():
        return None
    lined_up = (1,) * (whole.dim() - parts.dim()) + parts.shape
    for axis, size in enumerate(lined_up):
        if size == 1 < whole.shape[axis] and sums_to_one(output, axis):
            return axis
    return None
