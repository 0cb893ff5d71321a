"""The axes of a result that several tensors went into."""

from dataclasses import replace

from helpers.inspection.capture.axes import Axes, Span, size_of


def aligned(operands, shape):
    """After a call that works entry by entry: axes lined up from the right.

    The first operand of the most axes says the most; axes of parameters say least, and
    a mask or bias from nowhere less than what was worked out.
    """
    if len(operands) == 1 and operands[0].fits(shape):
        return replace(operands[0], weights=None, weighed=None)
    order = sorted(
        operands,
        key=lambda one: (is_parameter(one), -len(one.spans), is_from_nowhere(one)),
    )
    axes = []
    for place in range(-len(shape), 0):
        size = shape[place]
        fitting = (
            one.spans[place]
            for one in order
            if -place <= len(one.spans) and size_of(one.spans[place]) == size
        )
        spans = next((s for s in fitting if s or size == 1), None)
        if spans is None:  # nobody knows how, but it still comes from there
            first = order[0].spans if order else []
            spans = (Span(size, first[place] if len(first) == len(shape) else ()),)
        axes.append(spans)
    return gathered(operands, axes, order[0].mixed if order else frozenset())


def gathered(operands, spans, mixed):
    """Axes of a result, with what its operands depended on."""
    kept = {span for own in spans for span in own}
    single = {
        own[0]
        for one in operands
        for own in one.spans
        if len(own) == 1 and own[0].size == 1 and own[0] not in kept
    }
    return Axes(
        spans,
        mixed,
        frozenset(single).union(*(one.dropped for one in operands)),
        after=max((one.after for one in operands), default=0),
        scores=any(one.scores for one in operands),
    )


def is_parameter(axes):
    return is_born(axes, "parameter")


def is_from_nowhere(axes):
    return is_born(axes, "argument", "expanded")


def is_born(axes, *ways):
    spans = [span for spans in axes.spans for span in spans]
    return bool(spans) and all(span.born in ways for span in spans)


def is_expanded(spans):
    """True for an axis along which the numbers only repeat."""
    return bool(spans) and all(span.born == "expanded" for span in spans)
