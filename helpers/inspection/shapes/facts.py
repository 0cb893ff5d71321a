"""What a caller can know of the run, and the grids that follow from it."""

from dataclasses import dataclass
from math import ceil, isqrt
from numbers import Integral
from typing import NamedTuple

import torch

from helpers.inspection.shapes.families import family_of

STRIDES = (16, 14, 32, 8, 28, 4)  # pixels from cell to cell, the most usual first
MERGES = (2, 4, 8, 3)  # cells of a side that become one token, the most usual first
LIKELY_MERGES = (1, 2, 4)
USUAL = (14, 16, 24)  # cells on a side, of frames and of tiles
SMALLEST = 16  # cells: below this, any number fits some grid


class Grid(NamedTuple):
    """h x w cells; source: where they come from. likely: a usual stride, or the patch
    that was given. merge: so many patches of a side make one cell."""

    h: int
    w: int
    source: str
    likely: bool = True
    merge: int = 1


@dataclass(frozen=True)
class Facts:
    """What a caller knows besides the weights; any of it may be None.

    These narrow the proposals down. name: the model's: its family tells how the keys
    are ordered. merge: patches of a side that become one token. frames: of the video,
    as the model got them. tiles: (rows, columns), the thumbnail not counted. text: how
    many keys stand in front of the image's, or (in front, behind).
    These prove a layout. input_ids, image_token: the prompt, (B, n) or (n,), and the id
    of its image tokens. grid_thw, spatial_shapes: the grid of every image, (t, h, w) or
    (h, w), as the processor returns it. Raises ValueError for sizes that are none.
    """

    image_size: tuple = None
    patch_size: object = None
    merge: int = None
    frames: int = None
    tiles: tuple = None
    text: object = None
    name: str = ""
    input_ids: object = None
    image_token: object = None
    grid_thw: object = None
    spatial_shapes: object = None

    def __post_init__(self):
        pairs = {"image_size": "(H, W)", "tiles": "(rows, columns)"}
        for name, form in pairs.items():
            pair = getattr(self, name)
            sequence = isinstance(pair, tuple | list | torch.Size) and len(pair) == 2
            if pair is not None and not sequence:
                raise ValueError(f"{name} must be {form}, got {pair}")
        patch = self.patch_size
        patch = patch if isinstance(patch, tuple | list) else (patch,)
        whole = (*(self.image_size or ()), *(self.tiles or ()), *patch)
        check_counts(*whole, self.merge, self.frames)
        check_counts(*(self.text_around if self.text is not None else ()), least=0)

    @property
    def family(self):
        """The Family that the name tells."""
        return family_of(self.name)

    @property
    def text_around(self):
        """(tokens in front of the image tokens, tokens behind; None: not known)."""
        return self.text if isinstance(self.text, tuple | list) else (self.text, None)

    @property
    def merges(self):
        """The merges that were named, by number or by the family."""
        return (self.merge,) if self.merge else self.family.merges

    def in_prompt(self):
        """True if the keys are known to be those of a language model."""
        return self.text is not None or self.input_ids is not None

    def gives_layout(self):
        """True if there is more to go by than sizes."""
        more = (self.input_ids, self.grid_thw, self.spatial_shapes, self.tiles)
        return any(fact is not None for fact in (*more, self.text, self.frames))

    def given_grids(self):
        """[(t, h, w)] of every image, as the processor gave it; or []."""
        for rows, columns in [(self.grid_thw, 3), (self.spatial_shapes, 2)]:
            if rows is not None:
                rows = torch.as_tensor(rows).reshape(-1, columns).tolist()
                return [(1, *row)[-3:] for row in rows]
        return []

    def grids(self):
        """[Grid] on an image of this size, the likeliest first."""
        H, W = self.image_size
        p, q = self.patch_size if isinstance(self.patch_size, tuple | list) else (
            self.patch_size,
        ) * 2  # fmt: skip
        if self.patch_size is None:
            steps = [
                (s, s, f"a cell every {s} pixels", s in STRIDES, 1)
                for s in dict.fromkeys((*STRIDES, *range(2, 33)))
            ]
        else:
            steps = [(p, q, f"patch {self.patch_size}", True, 1)]
            for m in dict.fromkeys((*self.merges, *MERGES)):
                likely = m in (self.merges or LIKELY_MERGES)
                why = f"patch {self.patch_size}, {m} x {m} merged"
                steps.append((p, q, why, likely, m))
        grids = {}
        for p, q, why, likely, m in steps:
            # Patches are cut rounding down; padded convolutions round up, and so does
            # pooling that keeps the border.
            h, w = H // p, W // q
            for size, end in [
                ((h // m, w // m), ""),
                ((ceil(h / m), ceil(w / m)), ", rounded up"),
                ((ceil(H / p / m), ceil(W / q / m)), ", rounded up"),
            ]:
                usual = likely and (m == 1 or not end or m in self.merges)
                if size[0] * size[1] >= SMALLEST or (usual and min(size) > 1):
                    grids.setdefault(size, Grid(*size, why + end, usual, m))
        return list(grids.values())


def square_grids(N, extras):
    """[Grid] of N cells, or of some fewer, at most 2.5 times as wide as high; and of
    one of several frames."""
    squares, others = {}, {}
    for rest in extras:
        for h in range(isqrt(max(N - rest, 0)), 1, -1):
            w, off = divmod(N - rest, h)
            if w > 2.5 * h:
                break
            if not off and h == w:
                squares[h, w] = Grid(h, w, "a square grid")
            elif not off and h * w >= SMALLEST:
                why = "a grid of this many cells, or on its side"
                others[h, w] = Grid(h, w, why, False)
    several = [
        Grid(n, n, "a usual grid") for n in USUAL if N % n**2 < 2 and N > 2 * n * n
    ]
    return [*squares.values(), *several, *others.values()]


def check_counts(*counts, least=1):
    for number in counts:
        whole = isinstance(number, Integral) and number >= least
        if number is not None and not whole:
            raise ValueError(
                f"sizes and counts are whole numbers from {least}, got {number}"
            )
