"""Which key belongs to which cell of the image grid.

Keys may be nowhere on it: a class token, registers, text. See `TokenLayout`.
"""

from dataclasses import dataclass
from math import prod

import torch


@dataclass(frozen=True, repr=False, eq=False)
class TokenLayout:
    """index[r, c] is the key that belongs to the cell in row r and column c.

    index: (h, w) long tensor, or (t, h, w) for t frames of a video, each key at most
    once. length: N, all keys, those that are no cell included. Layouts are equal if
    both are, however they were found. Raises ValueError where the two do not fit.
    """

    index: torch.Tensor
    length: int

    def __post_init__(self):
        flat = self.index.dim() not in (2, 3) or not self.index.numel()
        if flat or self.index.dtype != torch.long:
            raise ValueError(
                "index must be an (h, w) or (t, h, w) tensor of dtype torch.long, one "
                f"key or more, got {tuple(self.index.shape)} and {self.index.dtype}"
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
        same = isinstance(other, TokenLayout) and self.length == other.length
        return same and torch.equal(self.index, other.index)

    def __hash__(self):
        return hash((self.length, *self.index.flatten().tolist()))

    @classmethod
    def from_grid(cls, h, w, prefix=0, suffix=0, breaks=0):
        """Row by row: `prefix` keys that are no cells, then the cells, then `suffix`.

        Cell (r, c) is key prefix + r*w + c. breaks: keys that are no cells behind every
        row, the last one included (Fuyu, Pixtral: a line break). Padding behind the
        cells (NaFlex) is a suffix. Raises ValueError for a grid without cells.
        """
        check(h=h, w=w, prefix=prefix, suffix=suffix, breaks=breaks)
        rows = torch.arange(h)[:, None] * (w + breaks)  # (h, 1)
        cells = rows + torch.arange(w)  # (h, w)
        return cls(prefix + cells, prefix + h * (w + breaks) + suffix)

    @classmethod
    def from_blocks(cls, h, w, block=2, prefix=0, suffix=0):
        """Block by block: the block x block cells that a model will merge into one
        stand together (Wang et al. 2024, the encoder of Qwen2-VL).

        Raises ValueError where block does not divide h and w.
        """
        check(h=h, w=w, block=block, prefix=prefix, suffix=suffix)
        if h % block or w % block:
            raise ValueError(f"blocks of {block} do not divide {h} x {w} cells")
        index = cls.from_windows(h, w, block).index  # (h, w)
        return cls(prefix + index, prefix + h * w + suffix)

    @classmethod
    def from_frames(
        cls,
        t,
        h,
        w,
        prefix=0,
        suffix=0,
        frame_prefix=0,
        frame_suffix=0,
        time_last=False,
    ):
        """Video, index (t, h, w): frame by frame, each frame row by row.

        frame_prefix, frame_suffix: keys that are no cells around those of every frame.
        time_last: the t keys of a cell stand together instead, without any between
        (Bertasius et al. 2021, TimeSformer). Raises ValueError for sizes below 1.
        """
        around = {"frame_prefix": frame_prefix, "frame_suffix": frame_suffix}
        check(t=t, h=h, w=w, prefix=prefix, suffix=suffix, **around)
        between = frame_prefix + frame_suffix
        if time_last and between:
            raise ValueError("time_last has no frames for keys to stand around")
        cells = torch.arange(h * w).unflatten(0, (h, w))  # (h, w)
        frames = torch.arange(t)[:, None, None]  # (t, 1, 1)
        index = frames * (h * w + between) + frame_prefix + cells  # (t, h, w)
        index = frames + t * cells if time_last else index
        return cls(prefix + index, prefix + t * (h * w + between) + suffix)

    @classmethod
    def from_tiles(
        cls, rows, columns, h, w, prefix=0, suffix=0, tile_prefix=0, tile_suffix=0
    ):
        """The image in rows x columns tiles, tile by tile, each with h x w cells.

        The index is that of the whole image, (rows*h, columns*w). tile_prefix,
        tile_suffix: as for frames. A thumbnail is part of the prefix, or of the suffix
        (InternVL, Idefics3). Raises ValueError for sizes below 1.
        """
        around = prefix, suffix, tile_prefix, tile_suffix
        frames = cls.from_frames(rows * columns, h, w, *around)
        tiles = frames.index.unflatten(0, (rows, columns))  # (rows, columns, h, w)
        return cls(tiles.transpose(1, 2).flatten(2).flatten(0, 1), frames.length)

    @classmethod
    def from_windows(cls, h, w, window, shift=0):
        """Window attention: the keys of one window of window x window cells, then of
        the next, windows row by row (Liu et al. 2021, Swin Transformer).

        The grid is filled up to whole windows, rolled up and left by `shift` cells, but
        not along a side that one window spans, and cut. Raises ValueError for sizes
        below 1, a shift not below window.
        """
        check(h=h, w=w, window=window)
        if not 0 <= shift < window:
            raise ValueError(f"shift must be 0 to window - 1, got {shift} of {window}")
        index = window_index((h, w), (window, window), shift=shift)  # (h, w)
        return cls(index, -(-h // window) * -(-w // window) * window**2)

    def within(self, positions, length):
        """This layout of the image tokens, inside of a longer sequence of keys.

        positions: where the image tokens stand, in order, one for each key of this
        layout; for a prompt, (input_ids[0] == image_token).nonzero()[:, 0]. length: all
        keys of the sequence. Raises ValueError for another number of positions.
        """
        positions = torch.as_tensor(positions, dtype=torch.long)
        if (found := tuple(positions.shape)) != (self.length,):
            raise ValueError(f"{self.length} keys, and positions of shape {found}")
        return TokenLayout(positions[self.index], length)

    @property
    def grid(self):
        """(h, w), or (t, h, w)"""
        return tuple(self.index.shape)

    def to_grid(self, weights, dim=-1):
        """Lay the keys out as cells: (..., N) -> (..., h, w); keys off the grid go.

        weights: tensor or array with N keys along axis `dim`; that axis becomes two,
        (h, w), or three, (t, h, w). Raises ValueError that names the numbers when the
        axis has another length.
        """
        weights = torch.as_tensor(weights)
        found = weights.shape[dim] if weights.dim() else 0
        if found != self.length:
            size, cells = " x ".join(map(str, self.grid)), self.index.numel()
            raise ValueError(
                f"this layout has {self.length} keys ({size} = {cells} cells, "
                f"{self.length - cells} off the grid), but axis {dim} of the weights "
                f"{tuple(weights.shape)} has {found}{self._hint(weights)}"
            )
        cells = weights.index_select(dim, self.index.flatten().to(weights.device))
        return cells.unflatten(dim, self.grid)  # (..., h, w)

    def _hint(self, weights):
        """Where else the keys might be, said only if the numbers say so."""
        axes = [i for i, n in enumerate(weights.shape) if n == self.length]
        if axes:
            return f": did you mean dim={axes[-1]}?"
        if len(self.grid) == 2 and self.index.numel() in weights.shape:
            h, w = self.grid
            return f": {h * w} cells alone need TokenLayout.from_grid({h}, {w})"
        return ""

    def __repr__(self):
        size = " x ".join(map(str, self.grid))
        return f"TokenLayout({size} cells in {self.length} keys)"


def check(**sizes):
    """Keys around the cells are 0 or more, all other sizes 1 or more."""
    given = ", ".join(f"{name}={size}" for name, size in sizes.items())
    for name, size in sizes.items():
        if size < (0 if name.endswith(("fix", "breaks")) else 1):
            raise ValueError(f"{name} is too small, got {given}")


def window_index(grid, window, extra=0, shift=0):
    """Keys of a grid's cells, window by window, `extra` keys in front of each one's."""
    number = place = torch.arange(1)  # an axis more for each one of the grid
    for n, side in zip(grid, window, strict=True):
        windows, cells = -(-n // side), torch.arange(n)  # rounded up; (n,)
        along = (cells - shift * (windows > 1)) % (windows * side)  # (n,)
        number = number.reshape(*number.shape, 1) * windows + along // side
        place = place.reshape(*place.shape, 1) * side + along % side
    return (number * (prod(window) + extra) + extra + place)[0]
