"""Weights that may prove to be an attention, and what was read with them."""

from dataclasses import dataclass, field, replace

import torch

from helpers.inspection.capture.axis_origins import Axes, Span, all_born, flat, size_of
from helpers.inspection.capture.kernels import single
from helpers.inspection.capture.name_axes import BATCH, KEY, QUERY, sort_spans


@dataclass(eq=False)
class AttentionCandidate:
    """Weights on their way from a softmax to a product with values.

    key: the span of their keys; rows: the spans of all other axes. number: candidates
    are numbered as they begin. scored: they come from a product of two tensors. layer:
    the module that made them; running: all that was running then. made: themselves, if
    that module is called attention. before_dropout: the weights as they were before a
    dropout, and their axes. touched: they were used, and not to read values. lost: they
    were written into something else, which was summed over. refused: they are no
    weights over places. attends: refused, but those of an attention to features, or of
    a linear one.
    """

    key: Span = None
    rows: list = ()
    number: int = 0
    scored: bool = False
    layer: torch.nn.Module = None
    running: list = field(default_factory=list)
    made: torch.Tensor = None
    before_dropout: tuple = None
    touched: bool = False
    lost: bool = False
    refused: bool = False
    attends: bool = False


@dataclass(eq=False)
class Read:
    """A product of the weights of a candidate with values.

    candidate: whose weights. key: the span of the keys, or of what they were written
    into. axes, value: Axes of the weights and of the values. features: what heads were
    cut out of. summaries: features that each have a map. weights: (B, A, T, N); order:
    their spans, of images, heads, queries and keys. cross: the keys are of another
    sequence than the queries. number: reads are counted from 1. refused: these turned
    out to be no places.
    """

    candidate: AttentionCandidate
    key: Span
    axes: Axes
    value: Axes
    features: set
    summaries: set
    weights: torch.Tensor
    order: list
    cross: bool
    number: int = 0
    refused: bool = False

    def first_key(self):
        """Which of its keys come first; None if nobody knows."""
        span, start = self.order[KEY][0], 0
        while span is not self.key:
            if span.start is None:
                return None
            span, start = span.parents[0], start + span.start
        return start

    def sequences(self):
        """What the queries and what the keys were cut out of."""
        keys = {span.whole for span in self.key.parents}
        others = {span.whole for span in flat(self.axes.spans)}
        return keys, others - {self.key} - self.features


def read_values(found, key, tensor, axes, letters, value, value_letters):
    """A Read of the weights of a candidate; None for weights that are over no places:
    over features, or the same for every input.

    letters: of each axis of the weights; an axis of the values (Axes `value`) with
    the same letter is the same axis.
    """
    mine = dict(zip(letters, axes.spans, strict=True))
    values = dict(zip(value_letters, value.spans, strict=True))
    rows = {letter: own for letter, own in mine.items() if not key.fills(own)}
    value_keys = [s for n in mine if n not in rows for s in values.get(n, ())]
    if is_over_no_places(key, rows, value, value_keys):
        found.attends = found.scored and not all_born(value_keys, "parameter")
        return None
    free = [s for letter, own in values.items() if letter not in mine for s in own]
    features = {span.whole for span in [*axes.mixed, *free]}
    mixed = origins_of(axes.mixed) if found.scored else set()
    if not mixed and not all_born(key.parents, "feature"):
        mixed = None  # neither a product made the weights nor a layer (VOLO)
    keys = origins_of(value_keys)
    sorts, finer, summaries = sort_spans(rows, values, features, keys, mixed)
    if sorts is None:
        found.attends = True
        return None
    tensor, before = found.before_dropout or (tensor, axes)
    spans = flat(finer.get(own, own) for own in before.spans)
    order = [[], [], [], []]
    for span in spans:
        order[KEY if span.whole is key else sorts.get(span, QUERY)].append(span)
    # copies: the model may write into its own again
    weights = single(laid_out(tensor.detach(), spans, order).clone())  # (B, A, T, N)
    cross = is_cross(key, axes, sorts, value_keys)
    return Read(found, key, axes, value, features, summaries, weights, order, cross)


def origins_of(spans):
    return set().union(*(span.origins() for span in spans))


def is_over_no_places(key, rows, value, value_keys):
    """Weights over features or parameters, or the same for every input."""
    learned = all_born(value_keys, "parameter") and all_born(key.parents, "feature")
    constant = all_born([*key.parents, *flat(rows.values())], "parameter")
    features = all_born(value_keys, "feature")
    return features or learned or constant or value.is_parameter


def is_cross(key, axes, sorts, value_keys):
    """Self-attention is that of queries and keys that come from one sequence."""
    keys = origins_of([key, *value_keys])
    queries = {span for span, sort in sorts.items() if sort == QUERY}
    if not queries:  # a single one, cut out of a sequence or not
        shared = {span for span, sort in sorts.items() if sort == BATCH}
        queries = {span for span in shared if span.whole in keys} or axes.dropped
    if queries and all(span.whole.born == "parameter" for span in queries):
        # a learned query joined with the keys is still another sequence
        keys = {span.whole for span in key.parents}
        return keys.isdisjoint(span.whole for span in queries)
    return not any(keys & span.origins() for span in queries)


def laid_out(tensor, spans, order):
    """A tensor with axes of those spans -> one axis for each list of spans in order."""
    places = [spans.index(span) for span in flat(order)]
    apart = tensor.reshape([span.size for span in spans]).permute(places)
    return apart.reshape([size_of(own) for own in order])


def descended(axes, letters, over):
    """(candidate, span of its keys), or the latest that was written into what is summed
    over; (None, None) if there is none."""
    if axes.weights:
        return axes.weights, axes.weights.key
    lists = zip(letters, axes.spans, strict=True)
    found = [
        (origin.candidate, span.whole)
        for span in flat(spans for letter, spans in lists if letter in over)
        for origin in span.origins()
        if origin.candidate
    ]
    candidate, key = max(found, key=lambda one: one[0].number, default=(None, None))
    if candidate:
        candidate.lost = True
    return candidate, key


def once_each(weights, axes):
    """Weights without the axes along which they only repeat."""
    spans = list(axes.spans)
    for axis, own in enumerate(spans):
        if all_born(own, "expanded"):
            weights, spans[axis] = weights.narrow(axis, 0, 1), ()
    return weights, replace(axes, spans=spans)
