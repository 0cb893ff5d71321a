"""Where among all keys the tokens of an image stand."""

from dataclasses import replace

from helpers.inspection.shapes.facts import as_pair, least_cells
from helpers.inspection.shapes.features import is_width
from helpers.inspection.shapes.processor import unpadded
from helpers.inspection.shapes.readings import exact, fits, rank, read
from helpers.inspection.shapes.report import Known, in_number
from helpers.inspection.shapes.tiles import TILES
from helpers.maps.token_layout import TokenLayout

# Kinds whose first key is no cell.
FIRST = ("joined", "thumbnail first", "padded", "class frames", "overlapping")
CLEARLY = 0.85  # so much smoother maps are in the right order
NEARLY = 1.2  # of a change inside of a row: as large
UNEVEN = 0.01  # the mean change of a logarithm from cell to cell: less is an even map
RARE = ("time last", "class frames", "blocks")  # but in models that are known for it


def by_text(N, facts, front, behind):
    """Candidates where text= or words= say, inside of so many keys of padding; None
    where neither does."""
    text, place = facts.text, facts.family.place
    if text is None and facts.words:
        words = facts.words
        own = [c for c in exact(N, facts) if c.off_grid == words and c.likely]
        if own and facts.family.kinds:
            return own
        text = {"last": (words, 0), "first": (0, words)}.get(place)
        if text is None:
            beside = [c for c in exact(N - words, facts) if c.likely]
            whole = exact(N, facts) if fits(N, facts) else []  # no word among them
            return [*at_ends(beside, N), *whole] if beside else None
    if text is None:
        return None
    before, after = (*as_pair(text), None)[:2]
    end, whole = N - behind - (after or 0), None not in (before, after)
    found = at(front + (before or 0), end, N, facts, whole)
    return to_end(found, end, N) if before is None else found


def at(start, end, N, facts, whole):
    """Candidates for an image in keys `start` to `end` of N; whole: in all of them."""
    photo = unpadded(end - start, facts, whole, Known.COUNTED)
    found = put(photo or fitting(end - start, facts, whole), start, N)
    if facts.family.place == "last" and not whole:
        return to_end(found, end, N)
    if facts.family.front or facts.family.place:
        return found
    either = []
    for c in found:  # a key that is left over is a class token in front, or one behind
        low, high = int(c.layout.index.min()), int(c.layout.index.max())
        either.append(c)
        if c.kind == "cells" and low - start + end - 1 - high == 1:
            either.append(moved(c, start - low or 1, c.layout.length))
    return either


def at_ends(found, N):
    """These candidates behind all other of N keys, and in front of them: a guess."""
    both = [moved(c, s, N) for c in found for s in (N - c.layout.length, 0)]
    return [replace(c, free=True) for c in both]


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
    sides = {"in front": first, "behind": N - 1 - last}
    others = [in_number(f"{n} keys") + f" {where}" for where, n in sides.items() if n]
    others = " and ".join(others)
    others += f", {between} between" * bool(between)
    others += f"; among them {c.others}" * (c.kind in TILES and bool(c.off_grid))
    return replace(c, layout=layout, others=others)


def fitting(M, facts, whole=False):
    """Candidates for the M tokens of an image in a prompt, where none has registers;
    for some of them: what was named, then the largest.

    whole: that all are the image's, so that one that leaves none over is alone, or else
    one that leaves one.
    """
    own = facts.family.kinds
    found = [c for c in (read(M, facts) if M > 0 else []) if c.likely]
    found = [c for c in found if c.kind not in RARE or c.kind in own]
    if not facts.given_grids():
        found = [c for c in found if c.cells >= least_cells(c.merge)]
    same = [c for c in found if c.layout.length == M]
    if whole and same and facts.given_grids():
        return same  # of each picture
    front = {0, 1, *facts.family.front}
    same = [c for c in same if begins(c) or (c.kind == "cells" and c.off_grid in front)]
    if whole and same:
        return same
    found = [c for c in found if begins(c)]
    merges = facts.merges
    found.sort(key=lambda c: (*rank(c, facts)[:6], -c.cells))
    found.sort(key=lambda c: bool(merges) and c.merge not in merges)
    if whole and (spent := [c for c in found if c.layout.length >= M - 1]):
        return spent
    return [c for c in found if c is found[0] or 2 * c.cells >= M]


def begins(c):
    """True if the first key is the image's."""
    return c.kind in FIRST or c.layout.index.min() == 0


def alone(N, facts, front, behind, usual):
    """Candidates for an encoder's keys, with those that no query sees as padding."""
    unseen = [(front, behind), (0, behind), (front, 0)]
    if front + behind and facts.image_size is None:  # no cell is padding
        return put(exact(N - front - behind, facts), front, N)
    found = []
    for first, last in dict.fromkeys([(0, 0)] * usual + unseen + [(0, 0)]):
        padded = put(exact(N - last - first, facts), first, N)
        if padded and (padded[0].likely or not first + last):
            found += padded
            if not usual:
                break
    return found


def anywhere(N, T, facts, found):
    """Candidates `found` for all N keys of T queries, and those among other keys, where
    they are no proof: where these stand is a guess, or known of the family."""
    first = found[0] if found else None
    pictures = first and (first.kind == "two pictures" or first.free)
    front, behind = facts.family.front, facts.family.behind
    usual = first and first.off_grid in (0, 1, 2, behind, *(n + behind for n in front))
    if first and not pictures and (usual or first.kind != "cells"):
        return found
    others = somewhere(N, facts) if not first or first.known == Known.COUNTED else []
    if pictures and (first.free or not (T == N or fits(T, facts))):
        return others + found
    found = found + others
    channels = T > N or (T < N and is_width(N))
    if channels and all(c.free for c in found) and fits(T, facts):
        return []  # the queries are the cells, and the keys something else
    return found


def somewhere(N, facts):
    """Cells among other keys."""
    place = facts.family.place
    if place == "last":
        return to_end(fitting(N, facts), N, N)
    start = (facts.family.front or [0])[0] if place else 1
    found = [c for c in fitting(N - start, facts) if not c.free]  # a guess twice
    if not place and not facts.family.prompt:
        return [replace(c, known=Known.COUNTED) for c in at_ends(found, N)]
    guess = {} if place else {"free": True, "known": Known.COUNTED}
    return [replace(c, **guess) for c in put(found, start, N)]


def logarithms(values, keys):
    """(N, rows): the logarithms of the weights, of every key a row."""
    rows = values.movedim(keys, 0).nan_to_num().float().clamp_min(1e-9).log()
    return rows.reshape(len(rows), -1)  # (N, rows)


def runs_on(c, values, keys=-1):
    """True if weights go on from row to row of cells as inside of rows, and differ
    between cells that stand one below the other."""
    if c.kind != "cells" or len(c.layout.grid) != 2 or values.min() < 0:
        return False
    rows = logarithms(values, keys)[c.layout.index.flatten()]
    maps = rows.reshape(*c.layout.grid, -1)  # (h, w, rows)
    right = (maps[:, 1:] - maps[:, :-1]).abs().mean()
    down = (maps[1:] - maps[:-1]).abs().mean()
    ends = (maps[1:, 0] - maps[:-1, -1]).abs().mean()
    return bool(ends < NEARLY * right and UNEVEN < right < CLEARLY * down)


def smoothest(candidates, values, keys=-1):
    """(candidates, True) with the one first over whose cells the maps change least,
    where it stands clear of the next; else the same, and False."""
    rows, steps = logarithms(values, keys), []
    for c in candidates:
        maps = rows[c.layout.index.flatten()].reshape(*c.layout.grid, -1)
        down = maps[1:] - maps[:-1]  # (h - 1, w, rows)
        right = maps[:, 1:] - maps[:, :-1]  # (h, w - 1, rows)
        steps.append((down.abs().mean() + right.abs().mean()).item())
    order = sorted(range(len(steps)), key=steps.__getitem__)
    least, second = (steps[n] for n in order[:2])
    if second < UNEVEN or least > CLEARLY * second:
        return candidates, False
    return [candidates[n] for n in order], True
