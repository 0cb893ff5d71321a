"""What the queries, the keys they look at, and a model's name tell about the keys."""

import re
from dataclasses import replace
from math import ceil, isqrt, prod

from helpers.inspection.shapes.facts import SMALLEST, as_pair
from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.features import HEADS
from helpers.inspection.shapes.other_input import fewer
from helpers.inspection.shapes.readings import fits, likeliest

# 16 of "patch16", "ViT-B/16", "vitl16" and "ViT-L-16"; 224 of "_224" and "-448px".
BASE = r"vit[tsblhg]|(?:vit|clip|core|eva02|beit)[-_](?:[tsblhg]|so400m)[-_/]?"
PATCH = re.compile(
    r"patch(?P<one>\d{1,2})(?![a-z0-9])|"
    rf"(?:{BASE}|(?<![a-z0-9])[sblhgp]/?)(?P<two>8|14|16|28|32)(?![a-z0-9])"
)
SIZES = ("image_size", "patch_size")
SIDE = re.compile(r"(?<![a-z0-9.])(\d{3,4})(?:px)?(?![a-z0-9])")
STRIDES = (2, 4, 8)  # of queries or keys that are some of the cells


def queries_of(report):
    """How many queries look at the keys; 0 where no axis has them, or two have."""
    return next((axis.size for axis in report.axes if axis.name == "queries"), 0)


def words_of(facts):
    """How many keys are words, as words= or text= says."""
    return facts.words or sum(n or 0 for n in as_pair(facts.text))


def words_that_ask(shape, keys, facts, counts):
    """(facts, counts) where another axis than the keys' has the words of words=: these
    are queries, or have a map each, and no key is a word unless the other keys fit."""
    words, last, named = facts.words, len(shape) - 1, {**counts, "queries": None}
    before = shape[:-2] if keys is None else shape[:keys] + shape[keys + 1 :]
    square = keys == last and shape[-2:] == 2 * shape[-1:]
    if words not in before or square or words in named.values():
        return facts, counts
    counts = {**counts, "queries": counts["queries"] or words}
    if keys is not None and facts.family.grid:
        N, sizes = shape[keys], usual_input(shape, keys, facts)
        if words == N or (fits(N - words, sizes) and not fits(N, sizes)):
            return facts, counts
    return replace(facts, words=None), counts


def looks_at_words(N, T, facts):
    """True if the keys of T queries are words: by the family, or as text= says."""
    if T in (0, N):
        return False
    known = words_of(facts)
    if known >= N or (known and (N - known == T or fits(N - known, facts))):
        return known >= N
    no_grid = N % T and T >= SMALLEST and isqrt(N) ** 2 != N and not fits(N, facts)
    return facts.family.words and (T > N or bool(no_grid and not facts.family.place))


def pruned(N, facts):
    """That an encoder dropped or merged cells, where the image has more; or ""."""
    if None in (facts.image_size, facts.patch_size) or facts.in_prompt():
        return ""
    h, w = facts.grids()[0][:2] if facts.grids() else (0, 0)
    if facts.family.prompt or not h * w / 4 < N < h * w:
        return ""
    return say("pruned", h=h, w=w)


def cells_that_look(report, N, facts):
    """The likeliest Candidate of the queries, if they are no keys; or None."""
    T = queries_of(report)
    sizes = replace(facts, patch_size=None) if facts.assumed else facts
    own = likeliest(T, sizes) if T != N and fits(T, sizes) else None
    return own if own and own.merge == 1 and report.what == "weights" else None


def by_queries(report, N, facts, own):
    """What the queries, cells `own` or None, leave open of the candidates."""
    best, T = report.candidates[0], queries_of(report)
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


def stride(grid, count):
    """The stride at which so many cells are left of a grid; 0 if there is none."""
    left = {s: prod(ceil(n / s) for n in grid) for s in STRIDES}
    return next((s for s, n in left.items() if n == count >= SMALLEST), 0)


def across_the_batch(shape, keys, facts, batch):
    """(N, ..., B, B): the first axis counts cells, the last two count images."""
    if len(shape) < 3 or keys != len(shape) - 1 or batch not in (None, shape[-1]):
        return False
    square = shape[-1] == shape[-2] < shape[0]
    return square and fits(shape[0], facts)


def usual_input(shape, keys, facts):
    """The Facts with the sizes of a published input, and of its patches, where N keys
    fit one; in a prompt, the largest with room for its cells. Without the name where
    that leaves most keys over, and the count alone none. Else the same Facts.

    Numbers in the name come before those of the family.
    """
    N = shape[keys]
    if facts.given_grids() or None not in (facts.image_size, facts.patch_size):
        return facts
    own = tuple(n for n in SIZES if getattr(facts, n) is None)
    options = [replace(facts, assumed=own, **one) for one in published(facts)]
    text = sum(n or 0 for n in as_pair(facts.text or facts.words))
    found = [one for one in options if fits(N - text, one)]
    if not found and "windows" in facts.family.kinds:
        found = options  # the keys are those of a window
    if not found and facts.family.prompt:
        options.sort(key=least, reverse=True)
        found = [one for one in options if least(one) <= N - text]
        best = None if facts.in_prompt() else likeliest(N, replace(facts, name=""))
        whole = best and best.kind == "cells" and not best.off_grid
        if found and whole and 2 * least(found[0]) < N:
            return replace(facts, name="")  # the count leaves no key over
    return found[0] if found else facts


def published(facts):
    """[{"image_size": (H, W), "patch_size": p}], the most usual first."""
    name = facts.name.lower()
    patch, side = PATCH.search(name), SIDE.search(name)
    patch = facts.patch_size or (patch and int(patch["one"] or patch["two"]))
    size = facts.image_size or (side and (int(side[1]),) * 2)
    found = [{"image_size": size, "patch_size": patch}] * bool(size and patch)
    for text in facts.family.inputs:
        sides, _, own = text.partition("/")
        pixels = [int(n) for n in sides.split("x") if n != "any"]
        pixels = tuple(pixels * 2)[:2] if len(pixels) < 2 else tuple(pixels)
        one = {"image_size": pixels, "patch_size": int(own or 1)}
        if own:
            one = {"image_size": size or pixels, "patch_size": patch or int(own)}
        found += [one] * bool(one["image_size"] and one not in found)
    return found


def least(facts):
    """The fewest cells that a picture has in this model's prompt."""
    merge = facts.merges[0] if facts.merges else 1
    h, w = (n // facts.patch_size // merge for n in facts.image_size)
    return h * w
