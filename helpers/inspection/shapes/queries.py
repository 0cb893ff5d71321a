"""What the queries and the words that the caller named tell about the keys."""

from dataclasses import replace
from math import ceil, isqrt, prod

from helpers.inspection.shapes.facts import SMALLEST, as_pair
from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.features import HEADS
from helpers.inspection.shapes.inputs import fewer, pruned, usual_input
from helpers.inspection.shapes.readings import fits, likeliest

STRIDES = (2, 4, 8)  # of queries or keys that are some of the cells


def words_of(facts):
    """How many keys are words, as words= or text= says."""
    return facts.words or sum(n or 0 for n in as_pair(facts.text))


def words_that_ask(shape, keys, facts):
    """The Facts where another axis than the keys' has the words of words=: these are
    queries, or have a map each, and no key is a word unless the other keys fit."""
    words, last = facts.words, len(shape) - 1
    named = facts.batch, facts.heads, facts.layers
    before = shape[:-2] if keys is None else shape[:keys] + shape[keys + 1 :]
    square = keys == last and shape[-2:] == 2 * shape[-1:]
    if words not in before or square or words in (None, *named):
        return facts
    facts = replace(facts, queries=facts.queries or words)
    if keys is not None and facts.family.grid:
        N, sizes = shape[keys], usual_input(shape, keys, facts)
        if words == N or (fits(N - words, sizes) and not fits(N, sizes)):
            return facts
    return replace(facts, words=None)


def looks_at_words(N, T, facts):
    """True if the keys of T queries are words: by the family, or as text= says."""
    if T in (0, N):
        return False
    known = words_of(facts)
    if known >= N or (known and (N - known == T or fits(N - known, facts))):
        return known >= N
    no_grid = N % T and T >= SMALLEST and isqrt(N) ** 2 != N and not fits(N, facts)
    return facts.family.words and (T > N or bool(no_grid and not facts.family.place))


def cells_that_look(report, N, facts):
    """The likeliest Candidate of the queries, if they are no keys; or None."""
    T = report.queries
    sizes = replace(facts, patch_size=None) if facts.assumed else facts
    own = likeliest(T, sizes) if T != N and fits(T, sizes) else None
    return own if own and own.merge == 1 and report.what == "weights" else None


def by_queries(report, N, facts, own):
    """What the queries, cells `own` or None, leave open of the candidates."""
    best, T = report.best, report.queries
    grid = best.layout.grid
    if own:
        report.notes.append(f"the queries fit the image, too: {own}")
        same = grid == own.layout.grid
        more = best.off_grid > own.off_grid + words_of(facts)
        if best.kind == "cells" and (not same or more):
            s = 0 if best.off_grid else stride(own.layout.grid, N)
            yield say("pooled keys", s=s) if s else say("another picture")
        width = N in HEADS and own.off_grid > best.off_grid
        if report.sums and (width or not fits(N, facts)) and facts.text is None:
            keys = "may be a head's width" if width else "do not"
            yield say("softmax axis", T=T, N=N, keys=keys)
    elif best.kind == "cells" and not best.off_grid and stride(grid, T) == 2:
        half = " x ".join(str(ceil(n / 2)) for n in grid)
        named = any(axis.named for axis in report.axes if axis.name == "queries")
        cells = not (named or facts.family.prompt)
        report.notes += [say("strided queries", T=T, grid=half)] * cells
    M = N - words_of(facts)
    if T == N and best.off_grid > N - M:
        yield from filter(None, [fewer(M, facts) or pruned(M, facts)])
    end = best.layout.index.movedim(-1, 0)[-1].max() == N - 1
    if T == N and best.free and end and best.off_grid == N - M:
        yield say("last cell", first=N - M + 1)


def class_token_first(found):
    """Of the likeliest grid the cells that stand last, in front of all others."""
    same = [c for c in found if c.layout.grid == found[0].layout.grid]
    same.sort(key=lambda c: -int(c.layout.index.max()))
    return same + [c for c in found if c not in same]


def latents_behind(report, N):
    """Put cells in front of as many other keys as there are queries; in words."""
    T, found = report.queries, report.candidates
    if say("smoothest") in report.notes:
        return []  # the values have told
    some = [c for c in found if c.free and c.off_grid == T != N and T < c.cells]
    first = [c for c in some if c.layout.index.min() == 0]
    report.candidates = first + [c for c in found if c not in first]
    return [say("latents behind", T=T)] if first and found[0] in some else []


def stride(grid, count):
    """The stride at which so many cells are left of a grid; 0 if there is none."""
    left = {s: prod(ceil(n / s) for n in grid) for s in STRIDES}
    return next((s for s, n in left.items() if n == count >= SMALLEST), 0)


def across_the_batch(shape, keys, facts):
    """(N, ..., B, B): the first axis counts cells, the last two count images."""
    if len(shape) < 3 or keys != len(shape) - 1 or facts.batch not in (None, shape[-1]):
        return False
    square = shape[-1] == shape[-2] < shape[0]
    return square and fits(shape[0], facts)
