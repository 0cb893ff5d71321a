"""Weights that may prove to be an attention, and which of their axes is what."""

from dataclasses import dataclass, field, replace
from math import prod

import torch

from helpers.capture.axes import Axes, Span, is_parameter, size_of

BATCH, HEAD, QUERY, KEY = range(4)


@dataclass(eq=False)
class AttentionCandidate:
    """Weights on their way from a softmax to a product with values.

    layer: the module that made them; running: all that was running then. key: the span
    of their keys. before_dropout: the weights as they were before a dropout and their
    axes, if one came. refused: they were read, and are none. number: counts the candidates that were read, from 1. weights:
    (B, A, T, N) once they were read. cross: the keys are of another sequence than the
    queries. parts: what was cut out to make them, {(span, start)}; value_parts: the
    same of the values. head_wholes: the axes that heads were cut out of.
    """

    key: Span = None
    layer: torch.nn.Module = None
    running: list = field(default_factory=list)
    before_dropout: tuple = None
    serial: int = 0
    refused: bool = False
    number: int = 0
    first: object = None
    weights: torch.Tensor = None
    cross: bool = False
    axes: Axes = None
    parts: set = field(default_factory=set)
    value_parts: set = field(default_factory=set)
    head_wholes: set = field(default_factory=set)

    def again(self):
        """A candidate for a further read of the same weights, or of a piece of them."""
        return replace(self, weights=None, first=self.first or self)

    def is_key(self, span):
        return span.whole is self.key

    def keys_alone(self, spans):
        """True for an axis of keys and of nothing else."""
        return bool(spans) and all(self.is_key(span) for span in spans)

    def read(self, tensor, axes, letters, value, value_letters):
        """They were multiplied with values: file weights, axes by name, and kind.

        letters: of each axis of the weights; an axis of the values (Axes `value`) with
        the same letter is the same axis. Returns False, and files nothing, for weights
        over features or parameters: these are no places.
        """
        lined_up = dict(zip(value_letters, value.spans, strict=True))
        mine = dict(zip(letters, axes.spans, strict=True))
        keys = [letter for letter in letters if self.keys_alone(mine[letter])]
        values_keys = [s for letter in keys for s in lined_up.get(letter, ())]
        free = [
            s
            for letter in value_letters
            if letter not in mine
            for s in lined_up[letter]
        ]
        wholes = {span.whole for span in [*axes.mixed, *free]}
        if self._no_places(mine, keys, value, values_keys):
            self.refused = True
            return False
        sorts, finer = {}, {}
        for letter, spans in mine.items():
            if letter in keys:
                continue
            shared = lined_up.get(letter, ())
            repeats = is_expanded(shared) and not is_expanded(spans)
            if repeats and self._is_shared(mine, keys, lined_up, wholes):
                shared = ()  # the values only repeat along the queries
            finer[spans] = seen = self._finer(spans, shared, wholes)
            for span in seen:
                head = is_head(span, wholes, bool(shared))
                batch = shared and span.size > 1
                sorts[span] = HEAD if head else BATCH if batch else QUERY
        if self._is_linear_attention(sorts, mine, lined_up):
            self.refused = True
            return False
        raw = [s for s, sort in sorts.items() if sort == BATCH and s.born == "argument"]
        if HEAD not in sorts.values() and len(raw) > 1:  # came with heads apart
            sorts[raw[-1]] = HEAD
        self.head_wholes = wholes
        self.parts, self.value_parts = parts_of(axes), parts_of(value)
        self.axes = axes
        self._arrange(tensor, axes, sorts, finer)
        self._judge(axes, sorts, values_keys)
        return True

    def _no_places(self, mine, keys, value, values_keys):
        """Weights over features, over parameters, or the same for every input."""
        if values_keys and all(span.born == "feature" for span in values_keys):
            return True
        learned = values_keys and all(s.born == "parameter" for s in values_keys)
        if learned and all(span.born == "feature" for span in self.key.parents):
            return True
        others = [s for letter, own in mine.items() if letter not in keys for s in own]
        made = [*others, *self.key.parents]
        return is_parameter(value) or all(span.born == "parameter" for span in made)

    @staticmethod
    def _is_linear_attention(sorts, mine, lined_up):
        """A map for each feature of each head, and no query."""
        heads = {
            bool(lined_up.get(letter))
            for letter, own in mine.items()
            if any(sorts.get(span) == HEAD for span in own)
        }
        return QUERY not in sorts.values() and heads == {True, False}

    @staticmethod
    def _is_shared(mine, keys, lined_up, wholes):
        """True if another axis of the weights is one of images."""
        return any(
            not is_expanded(own) and not any(is_head(s, wholes, True) for s in own)
            for letter, own in lined_up.items()
            if letter in mine and letter not in keys and size_of(own) > 1
        )

    @staticmethod
    def _finer(spans, shared, wholes):
        """Of two ways to see a shared axis, the one that shows heads."""
        if any(is_head(span, wholes, True) for span in spans):
            return spans
        same = size_of(shared) == size_of(spans)
        if same and any(is_head(span, wholes, True) for span in shared):
            return shared
        return spans

    def _arrange(self, tensor, axes, sorts, finer):
        """Put the axes in order: (B, A, T, N)."""
        if self.before_dropout:
            tensor, axes = self.before_dropout
        spans = [span for own in axes.spans for span in finer.get(own, own)]
        sizes = [span.size for span in spans]
        order = {BATCH: [], HEAD: [], QUERY: [], KEY: []}
        for place, span in enumerate(spans):
            order[KEY if self.is_key(span) else sorts.get(span, QUERY)].append(place)
        cut = (
            tensor.detach()
            .reshape(sizes)
            .permute([i for o in order.values() for i in o])
        )
        shape = [prod(sizes[i] for i in places) for places in order.values()]
        whole = cut.reshape(shape).clone()  # (B, A, T, N)
        half = whole.dtype in (torch.float16, torch.bfloat16)
        self.weights = whole.float() if half else whole

    def _judge(self, axes, sorts, values_keys):
        """Self-attention: queries and keys are of one sequence."""
        origins = self.key.origins().union(*(s.origins() for s in values_keys))
        queries = {span for span, sort in sorts.items() if sort == QUERY}
        if not queries:  # a single one, cut out of a sequence or not
            queries = axes.dropped
        same = any(
            span.whole in origins or origins & span.origins() for span in queries
        )
        learned = queries and all(span.whole.born == "parameter" for span in queries)
        apart = learned and not any(
            s.whole in {p.whole for p in self.key.parents} for s in queries
        )
        self.cross = not same or bool(apart)


def is_expanded(spans):
    return bool(spans) and all(span.born == "expanded" for span in spans)


def is_head(span, wholes, shared):
    """Cut out of the features that were mixed with it, or made by a linear layer."""
    if span.whole in wholes or span.born == "feature":
        return True
    return shared and span.whole.born == "parameter"


def parts_of(axes):
    """Everything that was cut out on the way here: {(the whole, start)}."""
    spans = {span for spans in axes.spans for span in spans} | axes.mixed | axes.dropped
    return {
        (above.parents[0], above.start)
        for span in spans
        for above in [span, *span.parents]
        if above.start is not None and above.parents
    }
