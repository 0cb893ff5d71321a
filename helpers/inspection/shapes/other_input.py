"""Counts of keys that the named image has not: of another input, or a key too few."""

from math import isqrt

from helpers.inspection.shapes.facts import SMALLEST_MERGED as FEWEST
from helpers.inspection.shapes.families import read_toml, say
from helpers.inspection.shapes.readings import EXTRAS, extras_of, fits, likeliest
from helpers.inspection.shapes.report import Candidate
from helpers.maps.token_layout import TokenLayout

KIND = "other input"  # of a Candidate: the picture was resized or cropped before
MOST_OVER = 16  # keys off the grid that need no explanation
FEWEST_KNOWN = 144  # the same, where a published input is known by its class token
TOO_FEW = {1: "one", 2: "two"}


def other_input(N, facts):
    """The Candidate of N keys on a square input, of this patch or a published one; None
    where there is none, or where nobody named the image."""
    patch = facts.patch_size
    if facts.image_size is None or not isinstance(patch, int | None):
        return None
    for extra in EXTRAS:
        side = isqrt(max(N - extra, 0))
        if side * side == N - extra and side > 3 and (extra < 2 or not patch):
            source, layout = known(N), TokenLayout.from_grid(side, side, extra)
            if patch and (size := f"{side * patch} x {side * patch}") not in source:
                source = f"images of {size}"
            why = (source, extras_of(extra))
            return Candidate(layout, *why, likely=False, kind=KIND) if source else None
    return None


def known(N):
    """The published input of N tokens, or of one more, the class token; or ""."""
    table = read_toml("errors/numbers.toml")["known"]
    whole = table.get(str(N + 1), "") if isqrt(N) ** 2 == N >= FEWEST_KNOWN else ""
    return table.get(str(N)) or (whole and f"{whole}, without its class token")


def other_size(N, facts):
    """What `other_input` finds, in words; or ""."""
    other = other_input(N, facts)
    return f"{other.size}, {other.others}, for {other.source}" if other else ""


def fewer(N, facts):
    """That N keys are one or two fewer than a grid of this image, in words; or ""."""
    for n, many in TOO_FEW.items():
        best = likeliest(N + n, facts) if facts.image_size else None
        if best and best.kind == "cells" and not best.off_grid and best.cells >= FEWEST:
            return say("fewer", N=N, n=many, size=best.size, cells=best.cells)
    return ""


def instead(report, N, facts):
    """The candidates for N keys; where none is usual and another input is, that comes
    first, and those by chance go, as where a key or two are missing."""
    candidates = report.candidates
    T = next((axis.size for axis in report.axes if axis.name == "queries"), 0)
    best = next(iter(candidates), None)  # a video only where frames= says so
    usual = best and best.likely and not best.free and not best.layout.grid[2:]
    elsewhere = T not in (0, N) and fits(T, facts)  # the cells are the queries
    named = facts.gives_layout() or facts.words or facts.merge
    named = named or {*facts.family.kinds} - {"cells"}
    if usual or elsewhere or named or "image_size" in facts.assumed:
        return candidates
    other = None if facts.family.prompt else other_input(N, facts)
    other = other if other and other.source == known(N) else None
    if not (other or fewer(N, facts)):
        return candidates
    left = [c for c in candidates if c.off_grid <= MOST_OVER and not c.layout.grid[2:]]
    return [other, *(c for c in left if c.layout != other.layout)] if other else left
