"""What axes and layouts leave open, and where they contradict what the caller knows."""

from dataclasses import replace
from itertools import pairwise

from helpers.inspection.shapes.axis_names import QUERY_GRID
from helpers.inspection.shapes.facts import as_pair
from helpers.inspection.shapes.families import problem, say
from helpers.inspection.shapes.report import BY_PLACE, Known
from helpers.inspection.shapes.tiles import TILES

SPANS = ("cells", "frames")  # kinds whose keys leave none out
MOST_BESIDE = 1  # a class token, or a key behind the image
LEAST_COVERED = 4  # times as many keys as cells: they are something else
MOST_MERGED = 8  # frames that become one step in time


def open_axes(axes, queries):
    """What stays open about the axes before the queries, so many of them if known."""
    for number, (axis, after) in enumerate(pairwise([*axes, axes[-1]])):
        where = {"number": number, "size": axis.size, "after": number + 1}
        if axis.name == "images or heads":
            both = number == 0 and after.size == axis.size
            both = ", or layers, and the heads of one query" * both
            yield say("images or heads", or_layers=both, **where)
        if after.name == "keys" and queries is None and not axis.named:
            if axis.name == "heads":
                yield say("heads or queries", **where)
            if axis.evidence == BY_PLACE and number == 0 and 1 < axis.size:
                yield say("queries or others", **where)
        layers = axis.name == "layers" and not axis.named
        if layers and not after.named:
            heads = "layers, heads" if queries else "layers, heads, one query"
            yield say(heads if after.name == "heads" else "layers, images", **where)
        late = number and layers and axes[number - 1].named
        if axis.name == "layers or steps" or late:
            yield say("no count", **where)
        if axis.name == QUERY_GRID[0] and queries is None:
            yield say("query grid", **where)


def check_named(report, facts):
    """Counts that the caller knows and that no axis has."""
    if report.what != "weights":
        return
    shape, heads, queries = report.shape, facts.heads, facts.queries
    sizes = {axis.name: axis.size for axis in report.axes}
    *before, T, N = (1, *shape)
    across = len(before) > 2 and T == N == heads and heads not in before
    named = heads in shape or any("x heads" in name for name in sizes)
    A = before[-1] if before else 1
    if len(before) > 2 and 1 < A < (heads or 0) and heads % A == 0 and not named:
        report.ambiguous.append(say("grouped heads", size=A, heads=heads))
    elif (heads or 1) > 1 and (across or not named):
        kind = "across the heads" if across else "heads"
        report.problems.append(problem(kind, count=heads))
    found = sizes.get("steps", sizes.get("queries", sizes.get("words")))
    if queries in (None, found) or QUERY_GRID[0] in sizes:
        return
    if queries in shape and queries > 1:
        axis = shape.index(queries)
        report.ambiguous.append(say("queries elsewhere", axis=axis, queries=queries))
    elif found and found % queries == 0:
        text = say("queries of several", queries=queries, found=found)
        report.ambiguous.append(text)
    elif queries > 1 and found:
        report.problems.append(problem("queries", count=queries, size=found))
    elif queries > 1:
        report.ambiguous.append(f"no axis has the {queries} queries you named")


def bind(candidates, shape, facts):
    """(candidates, doubts): those that agree with every fact; all of them where none
    does, with what the first contradicts."""
    before = shape[: -3 if len(shape) > 3 else -2]  # the heads hold nothing
    broken = [list(contradictions(c, before, facts)) for c in candidates]
    agree = [c for c, why in zip(candidates, broken, strict=True) if not why]
    if agree or not candidates or candidates[0].known != Known.COUNTED:
        return agree or candidates, []
    if over := left_over(candidates[0], facts):
        if over[0] > LEAST_COVERED * over[1]:
            return [], []
        # Then its place is a guess, too.
        candidates = [replace(c, free=True) for c in candidates]
    return candidates, [f"proposal 1, as {why}" for why in broken[0]]


def contradictions(c, before, facts):
    """Which facts a candidate contradicts, in words. before: sizes of axes that may
    hold the frames or the tiles."""
    if c.kind == "windows":
        return
    if facts.merge not in (None, c.merge) and c.kind not in ("blocks", "window blocks"):
        yield f"merge={facts.merge} is not in it"
    frames, (rows, columns) = facts.frames or 1, facts.tiles or (1, 1)
    if frames > 1 and len(c.layout.grid) == 2 and not held(before, frames, frames // 2):
        yield f"it is one picture, and frames={frames}"
    if len(c.layout.grid) == 3 and frames > MOST_MERGED * c.layout.grid[0]:
        yield f"it has {c.layout.grid[0]} steps in time, and frames={frames}"
    count = rows * columns
    if count > 1 and c.kind not in TILES and not held(before, count, count + 1):
        yield f"it is one picture, and tiles={tuple(facts.tiles)}"
    if over := left_over(c, facts):
        yield say("text left over", M=over[0], used=over[1])


def left_over(c, facts):
    """(keys that text= leaves to the image, those from its first to its last), where
    the image has fewer; else None."""
    text = as_pair(facts.text)
    if len(text) < 2 or None in text or c.kind not in SPANS:
        return None
    M, index = c.layout.length - sum(text), c.layout.index
    used = int(index.max() - index.min()) + 1
    each = int(index[1].min() - index[0].max()) - 1 if len(index) > 1 else 0
    return (M, used) if used + max(each, MOST_BESIDE) < M else None


def held(sizes, *counts):
    """True if one of the sizes is a multiple of one of the counts."""
    return any(size % n == 0 for size in sizes for n in counts if n > 1)


def other_keys(report, facts):
    """A note on what a count does not tell of the keys off the grid, where it is all
    that is known of them and nothing else is open."""
    known = facts.input_ids is not None or facts.family.place
    if len(report.candidates) != 1 or report.what != "weights" or known:
        return []
    (c,) = report.candidates
    counted = c.known == Known.COUNTED and c.kind == "cells" and c.off_grid
    if not counted or c.off_grid in facts.family.front:
        return []
    return [say("other keys" if c.off_grid > 1 else "other key", n=c.off_grid)]
