"""Weights that may prove to be an attention."""

from dataclasses import dataclass, field, replace

import torch

from helpers.inspection.capture.axes import Axes, Span, size_of
from helpers.inspection.capture.combining import is_parameter
from helpers.inspection.capture.sorting import BATCH, KEY, QUERY, sort_spans

HALF = (torch.float16, torch.bfloat16)


@dataclass(eq=False)
class AttentionCandidate:
    """Weights on their way from a softmax to a product with values.

    key: the span of their keys. serial: candidates are numbered as they begin. layer:
    the module that made them; running: all that was running then. made: themselves, if
    that module is called attention. before_dropout: the weights as they were before a
    dropout, and their axes. scored: they come from a product of two tensors. rows:
    spans of all axes but the keys. touched: they were used, and not to read values.
    lost: they were written into something else, which was summed over.

    Once they were multiplied with values: number: counts these reads, from 1. first:
    the candidate that was read before, for a second read. weights: (B, A, T, N). axes:
    theirs; order: their spans, of images, heads, queries and keys. cross: the keys are
    of another sequence than the queries. refused: they are no weights over places.
    summaries: features that each have a map. parts, value_parts: what was cut out to
    make the weights and the values, {(span, start)}. head_wholes: what heads were cut
    out of.
    """

    key: Span = None
    serial: int = 0
    layer: torch.nn.Module = None
    running: list = field(default_factory=list)
    made: torch.Tensor = None
    before_dropout: tuple = None
    number: int = 0
    weights: torch.Tensor = None
    cross: bool = False
    refused: bool = False
    lost: bool = False
    scored: bool = False
    touched: bool = False
    summaries: set = field(default_factory=set)
    first: object = None
    axes: Axes = None
    order: list = None
    rows: list = ()
    parts: set = field(default_factory=set)
    value_parts: set = field(default_factory=set)
    head_wholes: set = field(default_factory=set)

    def again(self):
        """A candidate for a further read of the same weights, or of a piece of them."""
        return replace(self, weights=None, first=self.first or self, summaries=set())

    def keys_alone(self, spans):
        """True for an axis of keys and of nothing else."""
        return bool(spans) and all(span.whole is self.key for span in spans)

    def read(self, tensor, axes, letters, value, value_letters):
        """They were multiplied with values: file weights (B, A, T, N), and kind.

        letters: of each axis of the weights; an axis of the values (Axes `value`) with
        the same letter is the same axis. Returns False, and files nothing, for weights
        over features, or the same for every input: these are no places.
        """
        mine = dict(zip(letters, axes.spans, strict=True))
        values = dict(zip(value_letters, value.spans, strict=True))
        keys = [letter for letter in letters if self.keys_alone(mine[letter])]
        value_keys = [s for letter in keys for s in values.get(letter, ())]
        rows = {letter: own for letter, own in mine.items() if letter not in keys}
        free = [s for letter, own in values.items() if letter not in mine for s in own]
        wholes = {span.whole for span in [*axes.mixed, *free]}
        made_of = self.key.parents  # features: the layer gave the weights themselves
        predicted = bool(made_of) and all(span.born == "feature" for span in made_of)
        origins = set().union(*(span.origins() for span in value_keys))
        mixed = axes.mixed if self.scored else ()
        scored = set().union(*(span.origins() for span in mixed))
        sorts, finer, self.summaries = sort_spans(
            rows, values, wholes, origins, predicted, scored
        )
        if sorts is None or self._no_places(rows, value, value_keys):
            self.refused = True
            return False
        self.axes, self.head_wholes = axes, wholes
        self.parts, self.value_parts = parts_of(axes), parts_of(value)
        weights = self.before_dropout or (tensor, axes)
        self.weights = self._arranged(*weights, sorts, finer)
        self.cross = self._is_cross(axes, sorts, value_keys)
        return True

    def _no_places(self, rows, value, value_keys):
        """Weights over features or parameters, or the same for every input."""
        if value_keys and all(span.born == "feature" for span in value_keys):
            return True
        learned = value_keys and all(span.born == "parameter" for span in value_keys)
        if learned and all(span.born == "feature" for span in self.key.parents):
            return True
        made = [*self.key.parents, *(span for own in rows.values() for span in own)]
        return is_parameter(value) or all(span.born == "parameter" for span in made)

    def _arranged(self, tensor, axes, sorts, finer):
        """The weights with their axes in order, (B, A, T, N), in a memory of their own:
        the model may write into its own again."""
        spans = [span for own in axes.spans for span in finer.get(own, own)]
        self.order = [[], [], [], []]
        for span in spans:
            sort = KEY if span.whole is self.key else sorts.get(span, QUERY)
            self.order[sort].append(span)
        whole = laid_out(tensor.detach(), spans, self.order)
        if whole.dtype in HALF:
            return whole.float()
        return whole.clone()  # (B, A, T, N)

    def first_key(self):
        """Which of its keys come first; None if nobody knows."""
        span, start = self.order[KEY][0], 0
        while span is not self.key:
            if span.start is None:
                return None
            span, start = span.parents[0], start + span.start
        return start

    def _is_cross(self, axes, sorts, value_keys):
        """Self-attention is that of queries and keys that come from one sequence."""
        keys = self.key.origins().union(*(span.origins() for span in value_keys))
        queries = {span for span, sort in sorts.items() if sort == QUERY}
        queries = {span for span in queries if span.size > 1} or queries
        if not queries:  # a single one, cut out of a sequence or not
            shared = {span for span, sort in sorts.items() if sort == BATCH}
            learned = {span for span in shared if span.whole.born == "parameter"}
            of_keys = {span for span in shared if span.whole in keys}
            queries = learned or of_keys or axes.dropped
        learned = queries and all(span.whole.born == "parameter" for span in queries)
        if learned:  # a query joined with the keys is still another sequence
            return not {span.whole for span in queries} & {
                span.whole for span in self.key.parents
            }
        return not any(keys & span.origins() for span in queries)


def laid_out(tensor, spans, order):
    """A tensor with axes of those spans -> one axis for each list of spans in order."""
    places = [spans.index(span) for own in order for span in own]
    apart = tensor.reshape([span.size for span in spans]).permute(places)
    return apart.reshape([size_of(own) for own in order])


def parts_of(axes):
    """Everything that was cut out on the way here: {(the whole, start)}."""
    spans = {span for own in axes.spans for span in own} | axes.mixed | axes.dropped
    return {
        (cut.parents[0], cut.start)
        for span in spans
        for cut in [span, *span.parents]
        if cut.start is not None and cut.parents
    }
