"""The axes of a result that several tensors went into."""

from dataclasses import replace

from helpers.inspection.capture.axes import Axes, Span, all_born, flat, size_of


def aligned(operands, shape):
    """After a call that works entry by entry: axes lined up from the right.

    The first operand of the most axes says the most; axes of parameters say least, and
    a mask or bias from nowhere less than what was worked out.
    """
    if len(operands) == 1 and operands[0].fits(shape):
        return replace(operands[0], weighed=None)

    def says_less(one):
        from_nowhere = all_born(flat(one.spans), "argument", "expanded")
        return one.is_parameter, -len(one.spans), from_nowhere

    order = sorted(operands, key=says_less) or [Axes([])]
    axes = []
    for place, size in enumerate(shape, -len(shape)):
        own = [one.spans[place] for one in order if -place <= len(one.spans)]
        fitting = [s for s in own if size_of(s) == size and (s or size == 1)]
        # nobody may know how, but it still comes from there
        source = own[0] if len(order[0].spans) == len(shape) else ()
        axes.append(fitting[0] if fitting else (Span(size, source),))
    return gathered(operands, axes, order[0].mixed)


def gathered(operands, spans, mixed):
    """Axes of a result, with what its operands depended on."""
    ones = (own[0] for one in operands for own in one.spans if len(own) == 1)
    single = {span for span in ones if span.size == 1}.difference(flat(spans))
    return Axes(
        spans,
        mixed,
        single.union(*(one.dropped for one in operands)),
        after=max((one.after for one in operands), default=0),
        scores=any(one.scores for one in operands),
    )


def axes_of_layer(axes, size):
    """The axes of what a linear layer returns: `size` new features.

    All features of an earlier layer that are another axis by now are places: each of
    them has features of its own.
    """
    rows = [
        tuple(s.place if s.born == "feature" and s.whole is s else s for s in own)
        for own in axes.spans[:-1]
    ]
    features = (Span(size, born="feature"),)
    mixed = frozenset(axes.spans[-1])
    return Axes([*rows, features], mixed, axes.dropped, after=axes.after)


def axes_of_product(known, lists, result):
    """The axes of a product whose axes have letters, see `letters_of`: of an axis of
    both, those of the longer one, of one that does not just repeat, of the first."""
    of_letter = {}
    for axes, letters in zip(known, lists, strict=True):
        for letter, spans in zip(letters, axes.spans, strict=True):
            of_letter.setdefault(letter, []).append(spans)

    def says_most(spans):
        return size_of(spans), not all_born(spans, "expanded")

    spans = [max(of_letter[letter], key=says_most) for letter in result]
    gone = [flat(own) for letter, own in of_letter.items() if letter not in result]
    return gathered(known, spans, frozenset(flat(gone)))
