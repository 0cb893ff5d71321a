"""Which layouts a number of image tokens allows. All of them only count."""

from dataclasses import replace

from helpers.inspection.shapes import tiles
from helpers.inspection.shapes.facts import SMALLEST
from helpers.inspection.shapes.processor import packed, sorted_blocks
from helpers.inspection.shapes.report import Candidate
from helpers.inspection.shapes.tiles import TILES
from helpers.maps.token_layout import TokenLayout

# Keys that are no cells, as published models have them: how many, and what they are.
EXTRAS = {
    0: "no other key",
    1: "1 class token in front",
    2: "class and distillation token in front",
    5: "class token and 4 registers in front",
    4: "4 registers in front",
}
FRAMES = ("frames", "time last", "class frames")  # kinds of layouts of a video
KINDS = ("cells", "blocks", *TILES, "two pictures", *FRAMES, "breaks", "levels")
KINDS += ("window blocks", "template")
MOST_EXTRAS = 5
CAUSAL = (4, 8, 6)  # frames of a step, in autoencoders that keep the first one alone
MOST_FRAMES = 128
MOST_WORDS = 16  # in front of a frame: its number, or its time


def read(M, facts):
    """Candidates of M keys or fewer, the likeliest first."""
    if M < 1:
        return []
    if given := facts.given_grids():
        return packed(M, given, facts)
    grids = facts.grids() if facts.image_size else tiles.square_grids(M, EXTRAS)
    readings = (cells, blocks, breaks, frames, tiles.second)
    found = [c for g in grids for reading in readings for c in reading(g, M, facts)]
    found += tiles.levels(M, facts)
    found += tiles.tiled(M, facts, grids if facts.image_size else tiles.SQUARES)
    own = set(facts.family.kinds)
    own |= set(FRAMES if facts.frames and not own & {*FRAMES} else ())
    own |= set(TILES if facts.tiles and not own & {*TILES} else ())
    if facts.family.kinds:
        found = [c for c in found if c.kind in (*own, "levels")]
    first = {}
    for c in sorted(found, key=lambda c: rank(c, facts)):
        first.setdefault(c.layout, c)  # the same layout counts once
    return list(first.values())


def rank(c, facts):
    """What comes first: what was named, then what is usual."""
    given = (facts.tiles and c.kind in TILES) or (facts.frames and c.kind in FRAMES)
    orders = [(*kinds, c.kind).index(c.kind) for kinds in (facts.family.kinds, KINDS)]
    # Of tiles, what is over is a thumbnail, mostly.
    extras = 0 if c.kind in TILES else c.off_grid - facts.family.behind
    extras = (*facts.family.front, *EXTRAS, extras).index(extras)
    merges = (*facts.merges, c.merge) if facts.family.prompt else (c.merge,)
    t, F = (*c.layout.grid[:-2], 1)[0], facts.frames or 1
    pooled = 1 < t < F / 2 and F % t == 0  # two frames are a step at most
    orders = [extras] * (not c.likely and not facts.image_size) + orders
    return not c.likely, not given, merges.index(c.merge), pooled, *orders, extras


def exact(M, facts):
    """Candidates of just M keys; no video where a picture explains them."""
    found = [c for c in read(M, facts) if c.layout.length == M]
    if found and found[0].kind == "cells" and found[0].likely and found[0].off_grid < 3:
        return [c for c in found if c.kind not in (*FRAMES, "breaks")]
    return found


def likeliest(N, facts):
    """The first Candidate of N keys if it is likely, else None."""
    return next((c for c in exact(N, facts)[:1] if c.likely), None)


def fits(N, facts):
    """True if N is a usual number of keys for this image."""
    best = likeliest(N, facts) if facts.image_size else None
    most = (MOST_EXTRAS + facts.family.behind) * (facts.frames or 1)
    enough = best and best.cells >= SMALLEST
    return bool(enough and best.off_grid <= most)


def extras_of(n):
    return EXTRAS.get(n, f"{n} class and register tokens in front")


def candidate(layout, g, kind, others=EXTRAS[0], order=""):
    source = f"{g.source}, {order}" if order else g.source
    return Candidate(layout, source, others, likely=g.likely, merge=g.merge, kind=kind)


def cells(g, M, facts):
    """Cells, and as many other keys in front as published encoders have."""
    family = facts.family
    for extras in dict.fromkeys((*EXTRAS, *family.front)):
        if family.place == "first" and extras not in (0, *family.front):
            continue
        n = g.h * g.w + extras
        behind = family.behind * (M != n)  # text= may have counted them
        patches = g.whole and g.merge == 1  # a class token stands before patches
        alone = n + behind == M and g.h * g.w > extras and (patches or not extras)
        if alone or (not extras and n < M and g.room()):
            layout = TokenLayout.from_grid(g.h, g.w, extras, behind * alone)
            others = extras_of(extras)
            others += f", {behind} of another kind behind" * bool(behind and alone)
            if extras == 1 and family.front[:1] == [2]:
                others = "the distillation token in front, if the class token was cut"
            yield candidate(layout, g, "cells", others)


def blocks(g, M, facts):
    """The orders of encoders that merge 2 x 2 cells afterwards (Qwen2-VL, 2.5-VL)."""
    named = facts.patch_size in (14, 16) or "blocks" in facts.family.kinds
    if g.h * g.w != M or g.h % 2 or g.w % 2 or g.merge > 1 or not (g.likely and named):
        return
    order = "block by block, 2 x 2 (the encoders of Qwen2-VL and GLM-4V)"
    yield candidate(TokenLayout.from_blocks(g.h, g.w), g, "blocks", order=order)
    if "window blocks" in facts.family.kinds:
        layout = TokenLayout(sorted_blocks(g.h, g.w), M)
        order = "blocks of 2 x 2, sorted by windows (the encoder of Qwen2.5-VL)"
        yield candidate(layout, g, "window blocks", order=order)


def breaks(g, M, facts):
    """A line break behind every row, as in Fuyu and Pixtral; or not behind the last."""
    extras = M - g.h * (g.w + 1)
    named = facts.text is not None or "breaks" in facts.family.kinds
    inside = -named <= extras <= (M if named else 2)  # any number has room for them
    if not (g.room() and g.merge in (facts.merges or (1,)) and inside):
        return
    extras = extras * (0 < extras < 3)
    layout = TokenLayout.from_grid(g.h, g.w, min(extras, 1), extras // 2, breaks=1)
    layout = TokenLayout(layout.index, min(layout.length, M))
    others = f"{g.h} line breaks" + f" and {extras} other keys" * bool(extras)
    others += " (a guess: no name or text= says so)" * (not named)
    yield replace(candidate(layout, g, "breaks", others), free=not named)


def frames(g, M, facts):
    """Frames of a video, or tiles of an image, one behind the other."""
    n, t = g.h * g.w, facts.frames or 0
    unusual = facts.tiles or g.merge not in (facts.merges or (1,))
    twice = not facts.image_size and g.h == g.w  # see `square_grids`
    if not (g.room() or twice) or (not t and unusual):
        return
    own = [*(facts.family.front or [1])[:1], *EXTRAS]  # keys in front of each frame
    own = [e for e in own if e and (e == own[0] or M == t * (n + e))]
    ways = [(kind, each, 0) for kind in FRAMES[:2] for each in (0, 1)]
    for kind, prefix, each in ways + [("class frames", 0, e) for e in own]:
        last = kind == "time last"
        others = extras_of(prefix or each) + " of each" * bool(each)
        for t in steps(M - prefix, n + each, facts.frames):
            around = {"frame_prefix": each, "time_last": last}
            layout = TokenLayout.from_frames(t, g.h, g.w, prefix, **around)
            order = f"the {t} keys of a cell together" * last
            order = order or f"{facts.frames} frames in {t} steps" * (
                t < (facts.frames or 0)
            )
            yield candidate(layout, g, kind, others, order)
    yield from spaced(g, M, facts)


def spaced(g, M, facts):
    """Frames with line breaks, or with a few other keys in each, or between them."""
    t, more = facts.frames or 1, M - (facts.frames or 1) * g.h * g.w
    if t == 1 or facts.text is None:
        return
    if more == t * g.h:
        index = TokenLayout.from_grid(more, g.w, breaks=1).index  # (t * h, w)
        layout = TokenLayout(index.unflatten(0, (t, g.h)), M)  # (t, h, w)
        others = "a break behind each row"
        yield candidate(layout, g, "frames", others, others)
    where = {t: "in each frame, taken to be its last", t - 1: "between the frames"}
    for count, place in where.items():
        each, rest = divmod(more, count)
        if 0 < each <= MOST_WORDS and not rest:
            index = TokenLayout.from_frames(t, g.h, g.w, frame_suffix=each).index
            others, layout = f"{each} other keys {place}", TokenLayout(index, M)
            yield candidate(layout, g, "frames", others, others)


def steps(M, size, frames):
    """Steps in time of this size that M keys may have: one a frame, or for several."""
    if frames is None:
        found = [M // size]
    else:
        causal = [(frames - 1) // k + 1 for k in CAUSAL if frames % k == 1]
        found = causal + [frames // k for k in range(1, frames + 1) if frames % k == 0]
        same = [t for t in found if t * size == M]
        found = same or [t for t in found[:2] if t * size < M]
    return [t for t in found if 2 <= t <= MOST_FRAMES]
