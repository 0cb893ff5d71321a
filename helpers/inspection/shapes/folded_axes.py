"""An axis that holds more than images or heads: windows, frames, or places."""

from dataclasses import replace
from math import prod
from typing import NamedTuple

from helpers.inspection.shapes.facts import STRIDES
from helpers.inspection.shapes.readings import fits, likeliest
from helpers.inspection.shapes.windows import stages, windows_of

MANY_IMAGES = 16  # so many of one size are windows rather than a batch
MOST_STEPS = 64  # in time, of a model of videos
MOST_SHARED = 1024  # images times heads that share an axis with windows or frames


class Fold(NamedTuple):
    """unit: what an axis holds besides images and heads: "windows" (or "windows or
    places in a patch"), "frames", "places", "rows" or "columns". parts: [(name,
    count)], which multiply to the axis; None: not known. exact: counts that the caller
    named leave nothing open. windows: Windows, or None. first: nothing else
    explains the keys as well."""

    unit: str
    parts: list
    exact: bool
    windows: object = None
    first: bool = True

    @property
    def name(self):
        return " x ".join(n for n, count in self.parts if count != 1 or n == self.unit)

    @property
    def heads(self):
        """How many heads stand behind each window; None if that is not known."""
        name, count = self.parts[-1]
        return count if count == 1 or name == "heads" else None

    @property
    def evidence(self):
        known = [f"{n} {u}" for u, n in self.parts if n and (n > 1 or u == self.unit)]
        if len(known) > 1:
            return " x ".join(known)
        known = self.windows or dict(self.parts)[self.unit]
        return "as many as an image has" if known else "frames look at frames"


def fold_of(size, N, T, facts, batch, heads):
    """The likeliest Fold of an axis before T queries and N keys; None if there is none.

    heads: their number; 1 if they have another axis; None if it is not known.
    """
    best = likeliest(N, facts)
    plain = best and best.merge == 1 and facts.image_size
    named = "windows" in facts.family.kinds
    odd = size & (size - 1)  # batches are mostly powers of two
    many = (size >= MANY_IMAGES or odd) and (batch or facts.patch_size is None)
    first = bool(not plain or many or named)
    known = (batch or 0) * (heads or 0)
    for unit, count, windows in units(N, T, facts, known):
        # It is usual whatever the number of images.
        usual = unit == "places" or (unit == "frames" and count == facts.frames)
        sure = unit != "places" or count is not None or size >= MANY_IMAGES
        if windows:
            usual = windows.usual
            sure = named or (windows.full == windows.grid and count == size)
            sure |= not plain and bool(batch or (first and not facts.family.kinds))
            sure &= named or usual or heads is not None  # which the axis may have
        parts = divide(size, unit, count, batch, heads) if sure else None
        if parts and (batch or usual):
            return Fold(unit, parts, bool(batch), windows, first or not windows)
    return None


def units(N, T, facts, known):
    """(unit, how many of it there are, Windows or None), the likeliest first. known:
    images times heads that the caller named, or 0."""
    best = likeliest(N, facts)
    plain = best and best.merge == 1
    if in_time(N, T, facts) and not (plain and facts.image_size):
        counts = sorted((g.h * g.w for g in facts.grids() if g.likely), reverse=True)
        yield from (("places", count, None) for count in counts)
        yield "places", None, None
        return
    on_image = facts.image_size is None or fits(N, facts) or fits(T, facts)
    joint = plain and len(best.layout.grid) == 3  # space and time
    joint = joint and 2 * best.layout.grid[0] >= (facts.frames or 1)
    joint = joint and not is_one_frame(N, best, facts)
    if facts.frames and on_image and (known or not joint):
        yield from (("frames", t, None) for t in times(facts))
    plain = plain and facts.image_size and (facts.patch_size or facts.family.kinds)
    other = facts.in_prompt() or facts.frames or plain
    other = other and "windows" not in facts.family.kinds
    windows = [] if other else windows_of(N, T, facts)
    names = "windows", "windows or places in a patch"
    found = [(names[w.either(facts.family)], prod(w.counts), w) for w in windows]
    yield from (one for one in found if one[2].usual)
    for h, w in stages(facts, False) if facts.image_size and T == N else ():
        yield from [("rows", h, None)] * (w == N) + [("columns", w, None)] * (h == N)
    yield from (one for one in found if not one[2].usual)


def is_one_frame(N, joint, facts):
    """True if the keys are one frame's in a more usual patch than as several frames."""
    one = likeliest(N, replace(facts, frames=None))
    if facts.image_size is None or one is None or len(one.layout.grid) > 2:
        return False
    strides = [facts.image_size[0] // c.layout.grid[-2] for c in (one, joint)]
    usual = [(*STRIDES, stride).index(stride) for stride in strides]
    return usual[0] < usual[1]


def times(facts):
    """In how many steps the frames come: one for each, for every two, for four."""
    frames = facts.frames or 0
    return [frames // k for k in (1, 2, 4) if frames % k == 0 and frames > k]


def in_time(N, T, facts):
    """True if the keys are the steps of a video, with a class token or without."""
    unsaid = facts.frames is None and facts.family.kinds[:1] == ["frames"]
    known = N in times(facts) or N - 1 in times(facts)
    return T == N and (known or (unsaid and N <= MOST_STEPS and not fits(N, facts)))


def divide(size, unit, count, batch, heads):
    """[(name, count)]: so many of a unit, times images, times heads; or None."""
    known = (batch or 1) * (heads or 1)
    if count is None:  # whatever is left
        left = None if batch is None or heads is None else size // known
        return [("images", batch), (unit, left), ("heads", heads)]
    rest, off = divmod(size, count)
    if off or count < 2 or rest % known or rest > MOST_SHARED:
        return None
    left = rest // known
    if unit == "frames" and left == 2 and not batch:  # who has two heads?
        both = [("images or halves of guidance", 2), (unit, count)]
        return both + [("heads", heads)] * bool(heads)
    if batch and heads:
        doubled = [("halves of guidance", left)] * (left > 1)
        doubled += [("images", batch), (unit, count), ("heads", heads)]
        return doubled if left <= 1 + (unit in ("frames", "places")) else None
    if batch or heads:
        images, heads = batch or left, heads or left
        return [("images", images), (unit, count), ("heads", heads)]
    return [(unit, count), ("images or heads", left)]
