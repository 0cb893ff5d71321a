"""Where the axes of a tensor come from.

A tensor of shape (8, 9, 15) does not say whether its 8 are heads, images or both. How
it was made does: heads are cut out of the features, images go along from the values to
the result. So every axis is followed from its origin, through each view, cut and
product, as a tuple of `Span`s.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import torch

from helpers.inspection.shapes.trace_table import tensors


@dataclass(eq=False)
class Span:
    """A stretch of an axis.

    size: entries. parents: the spans that it was cut or joined from. whole: the first
    of these, or itself. start: where it was cut out, None if it was not. born:
    "parameter" for an axis of a parameter, "feature" for what a linear layer gives,
    "argument" for an axis of a tensor of four or more that came from nowhere,
    "expanded" for one that repeats, "picked" for what topk or a sort gives. candidate:
    the AttentionCandidate whose keys it holds, if any.
    """

    size: int
    parents: tuple = ()
    whole: "Span" = None
    start: int = None
    born: str = ""
    candidate: object = None

    def __post_init__(self):
        self.whole = self.whole or self

    @cached_property
    def place(self):
        """The same stretch where it is known to be places."""
        return Span(self.size, (self,)) if self.born else self

    def fills(self, spans):
        """True for an axis of this span, or parts of it, and of nothing else."""
        return bool(spans) and all(span.whole is self for span in spans)

    def origins(self):
        """All spans that it was made from, itself included."""
        seen, todo = set(), [self]
        while todo:
            span = todo.pop()
            if span not in seen:
                seen.add(span)
                todo += [*span.parents, span.whole]
        return seen


@dataclass
class Axes:
    """The axes of one tensor, and what is known of how it was made.

    spans: a tuple of Spans for each axis. mixed: spans that the latest product summed
    over. dropped: spans of axes that an index took away. after: the number of the
    latest attention that it depends on. scores: it comes from a product of two tensors
    that are no parameters. weighed: a read of values that only waits for its sum.
    """

    spans: list
    mixed: frozenset = frozenset()
    dropped: frozenset = frozenset()
    after: int = 0
    scores: bool = False
    weighed: tuple = None

    @cached_property
    def sizes(self):
        return tuple(map(size_of, self.spans))

    def fits(self, shape):
        """True if the spans say what the shape says: anything else is a gap here."""
        return self.sizes == tuple(shape)

    def size(self, place):
        """Entries along an axis, counted from the last; 1 where there is none."""
        return size_of(self.spans[place]) if -place <= len(self.spans) else 1

    @cached_property
    def weights(self):
        """The candidate whose weights this tensor holds, or a part of them, or None."""
        return candidate_of(flat(self.spans))

    @cached_property
    def is_parameter(self):
        return all_born(flat(self.spans), "parameter")

    @cached_property
    def parts(self):
        """Everything that was cut out on the way here: {(the whole, start)}."""
        spans = {*flat(self.spans), *self.mixed, *self.dropped}
        cuts = {cut for span in spans for cut in [span, *span.parents] if cut.parents}
        return {(cut.parents[0], cut.start) for cut in cuts if cut.start is not None}

    def regrouped(self, shape):
        """After a reshape: the same spans in the same order, cut where they must be.

        A span of size 1 stays with the one before it, until an axis of size 1 comes.
        """
        if 0 in shape:
            return None
        left = flat(self.spans)[::-1]
        axes = []
        for size, following in zip(shape, [*shape, None][1:], strict=True):
            taken, reached = [], 1
            while left and (reached < size or left[-1].size == 1 and not taken):
                span, wanted = left.pop(), size // reached
                if size % reached or span.size > wanted and span.size % wanted:
                    return None  # cut across: no axis of its own any more
                if span.size > wanted:
                    left.append(cut([span], span.size // wanted))
                    span = cut([span], wanted)
                taken.append(span)
                reached *= span.size
            while left and left[-1].size == 1 != following:
                taken.append(left.pop())
            axes.append(tuple(taken))
        return replace(self, spans=axes)

    def viewed(self, view):
        """After a call that only moves, cuts, adds or drops axes.

        view: that call, as a function of one tensor. It is tried on an empty tensor in
        which each axis has a stride of its own; the strides that come back tell where
        each went. Returns Axes for each tensor that the call returns, None for a copy.
        """
        strides, step = [], 1
        for size in reversed(self.sizes):
            strides.insert(0, step)
            step *= size + 1
        empty = torch.empty_strided(self.sizes, strides, device="meta")
        return [
            self._view(one, strides) if torch._C._is_alias_of(one, empty) else None
            for one in tensors([view(empty)])
        ]

    def _view(self, result, strides):
        axes, left = [], dict(enumerate(zip(strides, self.sizes, strict=True)))
        offset = result.storage_offset()
        starts = [offset // own % (n + 1) for own, n in left.values()]
        for size, stride in zip(result.shape, result.stride(), strict=True):
            # the axis of which this is a step, or a few
            for axis, (one, n) in left.items():
                if one <= stride < one * max(2, n):
                    spans = self.spans[axis]
                    axes.append(
                        spans if size == n else (cut(spans, size, starts[axis]),)
                    )
                    del left[axis]
                    break
            else:
                axes.append((Span(size, born="expanded"),) if size > 1 else ())
        gone = [cut(self.spans[i], 1, starts[i]) for i in left if self.spans[i]]
        return replace(self, spans=axes, dropped=self.dropped.union(gone))


def size_of(spans):
    return prod([span.size for span in spans])


def flat(lists):
    """All spans of several axes."""
    return [span for spans in lists for span in spans]


def candidate_of(spans):
    """The latest candidate whose keys are among the spans, or None."""
    candidates = {span.whole.candidate for span in spans} - {None}
    return max(candidates, key=lambda one: one.number, default=None)


def all_born(spans, *ways):
    """True if there are spans, and all were born in one of these ways."""
    return bool(spans) and all(span.born in ways for span in spans)


def cut(spans, size, start=None):
    """A stretch of an axis that may consist of several spans."""
    born = spans[0].born if len(spans) == 1 else ""
    return Span(size, tuple(spans), spans[0].whole, start, born)


def new_axes(tensor, kept=False):
    """Axes of a tensor of which nothing is known; kept: by the model."""
    kept = kept or isinstance(tensor, torch.nn.Parameter)
    born = "parameter" if kept else "argument" if tensor.dim() > 3 else ""
    return Axes([(Span(size, born=born),) for size in tensor.shape])
