"""The axes of what a call returns, from those of what it was given.

Calls that only regroup, move or cut axes are followed exactly; any other is taken to
work entry by entry.
"""

from dataclasses import replace
from math import prod

import torch

from helpers.inspection.capture.axis_origins import Axes, Span, all_born, flat, size_of
from helpers.inspection.capture.picked import PICKS

REGROUP = "view reshape flatten unflatten ravel view_as reshape_as squeeze unsqueeze"
REGROUP = f"{REGROUP} contiguous clone detach".split()
VIEW = "permute transpose swapaxes swapdims movedim moveaxis t adjoint getitem select"
VIEW = f"{VIEW} narrow chunk split tensor_split unbind expand".split()
GETTERS = {getattr(torch.Tensor, name).__get__ for name in ("T", "mT", "H", "mH")}
REDUCE = "sum nansum mean nanmean amax amin max min median prod std var logsumexp"
REDUCE = REDUCE.split()


def axes_after(call, known):
    """Axes for each tensor that came out; known: those of the tensors that came in."""
    name, results, found = call.name, call.results, []
    if name in REGROUP:
        found = [known[0].regrouped(results[0].shape)]
    elif (name in VIEW or call.function in GETTERS) and len(call.operands) == 1:
        rest = call.args[1:]
        found = known[0].viewed(lambda x: call.function(x, *rest, **call.kwargs))
    elif name in RULES:
        found = [RULES[name](call, known, results[0].shape)] * len(results)
    found = found if len(found) == len(results) else [None] * len(results)
    return [
        one if one and one.fits(result.shape) else aligned(known, result.shape)
        for one, result in zip(found, results, strict=True)
    ]


def made(size, *sources):
    """An axis of which it is only known what it was made from."""
    return (Span(size, tuple(flat(sources))),)


def convolved(call, known, shape):
    """After a convolution: the same images, new features, places from places."""
    axes = known[0]
    if not len(axes.spans) == len(shape) > 2:
        return None
    places = [
        tuple(span.place for span in spans) if size_of(spans) == n else made(n, spans)
        for n, spans in zip(shape[2:], axes.spans[2:], strict=True)
    ]
    spans = [axes.spans[0], (Span(shape[1], born="feature"),), *places]
    return Axes(spans, dropped=axes.dropped, after=axes.after)


def unfolded(call, known, shape):
    """After Tensor.unfold, which cuts an axis into windows, or nn.functional.unfold."""
    axes = known[0]
    if len(shape) != len(axes.spans) + 1:
        batch, *places = axes.spans
        inner, outer = made(shape[-2], *places), made(shape[-1], *places[1:])
        return replace(axes, spans=[batch, inner, outer][-len(shape) :])
    dim = call.argument("dimension", 1) % len(axes.spans)
    spans = [*axes.spans, made(shape[-1], axes.spans[dim])]
    spans[dim] = made(shape[dim], axes.spans[dim])
    return replace(axes, spans=spans)


def sampled(call, known, shape):
    """After grid_sample: the places of the grid, read out of those of the image."""
    image, grid = known[:2]
    last = made(shape[-1], grid.spans[-2], *image.spans[2:])
    spans = [*image.spans[:2], *grid.spans[1:-2], last]
    return Axes(spans, dropped=image.dropped, after=max(image.after, grid.after))


def concatenated(call, known, shape):
    """After cat: side by side along an axis; after stack, along a new one."""
    dim = call.argument("dim", 1, 0) % len(shape)
    main = max(known, key=lambda one: prod(one.sizes))
    spans, piece = list(main.spans), piece_of(known)
    parts = [own for one in known for own in one.spans[dim : dim + 1]]
    if len(shape) > len(spans):
        spans.insert(dim, (piece or Span(shape[dim]),))
    elif piece and all(own == parts[0] for own in parts):  # heads before images
        spans[dim] = (piece, *parts[0])
    else:
        spans[dim] = made(shape[dim], *parts)
    return gathered(known, spans, main.mixed)


def piece_of(known):
    """A span for 'which piece', if the tensors are pieces that were cut out of one."""
    cuts = [
        {(span.whole, span.start) for span in [*one.dropped, *flat(one.spans)]}
        for one in known
    ]
    differ = set().union(*cuts) - set.intersection(*cuts)
    wholes = {whole for whole, start in differ if start is not None}
    one = len(wholes) == 1 or all_born(wholes, "feature")  # of queries and of keys
    return Span(len(known), whole=wholes.pop()) if one else None


def summed(call, known, shape):
    """After sum, max and their like over given axes."""
    if len(known) > 1:  # the greater of two
        return None
    axes, dims = known[0], call.dims(len(known[0].spans))
    spans = [() if i in dims else own for i, own in enumerate(axes.spans)]
    if len(shape) < len(spans):
        spans = [own for i, own in enumerate(spans) if i not in dims]
    return replace(axes, spans=spans, mixed={*flat(axes.spans[i] for i in dims)})


def looked_up(call, known, shape):
    """After an embedding; how the words were picked is no matter."""
    return Axes([*((Span(n),) for n in shape[:-1]), (Span(shape[-1], born="feature"),)])


def as_complex(call, known, shape):
    """After view_as_complex, or its reverse, which gives two numbers for each."""
    return replace(known[0], spans=[*known[0].spans, made(2)][: len(shape)])


def written_into(axes, other, whole):
    """After a call that writes a tensor into another: it is a part of it from then on;
    whole: nothing of what was there is left."""
    if other is axes or whole and other.fits(axes.sizes):
        return other
    spans = list(axes.spans)
    for place in range(-min(len(spans), len(other.spans)), 0):
        size = axes.size(place)
        if size == other.size(place) or len(spans) == len(other.spans):
            spans[place] = made(size, spans[place], other.spans[place])
    return replace(axes, spans=spans)


# What a call did, by its name: (call, known Axes, shape of the result) -> Axes or None.
RULES = {
    **{f"conv{way}{n}d": convolved for way in ("", "_transpose") for n in (1, 2, 3)},
    **dict.fromkeys(["cat", "concat", "concatenate", "stack"], concatenated),
    **dict.fromkeys(["grid_sample", "grid_sampler"], sampled),
    **dict.fromkeys(REDUCE, summed),
    "linear": lambda call, known, shape: axes_of_layer(known[0], shape[-1]),
    "unfold": unfolded,
    "embedding": looked_up,
    "expand_as": lambda _, known, shape: known[0].viewed(lambda x: x.expand(shape))[0],
    **dict.fromkeys(["view_as_complex", "view_as_real"], as_complex),
    **PICKS,
}


def aligned(operands, shape):
    """After a call that works entry by entry: axes lined up from the right.

    The first operand of the most axes says the most; axes of parameters say least, and
    a mask or bias from nowhere less than what was worked out.
    """

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
    dropped = single.union(*(one.dropped for one in operands))
    after = max((one.after for one in operands), default=0)
    return Axes(spans, mixed, dropped, after, any(one.scores for one in operands))


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
