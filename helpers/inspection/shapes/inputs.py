"""Inputs of published models: of the one that is named, or that a count is known of."""

import re
from dataclasses import replace
from math import ceil, isqrt, prod

from helpers.inspection.shapes.cuts import in_tiles
from helpers.inspection.shapes.facts import SMALLEST, as_pair
from helpers.inspection.shapes.facts import SMALLEST_MERGED as FEWEST
from helpers.inspection.shapes.families import UNKNOWN, family_of, read_toml, say
from helpers.inspection.shapes.readings import EXTRAS, extras_of, fits, likeliest
from helpers.inspection.shapes.report import Candidate
from helpers.maps.token_layout import TokenLayout

# 16 of "patch16", "ViT-B/16", "vitl16" and "ViT-L-16"; 224 of "_224" and "-448px".
BASE = r"vit[tsblhg]|(?:vit|clip|core|eva02|beit)[-_](?:[tsblhg]|so400m)[-_/]?"
PATCH = re.compile(
    r"patch(?P<one>\d{1,2})(?![a-z0-9])|"
    rf"(?:{BASE}|(?<![a-z0-9])[sblhgp]/?)(?P<two>8|14|16|28|32)(?![a-z0-9])"
)
SIZES = ("image_size", "patch_size")
SIDE = re.compile(r"(?<![a-z0-9.])(\d{3,4})(?:px)?(?![a-z0-9])")
LAST_STRIDE = 32  # of most detectors
BATCH = "padded batch"  # of a Candidate
KIND = "other input"  # of a Candidate: the picture was resized or cropped before
POOLED = TokenLayout.from_grid(14, 14)  # by captioners, from a picture of any size
MUCH = 4  # a share of the keys, one in so many, that is too much to be left over
SMALLEST_SIDE = 8  # in cells, of a plane that is none of the picture
MOST_OVER = 16  # keys off the grid that need no explanation
FEWEST_KNOWN = 144  # the same, where a published input is known by its class token
TOO_FEW = {1: "one", 2: "two"}


def usual_input(shape, keys, facts):
    """The Facts with the sizes of a published input, and of its patches, where N keys
    fit one; in a prompt, the largest with room for its cells. Without the name where
    that leaves most keys over, and the count alone none. Else the same Facts.

    Numbers in the name come before those of the family.
    """
    N, facts = shape[keys], in_tiles(facts)
    if facts.given_grids() or None not in (facts.image_size, facts.patch_size):
        return facts
    own = tuple(n for n in SIZES if getattr(facts, n) is None)
    assumed = (*facts.assumed, *own)
    options = [replace(facts, assumed=assumed, **one) for one in published(facts)]
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


def as_views(run, image_size):
    """These facts; tiles=n are n pictures, as of cameras, where no prompt has them."""
    n, prompt = run.get("tiles"), family_of(run["name"]).prompt
    prompt |= any(run.get(fact) is not None for fact in ("text", "input_ids", "frames"))
    if not isinstance(n, int) or prompt or image_size is None:
        return run
    return run | {"tiles": None, "frames": n, "views": n}


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
    sides = zip(facts.image_size, as_pair(facts.patch_size) * 2, strict=False)
    return prod(n // p // merge for n, p in sides)


def other_input(N, facts):
    """The Candidate of N keys on a square input, of this patch or a published one; None
    where there is none, or where nobody named the image."""
    patch = facts.patch_size
    if facts.image_size is None or not isinstance(patch, int | None):
        return None
    for extra in EXTRAS:
        side = isqrt(max(N - extra, 0))
        if side * side == N - extra and side > 3 and (extra < 2 or not patch):
            source, layout = known_for(N), TokenLayout.from_grid(side, side, extra)
            if patch and (size := f"{side * patch} x {side * patch}") not in source:
                source = f"images of {size}"
            why = (source, extras_of(extra))
            return Candidate(layout, *why, likely=False, kind=KIND) if source else None
    return None


def known_for(N):
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


def padded_batch(N, facts):
    """The Candidate of a batch whose pictures are padded to one size, larger than this
    picture's; or None."""
    s, square = LAST_STRIDE, len({*(facts.image_size or (0,))}) == 1  # as resized
    other = facts.gives_layout() or facts.family.prompt
    if square or other or facts.patch_size not in (None, s):
        return None
    h, w = (ceil(n / s) for n in facts.image_size)
    sizes = [(a, N // a) for a in range(h, 2 * h + 1) if N % a == 0]
    sizes = [(a, b) for a, b in sizes if w <= b <= 2 * w and a * b > h * w]
    if not sizes or h * w < SMALLEST:
        return None
    a, b = min(sizes, key=lambda size: abs(size[0] - size[1]))
    source = f"a cell every {s} pixels, of a batch padded to {a * s} x {b * s}"
    others = f"this picture's own are the first {h} rows and {w} columns"
    return Candidate(TokenLayout.from_grid(a, b), source, others, kind=BATCH)


def own_plane(N, T, best, facts):
    """The square without a key over, where the picture's cells would leave many; or
    None, also where patches or a text are named, or the cells may look."""
    side, known = isqrt(N), facts.patch_size or facts.gives_layout() or facts.words
    known = known or facts.merge or facts.family.kinds or facts.image_size is None
    left = best and best.off_grid * MUCH > N
    if known or not left or side * side != N or side < SMALLEST_SIDE or T == N:
        return None
    layout, why = TokenLayout.from_grid(side, side), ("a square of its own", EXTRAS[0])
    return Candidate(layout, *why, likely=False)


def pruned(N, facts):
    """That an encoder dropped or merged cells, where the image has more; or ""."""
    if None in (facts.image_size, facts.patch_size) or facts.in_prompt():
        return ""
    h, w = facts.grids()[0][:2] if facts.grids() else (0, 0)
    if facts.family.prompt or not h * w / 4 < N < h * w:
        return ""
    return say("pruned", h=h, w=w)


def instead(report, N, facts):
    """The candidates for N keys; where none is usual and another input is, that comes
    first, and those by chance go, as where a key or two are missing."""
    candidates = report.candidates
    T, best = report.queries, report.best  # a video only where frames= says so
    if plane := own_plane(N, T, best, facts):
        report.notes.append(say("plane", N=N, size=plane.size))
        return [plane, *candidates]
    usual = best and best.likely and not best.free and not best.layout.grid[2:]
    elsewhere = T not in (0, N) and fits(T, facts)  # the cells are the queries
    named = facts.gives_layout() or facts.words or facts.merge or not facts.family.grid
    named = named or {*facts.family.kinds} - {"cells"}
    if usual or elsewhere or named or "image_size" in facts.assumed:
        return candidates
    other = None if facts.family.prompt else other_input(N, facts)
    other = other if other and other.source == known_for(N) else None
    one = T and all(axis.name != "heads" for axis in report.axes)  # a map for each word
    if other and other.layout == POOLED and one and facts.family == UNKNOWN:
        other = replace(other, kind="pooled", source=f"pooled, or {other.source}")
    several = any(a.name == "images" and a.size > 1 for a in report.axes)
    whole = best and best.likely and best.off_grid <= MOST_OVER
    if several and not (other or whole):
        other = padded_batch(N, facts)
    if not (other or fewer(N, facts)):
        return candidates
    left = [c for c in candidates if c.off_grid <= MOST_OVER and not c.layout.grid[2:]]
    return [other, *(c for c in left if c.layout != other.layout)] if other else left
