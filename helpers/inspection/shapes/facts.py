"""What a caller can know of the run, and the grids that follow from it."""

from dataclasses import dataclass
from math import ceil
from numbers import Integral
from typing import NamedTuple

import torch

from helpers.inspection.shapes.families import family_of
from helpers.inspection.shapes.report import in_number

STRIDES = (16, 14, 32, 8, 28, 4, 1)  # pixels from cell to cell, the most usual first
MERGES = (2, 4, 8, 3)  # cells of a side that become one token, the most usual first
LIKELY_MERGES = (1, 2, 4)
SMALLEST = 16  # cells: below this, any number fits some grid
VOLUME = ". A volume or a video: the sizes of one slice, and frames=, how many"
FORMS = (  # a fact, how it is written, how many numbers it has
    ("image_size", "(H, W)", (2,)),
    ("tiles", "(rows, columns), or beside image_size= a number of pictures", (2,)),
    ("patch_size", "one number or (down, across)", (1, 2)),
)
SMALLEST_MERGED = 36  # the same, for cells of more than 2 x 2 patches


class Grid(NamedTuple):
    """h x w cells; source: where they come from. likely: a usual stride, or the patch
    that was given. merge: so many patches of a side make one cell. whole: patches are
    cut rounding down, and only they stand behind class tokens."""

    h: int
    w: int
    source: str
    likely: bool = True
    merge: int = 1
    whole: bool = True

    def room(self):
        """True if it may be a part of the keys: no chance hit."""
        return self.likely and self.h * self.w >= least_cells(self.merge)


def least_cells(merge):
    """Fewer cells of so many patches fit any number of keys."""
    return SMALLEST if merge <= 2 else SMALLEST_MERGED


@dataclass(frozen=True)
class Facts:
    """What a caller knows besides the weights; any of it may be None.

    These narrow the proposals down. name: the model's: its family tells how the keys
    are ordered. merge: patches of a side that become one token. frames: of the video,
    as the model got them. tiles: (rows, columns), the thumbnail not counted; n: so many
    pictures (cameras). text: how many keys stand in front of the image's, or (in front,
    behind); None where unknown. words: how many keys are no cells, wherever they stand.
    These prove a layout. input_ids, image_token: the prompt, (B, n) or (n,), and the id
    of its image tokens. grid_thw, spatial_shapes: the grid of every image, (t, h, w) or
    (h, w), as the processor returns it.
    batch, heads, queries, layers: how long an axis is, wherever it stands. assumed:
    sizes that `usual_input` filled in. views: `as_views`. Raises ValueError for others.
    """

    image_size: tuple = None
    patch_size: object = None
    merge: int = None
    frames: int = None
    tiles: tuple = None
    text: object = None
    words: int = None
    name: str = ""
    input_ids: object = None
    image_token: object = None
    grid_thw: object = None
    spatial_shapes: object = None
    assumed: tuple = ()
    batch: int = None
    heads: int = None
    queries: int = None
    layers: int = None
    views: int = None

    def __post_init__(self):
        for name, form, lengths in FORMS:
            value = getattr(self, name)
            if value is not None and len(as_pair(value)) not in lengths:
                raise ValueError(f"{name} must be {form}, got {value}{VOLUME}")
        for pair in (self.image_size, self.tiles, self.patch_size):
            check_counts(*as_pair(pair))
        check_counts(*self.counts.values(), self.merge, self.frames)
        check_counts(*as_pair(self.text), low=0)

    @property
    def counts(self):
        """{name of an axis: how long it is, or None}"""
        counts = self.batch, self.heads, self.queries, self.layers
        return dict(zip(("images", "heads", "queries", "layers"), counts, strict=True))

    @property
    def family(self):
        """The Family that the name tells."""
        return family_of(self.name)

    @property
    def merges(self):
        """The merges that were named, by number or by the family."""
        return (self.merge,) if self.merge else self.family.merges

    def in_prompt(self):
        """True if the keys are known to be those of a language model."""
        return self.text is not None or self.input_ids is not None

    def gives_layout(self):
        """True if there is more to go by than sizes."""
        more = (self.grid_thw, self.spatial_shapes, self.tiles, self.frames)
        return self.in_prompt() or any(fact is not None for fact in more)

    def input_unknown(self):
        """True if a family has published inputs, or any size, and none was found."""
        sizes = self.image_size is not None or self.given_grids()
        return bool((self.family.inputs or self.family.words) and not sizes)

    def given_grids(self):
        """[(t, h, w)] of every image, as the processor gave it; or []."""
        for rows, columns in [(self.grid_thw, 3), (self.spatial_shapes, 2)]:
            if rows is not None:
                rows = torch.as_tensor(rows).reshape(-1, columns).tolist()
                return [(1, *row)[-3:] for row in rows]
        return []

    def grids(self):
        """[Grid] on an image of this size, the likeliest first; [] if it is unknown."""
        grids = {}
        if self.image_size is None:
            return []
        for p, q, why, likely, m in self.strides():
            # Padded convolutions round up, and so does pooling that keeps the border:
            # each halves the grid, so their strides are powers of two.
            halves = self.patch_size is not None or p & (p - 1) == 0
            h, w = (n / s for n, s in zip(self.image_size, (p, q), strict=True))
            for size, whole in [
                ((int(h) // m, int(w) // m), True),
                ((ceil(int(h) / m), ceil(int(w) / m)), False),
                ((ceil(h / m), ceil(w / m)), False),
            ]:
                usual = likely and (whole or (halves if m == 1 else m in self.merges))
                source = why + ", rounded up" * (not whole)
                few = usual and min(size) > 1 and (m < 3 or m in self.merges)
                if few or size[0] * size[1] >= SMALLEST:
                    grids.setdefault(size, Grid(*size, source, usual, m, whole))
        for h, w, source, likely in self.rare():
            if min(h, w) > 3 or (h == 1 and w >= SMALLEST):
                grids.setdefault((h, w), Grid(h, w, source, likely))
        return list(grids.values())

    def rare(self):
        """(h, w, source, likely) of patches that overlap, where the patch is given
        (AST, TransReID), and of convolutions without padding where it is not."""
        size, p = self.image_size, self.patch_size
        source = "patches of {} that overlap, one every {} pixels"
        if p in range(9, 14):  # it is the step
            yield *cut(size, 16, p), source.format(16, p), True
        for step in (p * 3 // 4, p * 5 // 8, p // 2) if isinstance(p, int) else ():
            if step > 3 and not self.in_prompt():
                yield *cut(size, p, step), source.format(p, step), False
        if p is None and size[1] >= 2 * size[0]:
            for step in (4, 8):
                yield 1, size[1] // step, f"one row, {step} pixels a cell (text)", False
        for step in (2, 4, 8, 16, 32) if p is None else ():
            size = cut(size, 3, 2)
            yield *size, f"unpadded (Inception), about {step} pixels a cell", False
            size = cut(size, 3, 1) if step < 8 else size

    def strides(self):
        """(pixels down, across, in words, likely, merge) from cell to cell."""
        if self.patch_size is None:
            for s in dict.fromkeys((*STRIDES, *range(1, 33))):
                yield s, s, f"a cell every {in_number(f'{s} pixels')}", s in STRIDES, 1
            return
        (p, q), why = (as_pair(self.patch_size) * 2)[:2], f"patch {self.patch_size}"
        yield p, q, why, True, 1
        for m in dict.fromkeys((*self.merges, *MERGES)):
            likely = m in (self.merges or LIKELY_MERGES)
            yield p, q, f"{why}, {m} x {m} merged", likely, m


def cut(size, patch, step):
    """(h, w) of patches that fit whole, one every so many pixels."""
    return tuple(max(n - patch, 0) // step + 1 for n in size)


def as_pair(value):
    """A sequence as it is, and anything else as one of length 1."""
    return value if isinstance(value, tuple | list | torch.Size) else (value,)


def check_counts(*counts, low=1):
    for n in counts:
        if n is not None and not (isinstance(n, Integral) and n >= low):
            raise ValueError(f"sizes and counts are whole numbers from {low}, got {n}")
