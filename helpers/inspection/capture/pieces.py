"""One attention that was worked out in pieces: a loop over heads, images or queries."""

import torch

from helpers.inspection.capture.axis_origins import flat
from helpers.inspection.capture.candidate import Read, laid_out
from helpers.inspection.capture.name_axes import BATCH, HEAD, KEY, QUERY, is_head


def joined(reads):
    """Reads of one run of one layer, with those joined that are pieces of one."""
    groups = []  # [axis, reads]
    for one in with_all_keys(without_repeats(reads)):
        axis = piece_axis(groups[-1][1][-1], one) if groups else None
        if axis is None or groups[-1][0] not in (None, axis):
            groups.append([None, [one]])
        else:
            groups[-1] = [axis, [*groups[-1][1], one]]
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
                one.value.parts != other.value.parts
                and torch.equal(one.weights, other.weights)
            )
            if same and one.axes.parts == other.axes.parts:
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
        cuts = frozenset(cut for cut in one.axes.parts if cut[0].whole is not one.key)
        groups.setdefault((one.candidate, cuts), []).append(one)
    return [one for pieces in groups.values() for one in stretched(pieces)]


def stretched(pieces):
    """[One with the keys of all], if these are one behind the other, or the pieces.

    What is images to one piece and queries to another is queries.
    """
    rows = flat(pieces[0].order[:KEY])
    if {*rows} == {*pieces[0].candidate.rows}:
        rows = pieces[0].candidate.rows  # in the order of the softmax
    if any(p.first_key() is None or {*flat(p.order[:KEY])} != {*rows} for p in pieces):
        return pieces
    pieces = sorted(pieces, key=Read.first_key)
    ends = [piece.first_key() + piece.weights.shape[-1] for piece in pieces]
    if ends[:-1] != [piece.first_key() for piece in pieces[1:]]:
        return pieces
    order = [[], [], []]
    for span in rows:
        sorts = [s for p in pieces for s in range(KEY) if span in p.order[s]]
        order[max(sorts)].append(span)
    whole = [laid_out(p.weights, flat(p.order), [*order, p.order[KEY]]) for p in pieces]
    pieces[0].weights = torch.cat(whole, -1)  # (B, A, T, N)
    return pieces[:1]


def heads_apart(weights, pieces):
    """Heads folded into the images (B * A, 1, T, N) that a loop went over, apart."""
    for span in pieces[0].axes.dropped - pieces[-1].axes.dropped:
        sizes = [parent.size for parent in span.parents]
        heads = [is_head(p, pieces[0].features, True) for p in span.parents]
        if heads == [False, True] and sizes[0] * sizes[1] == len(weights):
            return weights.squeeze(1).unflatten(0, sizes)  # (B, A, T, N)
    return weights


def piece_axis(last, one):
    """The axis along which one read goes on where the last one ends, by what was cut
    out to make each; None if it does not."""
    if one.axes.after >= last.number or one.sequences() != last.sequences():
        return None  # it depends on the other, or looks at something else
    differ = {whole.whole for whole, _ in last.axes.parts ^ one.axes.parts}
    queries = {span.whole for span in flat(one.axes.spans)}
    if differ <= last.features | one.features:
        axis = HEAD
    elif last.value.parts != one.value.parts:
        axis = BATCH
    else:
        axis = QUERY if differ <= queries else None
    sizes = zip(last.weights.shape, one.weights.shape, strict=True)
    same = all(a == b for place, (a, b) in enumerate(sizes) if place != axis)
    return axis if same else None
