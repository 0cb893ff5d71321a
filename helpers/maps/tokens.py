"""Which key belongs to which cell of the image grid.

A captioner attends over N keys. Some of them are cells of an h x w grid on the image,
others (a class token, registers, text) are nowhere on it. A TokenLayout holds the one
thing that a picture needs: for each cell, the position of its key.
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, repr=False, eq=False)
class TokenLayout:
    """index[r, c] is the key that belongs to the cell in row r and column c.

    index: (h, w) long tensor, each key at most once. length: N, all keys, those that
    are no cell included. Layouts are equal if index and length are, however they were
    found. Raises ValueError where the two do not fit each other.
    """

    index: torch.Tensor
    length: int

    def __post_init__(self):
        flat = self.index.dim() != 2 or not self.index.numel()
        if flat or self.index.dtype != torch.long:
            raise ValueError(
                "index must be an (h, w) tensor of dtype torch.long, one key or more, "
                f"got shape {tuple(self.index.shape)} and dtype {self.index.dtype}"
            )
        low, high = int(self.index.min()), int(self.index.max())
        if low < 0 or high >= self.length:
            raise ValueError(
                f"index names keys {low} to {high}, but there are keys 0 to "
                f"{self.length - 1}"
            )
        if len(self.index.unique()) != self.index.numel():
            raise ValueError("index names a key twice: two cells cannot share one key")

    def __eq__(self, other):
        if not isinstance(other, TokenLayout):
            return NotImplemented
        return self.length == other.length and torch.equal(
            self.index.cpu(), other.index.cpu()
        )

    def __hash__(self):
        return hash((self.length, self.grid, *self.index.flatten().tolist()))

    @classmethod
    def from_grid(cls, h, w, prefix=0, suffix=0):
        """Row by row: `prefix` keys that are no cells, then h*w cells, then `suffix`.

        Cell (r, c) is key prefix + r*w + c. Raises ValueError for a grid without cells.
        """
        if min(h, w) < 1 or min(prefix, suffix) < 0:
            raise ValueError(
                "a grid needs h and w of 1 or more, prefix and suffix of 0 or more, "
                f"got h={h}, w={w}, prefix={prefix}, suffix={suffix}"
            )
        cells = torch.arange(h * w).unflatten(0, (h, w))  # (h, w)
        return cls(prefix + cells, prefix + h * w + suffix)

    @classmethod
    def from_windows(cls, h, w, window, shift=0):
        """Window attention: the keys of one window of window x window cells, then of
        the next, windows row by row (Liu et al. 2021, Swin Transformer).

        The h x w grid is filled up to whole windows at the right and at the bottom and
        rolled up and left by `shift` cells before it is cut; where one window spans a
        side, that side is not rolled. Raises ValueError for sizes below 1 or a shift
        outside 0 .. window - 1.
        """
        if min(h, w, window) < 1 or not 0 <= shift < window:
            raise ValueError(
                "h, w and window must be 1 or more and shift 0 to window - 1, got "
                f"h={h}, w={w}, window={window}, shift={shift}"
            )
        down, across = -(-h // window), -(-w // window)  # windows, rounded up
        full_h, full_w = down * window, across * window
        rows = (torch.arange(h) - shift * (down > 1)) % full_h  # (h,)
        columns = (torch.arange(w) - shift * (across > 1)) % full_w  # (w,)
        number = (rows // window)[:, None] * across + columns // window  # (h, w)
        place = (rows % window)[:, None] * window + columns % window  # (h, w)
        return cls(number * window**2 + place, full_h * full_w)

    @property
    def grid(self):
        """(h, w)"""
        return tuple(self.index.shape)

    def to_grid(self, weights, dim=-1):
        """Lay the keys out as cells: (..., N) -> (..., h, w); keys off the grid go.

        weights: tensor or array with N keys along axis `dim`; that axis becomes two.
        Raises ValueError that names the numbers when the axis has another length.
        """
        weights = torch.as_tensor(weights)
        found = weights.shape[dim] if weights.dim() else 0
        if found != self.length:
            h, w = self.grid
            raise ValueError(
                f"this layout has {self.length} keys ({h} x {w} = {h * w} cells, "
                f"{self.length - h * w} off the grid), but axis {dim} of the weights "
                f"{tuple(weights.shape)} has {found}{self._hint(weights)}"
            )
        dim = dim % weights.dim()
        cells = weights.index_select(dim, self.index.flatten().to(weights.device))
        return cells.unflatten(dim, self.grid)  # (..., h, w)

    def _hint(self, weights):
        """Where else the keys might be, said only if the numbers say so."""
        h, w = self.grid
        axes = [i for i, n in enumerate(weights.shape) if n == self.length]
        if axes:
            return f": did you mean dim={axes[-1]}?"
        if h * w in weights.shape:
            return f": {h * w} cells alone need TokenLayout.from_grid({h}, {w})"
        return ""

    def __repr__(self):
        h, w = self.grid
        return f"TokenLayout({h} x {w} cells in {self.length} keys)"
