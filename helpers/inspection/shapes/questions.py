"""What a count leaves open, what would settle it, and what to run next."""

from math import isqrt

from helpers.inspection.shapes import each_image, inputs
from helpers.inspection.shapes.facts import SMALLEST
from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.features import HEADS, MOST_LEVELS, MOST_POINTS
from helpers.inspection.shapes.processor import THUMBNAIL
from helpers.inspection.shapes.prompt_layout import unplaced
from helpers.inspection.shapes.queries import looks_at_words
from helpers.inspection.shapes.readings import FRAMES, fits, likeliest
from helpers.inspection.shapes.report import MOST, Known
from helpers.inspection.shapes.tiles import TILES

LARGEST = 64  # cells of a side
ORDERS = ("cells", "blocks", "window blocks")  # of the same cells
OTHER = inputs.KIND, inputs.BATCH, "pooled", "resized"
PLACES = "text=(keys in front of the image's, keys behind)", "input_ids=, image_token="


def among(c, f):
    """True where it is open which of the keys are cells."""
    front = c.off_grid - f.family.behind
    usual = front < 3 - bool(f.family.front) or front in f.family.front
    return c.free or not (usual or c.kind != "cells" or f.input_ids is not None)


# When a Candidate that only counts leaves a question open, for these Facts: of each
# group the first that holds.
QUESTIONS = (
    {
        "placed by text": lambda c, f: f.text is not None,
        "placed by name": lambda c, f: f.family.place and c.off_grid > 5,
        "place of one": lambda c, f: among(c, f) and c.off_grid == 1,
        "place": among,
        "joined": lambda c, f: c.kind == "joined" and f.input_ids is None,
    },
    {
        "size": lambda c, f: c.free and inputs.other_size(c.layout.length, f),
        "several": lambda c, f: c.free and c.off_grid >= c.cells,
    },
    {
        **{kind: lambda c, f, kind=kind: c.kind == kind for kind in OTHER},
        "assumed tiles": lambda c, f: "tiles" in f.assumed,
        "assumed": lambda c, f: f.assumed,
        "unpublished": lambda c, f: (
            not f.patch_size and f.family.inputs and f.image_size
        ),
    },
    {"input": lambda c, f: f.input_unknown() and f.family.inputs},
    {
        "no sizes": lambda c, f: not f.image_size and not f.gives_layout(),
        "unusual": lambda c, f: f.image_size and not c.likely and c.kind not in OTHER,
    },
    {
        "alike": lambda c, f: not f.frames and c.kind in {*FRAMES} - {*f.family.kinds},
        "kind": lambda c, f: (
            c.kind not in ("cells", "windows", *OTHER, *f.family.kinds)
            and not (f.frames and c.kind == "frames")
            and not (f.tiles and not f.frames and c.kind in TILES)
        ),
    },
    {"merged": lambda c, f: c.merge > 1 and c.merge not in f.merges},
)


def open_questions(candidates, facts):
    """Sentences on what stays open with these candidates; none if they are proven."""
    if not candidates or candidates[0].known != Known.COUNTED:
        return []
    best, size = candidates[0], " x ".join(map(str, facts.image_size or ()))
    p, N = facts.patch_size, best.layout.length
    known = inputs.known_for(N)
    twice = 2 * isqrt(N // 2) ** 2 == N
    numbers = {
        "twice": say("twice", side=isqrt(N // 2)) * twice,
        "known": say("known", N=N, known=known) * bool(known),
        "c": best,
        "f": facts,
        "other": inputs.other_size(N, facts),
        "sizes": size + (" cells" if p == 1 else f" in patches of {p}"),
        "image": size,
        "wanted": " and ".join(f"{name}=" for name in facts.assumed),
    }
    kinds = [[k for k, test in g.items() if test(best, facts)] for g in QUESTIONS]
    asked = [say(first[0], **numbers) for first in kinds if first]
    return [*asked, *same_count(candidates)]


def same_count(candidates):
    """The question between layouts that count the same, if there is one."""
    best = candidates[0]
    first = candidates[:MOST]
    same = [c for c in first if (c.likely, c.free) == (best.likely, best.free)]
    same = [c for c in same if c.kind != THUMBNAIL]
    grids = {c.size for c in same}
    if best.kind == "levels":
        yield say("level")
    elif len(grids) > 1:
        yield say("grids", grids=" or ".join(sorted(grids)))
    elif len(same) > 1 and same[1].kind != "windows" and not best.free:
        yield say("order", second=f"{same[1].source}, {same[1].others}")


def no_layout(report, keys, facts):
    """No layout fits; say what would, if something is near."""
    shape, N, T = report.shape, report.shape[keys], report.queries
    grid, head = grid_that_looks(T, facts), ""
    if len(shape) == 4 and shape[keys - 1] == N and N % 8 == 0 and N <= max(HEADS):
        head = f"; or the {N} channels of a head look at each other (XCiT)"
    elif len(shape) == 4 and N in HEADS:
        head = f"; or {N} is the width of a head: queries, keys or values (B, A, N, d)"
    words = facts.words or 0
    if not facts.family.grid:
        more = f". {say('causal text', N=N)}" * report.causal
        if fits(T, facts) and T != N:
            numbers = {"text": f"{N} keys", "axis": keys - 1, "T": T, "grid": grid}
            more += f". {say('cells ask', **numbers)}"
        more += f"; {N - words}, if {words} words stand among them" * (0 < words < N)
        return f"{facts.name}: {facts.family.note}{more}{head}"
    if 0 < words < N:
        own = "left over" if N - words != T else "left over, as queries"
        return say(own, words=words, left=N - words, N=N, grid=grid)
    if looks_at_words(N, T, facts):
        return say("words", N=N, grid=grid)
    if report.causal and not facts.family.prompt:
        return say("causal text", N=N)
    if facts.input_unknown():
        return say("no usual input", N=N, name=facts.name)
    if facts.given_grids() or facts.tiles or facts.text is not None:
        return unplaced(N, facts)
    text = "no grid that is counted here has " * bool(facts.image_size) + f"{N} keys"
    if N < SMALLEST and not facts.image_size and 1 < (side := isqrt(N)) == N / side:
        text += say("few", side=side)
    other = inputs.other_size(N, facts) or inputs.known_for(N)
    text += f" ({other})" if other else ""
    if len(shape) > 1 and fits(shape[keys - 1], facts):
        if N == 1:
            return f"axis {keys - 1} of size {T} fits{grid}: the keys may be there"
        return say("cells ask", text=text, axis=keys - 1, T=shape[keys - 1], grid=grid)
    if near := inputs.fewer(N, facts):
        return near
    text += f", {near}" if T == N and (near := inputs.pruned(N, facts)) else ""
    return say("no grid", text=text, head=head)


def grid_that_looks(T, facts):
    """The likeliest grid of T queries, behind a comma; or ""."""
    best, side = likeliest(T, facts), isqrt(T)
    grid = best.layout.grid if best else (side, side) if side**2 == T else ()
    return ", " * bool(grid) + " x ".join(map(str, grid))


def in_parts(candidates, best=None):
    """The first candidate, or `best`, and those of the same images that put the same
    parts (tiles, overview) or cells in another order, or at other places where it
    guesses."""
    best = best or (candidates[0] if candidates else None)
    if not best or best.known != Known.COUNTED:
        return []
    candidates = [c for c in candidates if c.images == best.images]
    kinds = next((own for own in (TILES, ORDERS) if best.kind in own), [best.kind])
    alike = [c for c in candidates if c.layout.grid == best.layout.grid]
    return [c for c in alike if c.kind in kinds and c.free == best.free]


def open_grid(shape, values):
    """What two last axes may be besides rows and columns."""
    h, w = shape[-2:]
    if values is None and h == w and (h <= LARGEST or h % 8 == 0):
        yield say("square", h=h, w=w)
    if h <= MOST_LEVELS and w <= MOST_POINTS and len(shape) > 4:
        yield say("points", h=h, w=w)


def next_line(report, keys, facts):
    """What to run next; where there is a problem, its remedy says that."""
    best, first = report.best, each_image.each(report.candidates)
    if report.problems or best is None:
        return ""
    if any(c.kind in TILES and len(in_parts(report.candidates, c)) > 1 for c in first):
        return ""
    if each_image.is_open(report, facts):
        return f"the same with {PLACES[True]}"
    if any(c.free for c in first):
        known = facts.text is not None
        return f"the same with {PLACES[known]}"
    if best.kind == inputs.KIND:
        return "the same with image_size=(H, W), after every resize and crop"
    if report.what != "weights" or best.kind == "windows" or keys is None:
        return ""
    if not (all(c.likely for c in first) or facts.image_size):
        return ""  # the sides are a guess
    if each_image.are_unlike(report.candidates, facts):
        return each_image.line(report, keys, facts)
    dim = "" if keys == len(report.shape) - 1 else f", dim={keys}"
    sizes = (*report.shape[:keys], *best.layout.grid, *report.shape[keys + 1 :])
    return f"maps = report.layouts[0].to_grid(weights{dim})  # {sizes}"
