"""Window attention: every window is an entry of an axis before the keys."""

from math import ceil, isqrt, prod
from typing import NamedTuple

import torch

from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.report import Candidate
from helpers.maps.token_layout import TokenLayout, window_index

STAGES = (1, 2, 4, 8)  # how much wider the cells of later stages are
FRONT = (0, 1, 5)  # keys that are no cells in front of each window's
SHORTEST, NARROWEST = 4, 0.5  # a side of a window in cells, the ratio of its sides
MASKED = 1e-20  # a weight below it comes from a mask
FAR = 46  # as it is in scores, below the largest of a row
TELLS = {None: "windows unknown", True: "windows shifted", False: "windows plain"}


class Windows(NamedTuple):
    """grid: (h, w) of the image, or (t, h, w). window: as many sizes. extra: keys in
    front of each window's cells. reach: (h, w) of the keys, where they overlap."""

    grid: tuple
    window: tuple
    extra: int = 0
    reach: tuple = ()

    @property
    def counts(self):
        """How many windows stand along each axis of the grid."""
        return [ceil(n / s) for n, s in zip(self.grid, self.window, strict=True)]

    @property
    def full(self):
        """The grid with its padding."""
        return tuple(n * s for n, s in zip(self.counts, self.window, strict=True))

    @property
    def usual(self):
        """True for square ones of nothing but cells, in one step of time."""
        return len(set(self.window)) == 1 and not self.extra and not self.reach

    def either(self, family):
        """True if a patch may have as many places as there are windows: k x k."""
        square = len(self.counts) == 2 and len(set(self.counts)) == 1 and not self.extra
        strided = {"strided", "windows"} & {*family.kinds} == {"strided"}
        return square and self.full == self.grid and (strided or not family.kinds)

    def candidates(self, shifted, family, inside=False):
        """Layouts of all windows, joined; the plain one comes before a shifted one, if
        it is not known which it is (see `are_shifted`), and before cells that stand
        apart, where a family has both. inside: the windows have an axis of their own,
        behind that of the images: they may be sorted by twos."""
        source = f"{prod(self.counts)} windows of {' x '.join(map(str, self.window))}"
        if self.full != self.grid:
            source += f", the grid padded to {' x '.join(map(str, self.full))}"
        length = prod(self.counts) * (prod(self.window) + self.extra)
        shifts = (0, self.window[0] // 2) if not self.extra and family.shifts else (0,)
        shifts = shifts if shifted is None else shifts[-1:] if shifted else shifts[:1]
        either, apart = self.either(family), "strided" in family.kinds
        ways = [(shift, False) for shift in shifts if not (either and apart)]
        flat = len(self.grid) == 2 and self.full == self.grid
        ways += [(0, True)] * ((apart or (either and not shifted)) and flat)
        for shift, strided in ways if not self.reach else ():
            index = window_index(self.grid, self.window, self.extra, shift)
            others = f"shifted by {shift}" if shift else "not shifted"
            if strided:
                others = say("apart", counts=self.counts)
                index = self.apart(index)
            if self.extra:
                others += f", keys in front of each one's cells: {self.extra}"
            layout = TokenLayout(index, length)
            yield Candidate(layout, source, others, kind="windows")
        side = self.window[-1]
        flat = flat and self.usual and not shifted
        if inside and flat and side & (side - 1) == 0:
            index = by_twos(window_index(self.grid, self.window, 0, 0), side)
            layout = TokenLayout(index, length)
            yield Candidate(layout, source, say("by twos"), kind="windows")

    def apart(self, index):
        """The index of windows whose cells stand as far apart as there are windows."""
        (a, b), (i, j) = self.counts, self.window
        index = index.unflatten(0, (a, i)).unflatten(2, (b, j))  # (a, i, b, j)
        index = index.transpose(0, 1).transpose(2, 3)  # (i, a, j, b)
        return index.flatten(0, 1).flatten(1)  # (h, w)

    def doubt(self, shifted=None, heads=1, axis=0):
        """What stays open. heads: how many share the axis of the windows, or None.
        axis: theirs, the first of all or one that they have alone."""
        count = prod(self.counts)
        if self.reach:
            return say("overlapping windows", count=count, reach=self.reach)
        if axis:
            return say("windows inside", tells=say(TELLS[shifted]), axis=axis)
        sizes = f"B, {count}" + f", {heads or -1}" * (heads != 1)
        mean = "heads and queries" if heads != 1 else "queries"
        return say("windows", tells=say(TELLS[shifted]), sizes=sizes, mean=mean)


def by_twos(index, side):
    """The index (h, w) of windows whose keys are sorted as Hiera does: of each 2 x 2
    cells the first, then the second; in each of these parts again the same (Ryali et
    al. 2023)."""
    bits = range(side.bit_length() - 1)  # the last one counts most
    spread = [
        sum((n >> k & 1) << 2 * (bits[-1] - k) for k in bits) for n in range(side)
    ]
    sides = ([spread[i % side] for i in range(n)] for n in index.shape)
    down, across = map(torch.tensor, sides)
    return index - index % side**2 + 2 * down[:, None] + across  # (h, w)


def are_shifted(values):
    """True if a mask parts some of the windows (..., T, N) and not others, as it does
    where they are shifted; False if it parts none; None where no values say."""
    if values is None or values.dim() < 3:
        return None
    scores = bool((values < -1e-6).any())  # perhaps from before the mask was added
    least = values.amax(-1, keepdim=True) - FAR if scores else MASKED
    hidden = (values < least).double().sum(-1).amax(-1)  # (...): keys of a query
    if hidden.max() == 0:
        return None if scores else False
    return True if hidden.min() == 0 and hidden.max() >= values.shape[-1] / 4 else None


def windows_of(N, T, facts):
    """[Windows] on this image that N keys and T queries of one window allow.

    Without padding, or square: other numbers fit too much.
    """
    if facts.image_size is None:
        return []
    found, side, reach = [], isqrt(T), isqrt(N)
    square = side**2 == T and reach**2 == N and SHORTEST <= side
    for grid in stages(facts, False) if square and side < reach < 3 * side else ():
        found.append(Windows(grid, (side, side), 0, (reach, reach)))
    patches = facts.grids()[:1] if square and T == N and facts.patch_size else ()
    for g in patches:  # each looks at itself (TNT)
        found.append(Windows((g.h * side, g.w * side), (side, side)))
    for extra in FRONT if T == N else ():
        for window in sides(N - extra, facts):
            for grid in stages(facts, len(window) == 3):
                found.append(Windows(grid, window, extra))
    square = [w for w in found if w.window[-2] == w.window[-1] and not w.extra]
    found = [w for w in found if w in square or w.full == w.grid]
    return [w for w in found if prod(w.counts) > 1]


def sides(M, facts):
    """(h, w) of windows with M cells, and (t, h, w); squares first."""
    found, frames = [], facts.frames or 1
    for t in (t for t in range(1, frames + 1) if frames % t == 0 and M % t == 0):
        n = M // t
        for a in range(isqrt(max(n, 0)), SHORTEST - 1, -1):
            b, rest = divmod(n, a)
            if not rest and a >= NARROWEST * b:
                front = (t,) if t > 1 else ()
                found += [(*front, *pair) for pair in {(a, b): 0, (b, a): 0}]
    return sorted(found, key=lambda window: window[-1] != window[-2])


def stages(facts, in_time):
    """Grids of an encoder's stages: (h, w), or (t, h, w)."""
    p = facts.patch_size if isinstance(facts.patch_size, int) else 4  # Swin's
    frames = facts.frames or 1
    times = [frames // k for k in (2, 1, 4) if frames % k == 0]
    for merge in STAGES:
        grid = tuple(ceil(n / (p * merge)) for n in facts.image_size)
        yield from ((t, *grid) for t in times) if in_time else (grid,)
