"""What the caller knows binds: layouts that contradict it go, or are said to."""

from dataclasses import replace

from helpers.inspection.shapes.facts import as_pair
from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.report import Known
from helpers.inspection.shapes.tiles import TILES

SPANS = ("cells", "frames")  # kinds whose keys leave none out
MOST_BESIDE = 1  # a class token, or a key behind the image
LEAST_COVERED = 4  # times as many keys as cells: they are something else
MOST_MERGED = 8  # frames that become one step in time


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
    M = c.layout.length - sum(text)
    used = int(c.layout.index.max() - c.layout.index.min()) + 1
    return (M, used) if used + behind_each(c.layout.index) < M else None


def behind_each(index):
    """Keys from one frame (h, w) to the next, or one from row to row or in front."""
    if index.dim() < 3 or len(index) < 2:
        return MOST_BESIDE
    return max(int(index[1].min() - index[0].max()) - 1, MOST_BESIDE)


def held(sizes, *counts):
    """True if one of the sizes is a multiple of one of the counts."""
    return any(size % n == 0 for size in sizes for n in counts if n > 1)
