"""Which axis of attention weights is images, which heads, which queries."""

from helpers.inspection.capture.axis_origins import all_born, size_of

BATCH, HEAD, QUERY, KEY = range(4)


def sort_spans(rows, values, wholes, keys, mixed):
    """Tell the spans of weights apart by where they come from.

    An axis that the values share is images, one that was cut out of features is heads;
    what is left is queries, and so is one that the keys were cut out of, as neighbours
    of each place.

    rows: {letter: spans} of the weights but for their keys; values: the same of the
    values, where the same letter is the same axis. wholes: the features that were mixed
    to make scores, and those of the values. keys: origins of the keys. mixed: origins
    of the features that heads of queries are cut out of; None for any. Returns ({span:
    BATCH, HEAD or QUERY}, {spans: the finer spans to take for them}, features that each
    have a map). None for the first in linear attention, which has such maps, no query.
    """
    sorts, finer, summaries, heads_shared = {}, {}, set(), set()
    for letter, spans in rows.items():
        shared = values.get(letter, ())
        if all_born(shared, "expanded") and has_images(rows, values, wholes):
            shared = ()  # the values only repeat along the queries
        finer[spans] = finest(spans, shared, wholes)
        for span in finer[spans]:
            neighbours = span in keys and span.whole is span  # not a row of windows
            sorts[span] = BATCH if shared and not neighbours else QUERY
            head = is_head(span, wholes, bool(shared))
            if head if shared or mixed is None else span.whole in mixed:
                sorts[span] = HEAD
                heads_shared.add(bool(values.get(letter)))
                summaries |= set() if shared else {span}
    sorts |= dict.fromkeys(learned_queries(sorts, wholes), BATCH)
    if QUERY not in sorts.values() and len(heads_shared) == 2:
        return None, finer, summaries
    given = [s for s, sort in sorts.items() if sort == BATCH and s.born == "argument"]
    if HEAD not in sorts.values() and len(given) > 1:  # came with heads apart
        sorts[given[-1]] = HEAD
    return sorts, finer, summaries


def learned_queries(sorts, wholes):
    """Heads, so far, that are learned queries beside real heads: each reads values of
    its own, as images do."""
    heads = {span for span, sort in sorts.items() if sort == HEAD}
    learned = {span for span in heads if not is_head(span, wholes, False)}
    return learned if learned < heads else set()


def finest(spans, shared, wholes):
    """Of two ways to see a shared axis, the one that shows heads."""
    if any(is_head(span, wholes, True) for span in spans):
        return spans
    same = size_of(shared) == size_of(spans)
    return shared if same and any(is_head(s, wholes, True) for s in shared) else spans


def has_images(rows, values, wholes):
    """True if an axis that values share is neither repeated nor heads."""
    return any(
        not all_born(own, "expanded")
        and not any(is_head(span, wholes, True) for span in own)
        for letter, own in values.items()
        if letter in rows
    )


def is_head(span, wholes, shared):
    """Cut out of features that were mixed with it, or made by weights of the layer."""
    made = span.born == "feature" or (shared and span.whole.born == "parameter")
    return made or span.whole in wholes
