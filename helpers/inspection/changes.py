"""Pictures with some cells changed, and how far each key moves from its baseline."""

from itertools import product

import torch
from torch.linalg import vector_norm


class Changes:
    """read_tokens, image, grid and batch as `probe_layout` takes them.

    length: N, the number of keys. cells: h * w. Raises ValueError where the shapes do
    not fit.
    """

    def __init__(self, read_tokens, image, grid, batch):
        h, w = grid
        if image.dim() != 3 or min(h, w) < 1:
            raise ValueError(
                "expected an image (3, H, W) and a grid (h, w), got shape "
                f"{tuple(image.shape)} and grid {grid}"
            )
        self.read_tokens, self.image, self.batch = read_tokens, image, batch
        self.grid, self.cells = grid, h * w
        self.baseline = read_tokens(image[None].clone())  # (1, N, D)
        found = getattr(self.baseline, "shape", (type(self.baseline).__name__,))
        if len(found) != 3 or found[0] != 1 or found[1] < h * w:
            raise ValueError(
                f"read_tokens must return (B, N, D), N at least {h} x {w} = {h * w}, "
                f"got ({', '.join(map(str, found))})"
            )
        self.length = found[1]

    def response(self, groups, offset=0.0, seed=0):
        """Change the cells of each group at once: how far each key moves, (groups, N).

        groups: lists of cells, counted row by row. offset: where in a cell, in cells
        from its middle. seed: of the noise that half of the cell's pixels become.
        """
        sides = zip(self.grid, self.image.shape[1:], strict=True)
        regions = list(product(*(parts(n, side, offset) for n, side in sides)))
        noise = noise_like(self.image, regions, seed)  # (cells, 3, rows, columns)
        responses = []
        for start in range(0, len(groups), self.batch):
            some = groups[start : start + self.batch]
            changed = self.image.repeat(len(some), 1, 1, 1)  # (b, 3, H, W)
            for picture, cells in zip(changed, some, strict=True):
                for cell in cells:
                    part = picture[:, *regions[cell]]
                    part.copy_(noise[cell][:, : part.shape[1], : part.shape[2]])
            responses.append(self.distances(self.read_tokens(changed), len(some)))
        response = torch.cat(responses)  # (groups, N)
        if not response.isfinite().all():
            raise ValueError("read_tokens returns NaN or infinite numbers")
        return response

    def distances(self, tokens, count):
        """How far each key of each image moved: (b, N, D) -> (b, N)."""
        if tokens.shape != (count, *self.baseline.shape[1:]):
            raise ValueError(
                f"read_tokens got {count} images and returned {tuple(tokens.shape)}: "
                "it must return (B, N, D) for any B; batch=1 gives it one at a time"
            )
        apart = tokens.float() - self.baseline.float()  # (b, N, D)
        # A square of a small number may be too small for single precision.
        return vector_norm(apart, dim=-1, dtype=torch.float64).float().cpu()


def parts(cells, side, offset):
    """For each cell of an axis, the half of its pixels in the middle, or beside it."""
    size = side / cells
    found = []
    for cell in range(cells):
        middle = (cell + 0.5 + offset) * size
        low = min(max(round(middle - size / 4), 0), side - 1)
        found.append(slice(low, max(low + 1, round(middle + size / 4))))
    return found


def noise_like(image, regions, seed):
    """Noise over the range of an image's values, (cells, 3, rows, columns)."""
    rows, columns = (
        max(region[axis].stop - region[axis].start for region in regions)
        for axis in (0, 1)
    )
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(len(regions), len(image), rows, columns, generator=generator)
    low, high = image.aminmax()
    span = (high - low).clamp_min(1.0)  # an even image has no span of its own
    return low + span * noise.to(image)
