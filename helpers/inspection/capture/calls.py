"""The axes of what a call returns, from those of what it was given.

Calls that only regroup, move or cut axes are followed exactly; any other is taken to
work entry by entry.
"""

from dataclasses import replace
from math import prod

import torch

from helpers.inspection.capture.axes import Axes, Span, all_born, flat, size_of
from helpers.inspection.capture.combining import aligned, axes_of_layer, gathered

REGROUP = "view reshape flatten unflatten ravel view_as reshape_as squeeze unsqueeze"
REGROUP = f"{REGROUP} contiguous clone detach".split()
VIEW = "permute transpose swapaxes swapdims movedim moveaxis t adjoint getitem select"
VIEW = f"{VIEW} narrow chunk split tensor_split unbind expand".split()
FIRST = ("input", "query", "tensors", "self")  # what torch calls a first argument
GETTERS = {getattr(torch.Tensor, name).__get__ for name in ("T", "mT", "H", "mH")}
REDUCE = "sum nansum mean nanmean amax amin max min median prod std var logsumexp"
REDUCE = REDUCE.split()


def first_in_front(args, kwargs):
    """The arguments of a call with what it works on in front, also if it was named, and
    without numpy's name for a dimension."""
    kwargs = {"dim" if n == "axis" else n: value for n, value in kwargs.items()}
    name = next((n for n in FIRST if n in kwargs), None)
    if args or name is None:
        return args, kwargs
    others = {n: value for n, value in kwargs.items() if n != name}
    return (kwargs[name],), others


def axes_after(function, name, args, kwargs, known, results):
    """Axes for each tensor of `results`; known: those of the tensors that came in."""
    found = []
    if name in REGROUP:
        found = [known[0].regrouped(results[0].shape)]
    elif (name in VIEW or function in GETTERS) and is_view(name, args, known):
        found = known[0].viewed(lambda empty: function(empty, *args[1:], **kwargs))
    elif name in RULES:
        found = [RULES[name](known, args, kwargs, results[0])] * len(results)
    found = found if len(found) == len(results) else [None] * len(results)
    return [
        one if one and one.fits(result.shape) else aligned(known, result.shape)
        for one, result in zip(found, results, strict=True)
    ]


def is_view(name, args, known):
    """True unless an index picks entries by a list or a tensor."""
    index = args[1] if name == "getitem" else ()
    index = index if isinstance(index, tuple) else (index,)
    return len(known) == 1 and not any(isinstance(one, list | bool) for one in index)


def convolved(known, args, kwargs, result):
    """After a convolution: the same images, new features, places from places."""
    axes = known[0]
    if not len(axes.spans) == result.dim() > 2:
        return None
    features = (Span(result.shape[1], born="feature"),)
    places = [
        tuple(s.place for s in spans) if size_of(spans) == n else (Span(n, spans),)
        for n, spans in zip(result.shape[2:], axes.spans[2:], strict=True)
    ]
    spans = [axes.spans[0], features, *places]
    return Axes(spans, dropped=axes.dropped, after=axes.after)


def unfolded(known, args, kwargs, result):
    """After Tensor.unfold, which cuts an axis into windows, or nn.functional.unfold."""
    axes = known[0]
    if result.dim() != len(axes.spans) + 1:
        batch, channels, *places = axes.spans
        inner, outer = result.shape[-2:]
        windows = (Span(inner, (*channels, *flat(places))),)
        spans = [batch, windows, (Span(outer, tuple(flat(places))),)]
        return replace(axes, spans=spans[-result.dim() :])
    dim = kwargs.get("dimension", args[1] if len(args) > 1 else 0) % len(axes.spans)
    spans = [*axes.spans, (Span(result.shape[-1], axes.spans[dim]),)]
    spans[dim] = (Span(result.shape[dim], axes.spans[dim]),)
    return replace(axes, spans=spans)


def sampled(known, args, kwargs, result):
    """After grid_sample: the places of the grid, read out of those of the image."""
    image, grid = known[:2]
    last = (Span(result.shape[-1], (*grid.spans[-2], *flat(image.spans[2:]))),)
    spans = [*image.spans[:2], *grid.spans[1:-2], last]
    return Axes(spans, dropped=image.dropped, after=max(image.after, grid.after))


def concatenated(known, args, kwargs, result):
    """After cat: side by side along an axis; after stack, along a new one."""
    dim = kwargs.get("dim", args[1] if len(args) > 1 else 0) % result.dim()
    main = max(known, key=lambda one: prod(one.sizes))
    size, spans, piece = result.shape[dim], list(main.spans), piece_of(known)
    parts = [own for one in known for own in one.spans[dim : dim + 1]]
    if result.dim() > len(spans):
        spans.insert(dim, (piece or Span(size),))
    elif piece and all(own == parts[0] for own in parts):  # heads before images
        spans[dim] = (piece, *parts[0])
    else:
        spans[dim] = (Span(size, tuple(flat(parts))),)
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


def summed(known, args, kwargs, result):
    """After sum, max and their like over given axes."""
    axes, rank = known[0], result.dim()
    if len(known) > 1:  # the greater of two
        return None
    dims = summed_dims(args, kwargs, len(axes.spans))
    kept = enumerate(() if i in dims else own for i, own in enumerate(axes.spans))
    spans = [own for i, own in kept if rank == len(axes.spans) or i not in dims]
    return replace(
        axes, spans=spans, mixed=frozenset(flat(axes.spans[i] for i in dims))
    )


def summed_dims(args, kwargs, rank):
    """The axes that sum, max and their like take away."""
    dims = kwargs.get("dim", args[1] if len(args) > 1 else None)
    if dims is None or isinstance(dims, bool | torch.dtype | torch.Tensor):
        return set(range(rank))
    return {dim % rank for dim in ([dims] if isinstance(dims, int) else dims)}


def looked_up(known, args, kwargs, result):
    """After an embedding; how the words were picked is no matter."""
    places = [(Span(size),) for size in result.shape[:-1]]
    return Axes([*places, (Span(result.shape[-1], born="feature"),)])


def layered(known, args, kwargs, result):
    return axes_of_layer(known[0], result.shape[-1])


def as_complex(known, args, kwargs, result):
    return replace(known[0], spans=known[0].spans[:-1])


def as_real(known, args, kwargs, result):
    return replace(known[0], spans=[*known[0].spans, (Span(2),)])


# What a call did, by its name: (known Axes, args, kwargs, result) -> Axes or None.
RULES = {
    **dict.fromkeys([f"conv{n}d" for n in (1, 2, 3)], convolved),
    **dict.fromkeys([f"conv_transpose{n}d" for n in (1, 2, 3)], convolved),
    **dict.fromkeys(["cat", "concat", "concatenate", "stack"], concatenated),
    **dict.fromkeys(["grid_sample", "grid_sampler"], sampled),
    **dict.fromkeys(REDUCE, summed),
    "linear": layered,
    "unfold": unfolded,
    "embedding": looked_up,
    "view_as_complex": as_complex,
    "view_as_real": as_real,
}
