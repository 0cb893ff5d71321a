"""Where among all keys the tokens of an image stand."""

from dataclasses import replace

import torch

from helpers.inspection.shapes.readings import rank, read
from helpers.maps.token_layout import TokenLayout


def at(start, end, N, facts, whole):
    """Candidates for an image whose tokens stand from key `start` to `end` of N.

    whole: that all of them are the image's; where no layout has as many, or that is not
    known: as many as a layout has.
    """
    M = end - start
    return put((whole and just(M, facts)) or room_for(M, facts), start, N)


def put(found, start, N):
    """These candidates with their first key at `start` of N keys."""
    placed = []
    for c in found:
        layout, others = c.layout, c.others
        if layout.length < N:
            layout = layout.within(start + torch.arange(layout.length), N)
            first, last = int(layout.index.min()), int(layout.index.max())
            between = last - first + 1 - layout.index.numel()
            others = f"{first} keys in front and {N - 1 - last} behind"
            others += f", {between} between" * bool(between)
        placed.append(replace(c, layout=layout, others=others))
    return placed


def just(M, facts):
    """Candidates for M tokens of an image in a prompt: none has registers there."""
    found = [c for c in for_prompts(M, facts) if c.layout.length == M]
    named = facts.family.kinds
    return [
        c
        for c in found
        if (c.off_grid < 2 if c.kind == "cells" else without_class_token(c))
        or (c.kind in named and c.kind != "cells")
    ]


def room_for(M, facts):
    """Candidates for some of M keys: what was named, then the largest."""
    found = [c for c in for_prompts(M, facts) if without_class_token(c)]
    return sorted(found, key=lambda c: size_rank(c, facts))


def for_prompts(M, facts):
    own = facts.family.kinds
    found = read(M, facts) if M > 0 else []
    return [c for c in found if c.likely and (c.kind != "time last" or c.kind in own)]


def without_class_token(c):
    return c.layout.index.min() == 0 or "thumbnail" in c.others


def size_rank(c, facts):
    another = bool(facts.merges) and c.merge not in facts.merges
    return another, rank(c, facts)[:4], -c.layout.index.numel()


def somewhere(N, facts):
    """Cells among other keys: where they stand is a guess, or known of the family."""
    place = facts.family.place
    found = at(0 if place else 1, N, N, facts, whole=False)
    if place != "last":
        return [replace(c, free=not place) for c in found]
    moved = []
    for c in found:
        front = N - 1 - int(c.layout.index.max())
        layout = TokenLayout(c.layout.index + front, N)
        moved.append(replace(c, layout=layout, others=f"{front} keys in front"))
    return moved
