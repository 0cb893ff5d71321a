"""Where among all keys the tokens of an image stand."""

from dataclasses import replace

from helpers.inspection.shapes.facts import least_cells
from helpers.inspection.shapes.readings import rank, read
from helpers.inspection.shapes.report import Known
from helpers.inspection.shapes.tiles import TILES
from helpers.maps.token_layout import TokenLayout

BEHIND = ("joined", "thumbnail first", "padded", "class frames")  # no cell comes first


def at(start, end, N, facts, whole):
    """Candidates for an image whose tokens stand from key `start` to `end` of N.

    whole: that all of them are the image's; where no layout has as many, or that is not
    known: as many as a layout has.
    """
    M = end - start
    found = put((whole and just(M, facts)) or room_for(M, facts, whole), start, N)
    if facts.family.place == "last" and not whole:
        return to_end(found, end, N)
    if facts.family.front or facts.family.place:
        return found
    return [x for c in found for x in either_side(c, start, end)]


def either_side(c, start, end):
    """The candidate; where one key is left over on one side, the other as well: a class
    token between the text and the image, or a key behind it."""
    low, high = int(c.layout.index.min()), int(c.layout.index.max())
    yield c
    if c.kind == "cells" and low - start + end - 1 - high == 1:
        yield moved(c, start - low or 1, c.layout.length)


def put(found, start, N):
    """These candidates with their first key at `start` of N keys."""
    return [moved(c, start, N) if c.layout.length < N else c for c in found]


def to_end(found, end, N):
    """These candidates with their last cell in front of key `end`."""
    return [moved(c, end - 1 - int(c.layout.index.max()), N) for c in found]


def moved(c, start, N):
    layout = TokenLayout(c.layout.index + start, N)
    first, last = int(layout.index.min()), int(layout.index.max())
    between = last - first + 1 - layout.index.numel()
    others = f"{first} keys in front and {N - 1 - last} behind"
    others += f", {between} between" * bool(between)
    others += f"; among them {c.others}" * (c.kind in TILES and bool(c.off_grid))
    return replace(c, layout=layout, others=others)


def just(M, facts):
    """Candidates for M tokens of an image in a prompt: none has registers there."""
    found = [c for c in for_prompts(M, facts) if c.layout.length == M]
    few = [c for c in found if c.kind == "cells" and c.off_grid < 2]
    return [c for c in found if c in few or c.kind in BEHIND or starts(c)]


def room_for(M, facts, whole=False):
    """Candidates for some of M keys: what was named, then the largest. whole: that all
    of them are the image's, so that one that leaves a key over or none is alone."""
    found = [c for c in for_prompts(M, facts) if c.kind in BEHIND or starts(c)]
    found = sorted(found, key=lambda c: size_rank(c, facts))
    if spent := [c for c in found if whole and 0 <= M - c.layout.length < 2]:
        return spent
    return [c for c in found if c is found[0] or 2 * c.layout.index.numel() >= M]


def for_prompts(M, facts):
    own = facts.family.kinds
    found = read(M, facts) if M > 0 else []
    rare = ("time last", "class frames", "blocks")
    found = [c for c in found if c.likely and (c.kind not in rare or c.kind in own)]
    if facts.given_grids():
        return found
    return [c for c in found if c.layout.index.numel() >= least_cells(c.merge)]


def starts(c):
    """True if the first key is a cell."""
    return c.layout.index.min() == 0


def size_rank(c, facts):
    another = bool(facts.merges) and c.merge not in facts.merges
    return another, rank(c, facts)[:5], -c.layout.index.numel()


def somewhere(N, facts):
    """Cells among other keys: where they stand is a guess, or known of the family."""
    found, place = room_for(N, facts), facts.family.place
    if place == "last":
        return to_end(found, N, N)
    start = (facts.family.front or [0])[0] if place else 1
    guess = {} if place else {"free": True, "known": Known.COUNTED}
    found = put(room_for(N - start, facts), start, N)
    return [replace(c, **guess) for c in found]
