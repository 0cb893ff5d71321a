"""Rows of weights, and what is measured of them."""

import math
from functools import cached_property

import torch

from helpers.inspection.shapes.softmax import is_half, tolerance

HIDES = -1e30  # in place of -inf, which a mask adds to scores
WIDTHS = (16, 24, 32, 40, 48, 64, 72, 80, 88, 96, 128, 160, 192, 256)  # of heads
MOST_LEFT = 0.75  # of a row, where all of it was divided by one number


class Rows:
    """Weights with the keys last, and what the rules ask of them.

    all: (..., N). whole: (rows, N), those of them without NaN and with a weight that is
    not 0. grid: the keys are the cells of a map, and nothing else. heads: an axis has
    them. keys: their axis in the tensor.
    """

    def __init__(self, values, keys, grid=False, heads=False):
        self.values, self.grid, self.heads = values, grid, heads
        self.keys = keys % values.dim()
        self.all = values.movedim(keys, -1).float().clamp_min(HIDES)  # (..., N)
        self.finite = self.all.isfinite().all(-1)  # (...)
        self.blind = ~self.all.any(-1)  # (...)
        self.whole = self.all[self.finite & ~self.blind]  # (rows, N)
        self.N, self.allowed = self.all.shape[-1], tolerance(values)
        self.zeros = (self.all == 0).double().mean().item()
        if len(self.whole):
            self.least, self.most = self.whole.min().item(), self.whole.max().item()
            sums = self.whole.sum(-1, dtype=torch.float64)  # (rows,)
            self.sums, self.middle = sums, sums.mean().item()
            self.sizes = self.whole.double().abs().sum(-1)  # (rows,)
            squares = (self.whole * self.whole).sum(-1)  # (rows,)
            self.length = (squares - 1).abs().max().item()
            self.low, self.high = sums.min().item(), sums.max().item()
            ends = dict.fromkeys((f"{self.low:.3g}", f"{self.high:.3g}"))
            self.range = " ... ".join(ends)
            self.text = f"{'maps' if grid else 'rows'} sum to {self.range}, not to 1"
            if self.alike:
                self.text = f"every row sums to {self.middle:.4g}"
            width = [d for d in WIDTHS if abs(self.middle * d**0.5 - 1) < 2e-3]
            scale = f": {self.middle:.4g} is 1 / sqrt({width[0]})" if width else ""
            self.known = scale  # of dot products, that all sums are

    @property
    def alike(self):
        """True if all rows have the same sum."""
        scale = self.allowed * max(1, self.middle)
        if self.middle < MOST_LEFT:  # keys that were dropped leave some of a row
            scale = self.middle * (self.allowed if is_half(self.values) else 1e-3)
        return len(self.whole) > 1 and self.high - self.low <= scale

    def confined(self, rows):
        """To which entries of an axis such rows (...) are confined, in words; or ""."""
        for axis in range(rows.dim()):
            some = rows.movedim(axis, 0).reshape(rows.shape[axis], -1).any(1)
            if rows.numel() >= 4 * len(some) and 0 < int(some.sum()) < len(some):
                few, axis = some.nonzero()[:, 0].tolist(), axis + (axis >= self.keys)
                return f"{few[:8]}{' and more' * (len(few) > 8)} of axis {axis}"
        return ""

    @cached_property
    def square(self):
        """Maps (maps, N, N) of as many queries as keys; or None."""
        if self.all.dim() < 2 or self.all.shape[-2] != self.N or self.N < 3:
            return None
        return self.all.nan_to_num().reshape(-1, self.N, self.N)

    @cached_property
    def taken(self):
        """True if weights are 0 where other maps have some: no mask took them."""
        maps = self.all.reshape(-1, *self.all.shape[-2:])
        gone = (maps == 0) & ~self.blind.reshape(*maps.shape[:-1], 1)
        alone = len(maps) == 1 or self.all.dim() < 3
        return bool((gone if alone else gone & maps.any(0)).any())

    @cached_property
    def diagonal(self):
        """(maps, N)"""
        return self.square.flatten(1)[:, :: self.N + 1]

    @cached_property
    def seen(self):
        """(rows, N): rows in which a mask leaves three keys or more."""
        return self.whole[(self.whole > 0).sum(-1) > 2]

    @cached_property
    def spread(self):
        """(rows, N): the logarithm of each weight over the least of its row."""
        low = self.seen.masked_fill(self.seen == 0, math.inf).amin(-1)  # (rows,)
        return (self.seen / low[:, None]).clamp_min(1).log()
