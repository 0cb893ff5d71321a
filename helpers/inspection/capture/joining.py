"""One attention that was worked out in pieces: a loop over heads, images or queries."""

import torch

from helpers.inspection.capture.axes import flat
from helpers.inspection.capture.candidate import laid_out
from helpers.inspection.capture.sorting import BATCH, HEAD, KEY, QUERY, is_head


def joined(reads):
    """Reads of one run of one layer, with those joined that are pieces of one."""
    groups = []  # (axis, reads)
    for one in with_all_keys(without_repeats(reads)):
        axis = piece_axis(*groups[-1], one) if groups else None
        if axis is None:
            groups.append((None, [one]))
        else:
            groups[-1] = (axis, [*groups[-1][1], one])
    for axis, pieces in groups:
        if axis is not None:
            whole = torch.cat([piece.weights for piece in pieces], dim=axis)
            pieces[0].weights = heads_apart(whole, pieces) if axis == BATCH else whole
    return [pieces[0] for _, pieces in groups]


def without_repeats(reads):
    """Weights that were read twice count once: as they were before a mean of them, and
    also if they were worked out once more for other values (DiffLlama)."""
    kept = []
    for one in reads:
        for place, other in enumerate(kept):
            same = one.candidate is other.candidate or (
                one.value_parts != other.value_parts
                and torch.equal(one.weights, other.weights)
            )
            if same and one.parts == other.parts:
                if one.weights.numel() > other.weights.numel():
                    kept[place], one.number = one, other.number
                break
        else:
            kept.append(one)
    return kept


def with_all_keys(reads):
    """Keys that one softmax was over, and that were read in several stretches, whole:
    two modalities, or a row and a column (CCNet)."""
    groups = {}
    for one in reads:
        cuts = frozenset(cut for cut in one.parts if cut[0].whole is not one.key)
        groups.setdefault((one.candidate, cuts), []).append(one)
    for pieces in groups.values():
        starts = [piece.first_key() for piece in pieces]
        if len(pieces) > 1 and None not in starts:
            pieces.sort(key=lambda piece: piece.first_key())
            ends = [p.first_key() + p.weights.shape[-1] for p in pieces]
            rows = {frozenset(flat(p.order[:KEY])) for p in pieces}
            if ends[:-1] == sorted(starts)[1:] and len(rows) == 1:
                stretch(pieces)
    return [one for one in reads if one.weights is not None]


def stretch(pieces):
    """Put the keys of all pieces into the first of them. What is images to one piece
    and queries to another is queries."""
    first = pieces[0]
    rows = flat(first.order[:KEY])
    if set(first.candidate.rows) == set(rows):
        rows = first.candidate.rows  # in the order of the softmax

    def sort(span):
        sorts = [s for p in pieces for s in (BATCH, HEAD, QUERY) if span in p.order[s]]
        return HEAD if HEAD in sorts else max(sorts)

    order = [[span for span in rows if sort(span) == s] for s in (BATCH, HEAD, QUERY)]
    whole = [laid_out(p.weights, flat(p.order), [*order, p.order[KEY]]) for p in pieces]
    for piece in pieces:
        piece.weights = None
    first.weights = torch.cat(whole, -1)  # (B, A, T, N)


def heads_apart(weights, pieces):
    """Heads folded into the images (B * A, 1, T, N) that a loop went over, apart."""
    for span in pieces[0].axes.dropped - pieces[-1].axes.dropped:
        sizes = [parent.size for parent in span.parents]
        heads = [is_head(p, pieces[0].features, True) for p in span.parents]
        if heads == [False, True] and sizes[0] * sizes[1] == len(weights):
            return weights.squeeze(1).unflatten(0, sizes)  # (B, A, T, N)
    return weights


def piece_axis(axis, pieces, one):
    """The axis along which `one` goes on where the pieces end; None if it does not."""
    last = pieces[-1]
    found = next_axis(last, one)
    if found is None or axis not in (None, found) or last.cross != one.cross:
        return None
    sizes = [list(piece.weights.shape) for piece in (last, one)]
    for shape in sizes:
        del shape[found]
    return found if sizes[0] == sizes[1] else None


def next_axis(last, one):
    """By what was cut out to make each of two pieces."""
    if one.axes.after >= last.number:  # it depends on the other: a second look
        return None
    differ = {whole.whole for whole, _ in last.parts ^ one.parts}
    if last.sequences() != one.sequences():
        return None
    heads = last.features | one.features
    if differ <= heads or all(whole.born == "feature" for whole in differ):
        return HEAD
    if last.value_parts != one.value_parts:
        return BATCH
    queries = {span.whole for span in flat(one.axes.spans)}
    return QUERY if differ <= queries else None
