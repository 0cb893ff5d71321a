"""Find out by experiment which key belongs to which cell of the image."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch

from helpers.maps.tokens import TokenLayout

# Where the change is made, in cells from the middle of the cell: most models answer
# best there, padded convolutions (a ResNet) up and left of it.
OFFSETS = (0.0, -0.375)
NOISES = 3  # changes tried on each cell, where the first does not settle it
CLEAR = 0.5  # confidence at which one change is enough


@dataclass(frozen=True, repr=False, eq=False)
class ProbedLayout(TokenLayout):
    """A TokenLayout that was found by experiment.

    confidence: (h, w), 0..1: by how much the cell moves its key more than any other; 1
    means that it moves no other. unresolved: cells (row, column) that share their key
    with another cell, move two keys alike, or move now this key and now that one; the
    index holds the best guess.
    """

    confidence: torch.Tensor = None
    unresolved: tuple = ()


@torch.no_grad()
def probe_layout(read_tokens, image, grid, batch=16, enough=0.05):
    """Change the pixels of one cell at a time, and see which key moves most.

    read_tokens: a function from images (B, 3, H, W) to what the keys are made of, (B,
    N, D): the output of the embedding, or any later sequence. image: one picture as the
    model takes it, (3, H, W). grid: (h, w), square or not. batch: pictures at once.
    enough: cells with less confidence are unresolved. Returns a ProbedLayout. It needs
    no knowledge of class tokens, line breaks, tiles, windows or shuffled patches. Where
    the same pixels are there twice (a thumbnail, then tiles), the finer keys win: to
    find the others, let read_tokens return these alone. Raises ValueError where the
    shapes do not fit, or where no key answers at all.
    """
    h, w = grid
    if image.dim() != 3 or min(h, w) < 1:
        raise ValueError(
            "expected an image (3, H, W) and a grid (h, w), got shape "
            f"{tuple(image.shape)} and grid {grid}"
        )
    still = read_tokens(image[None].clone())  # (1, N, D)
    found = getattr(still, "shape", (type(still).__name__,))
    if len(found) != 3 or found[0] != 1 or found[1] < h * w:
        raise ValueError(
            f"read_tokens must return (B, N, D), N at least {h} x {w} = {h * w}, got "
            f"({', '.join(map(str, found))})"
        )
    first = responses(read_tokens, image, still, grid, batch)
    layout = settle([first], grid, max(enough, CLEAR))
    if not layout.unresolved:
        return layout
    found = []
    for offset in OFFSETS:
        tries = [
            first
            if (offset, seed) == (0.0, 0)
            else responses(read_tokens, image, still, grid, batch, offset, seed)
            for seed in range(NOISES)
        ]
        found.append(settle(tries, grid, enough))
    return min(found, key=lambda layout: len(layout.unresolved))


def responses(read_tokens, image, still, grid, batch, offset=0.0, seed=0):
    """How far a change of each cell moves each key: (cells, N)."""
    sides = zip(grid, image.shape[1:], strict=True)
    places = list(product(*(parts(n, side, offset) for n, side in sides)))
    cuts = zip(*places, strict=True)  # all rows, all columns
    largest = [max(cut.stop - cut.start for cut in some) for some in cuts]
    noise = noise_like(image, largest, seed)  # (3, rows, columns)
    pictures = image.repeat(min(batch, len(places)), 1, 1, 1)  # used again and again
    moved = []
    for start in range(0, len(places), batch):
        some = places[start : start + batch]
        changed = pictures[: len(some)]  # (b, 3, H, W)
        for picture, (rows, columns) in zip(changed, some, strict=True):
            part = picture[:, rows, columns]
            part.copy_(noise[:, : part.shape[1], : part.shape[2]])
        moved += distances(read_tokens(changed), still, len(some))  # (N,) each
        for picture, (rows, columns) in zip(changed, some, strict=True):
            picture[:, rows, columns] = image[:, rows, columns]
    response = torch.from_numpy(np.stack(moved))  # (cells, N)
    if not response.isfinite().all():
        raise ValueError("read_tokens returns NaN or infinite numbers")
    if not torch.equal(pictures[0], image):
        raise ValueError("read_tokens changes its images in place: let it copy them")
    if not response.any():
        raise ValueError(
            "no key answered to any change: what read_tokens returns does not depend "
            "on the image"
        )
    return response


def distances(tokens, still, count):
    """How far each key of each image moved: (b, N, D), (1, N, D) -> b times (N,)."""
    if tokens.shape != (count, *still.shape[1:]):
        raise ValueError(
            f"read_tokens got {count} images and returned {tuple(tokens.shape)}: it "
            "must return (B, N, D) for any B; batch=1 gives it one image at a time"
        )
    tokens, still = (x.detach().float().cpu().numpy() for x in (tokens, still[0]))
    difference = np.empty_like(still)  # (N, D), one place that stays in the cache
    found = []
    for one in tokens:  # (N, D)
        np.subtract(one, still, out=difference)
        found.append(np.sqrt(np.einsum("nd,nd->n", difference, difference)))
    return found


def parts(cells, side, offset):
    """For each cell of an axis, the half of its pixels in the middle, or beside it."""
    size = side / cells
    found = []
    for cell in range(cells):
        middle = (cell + 0.5 + offset) * size
        low = min(max(round(middle - size / 4), 0), side - 1)
        found.append(slice(low, max(low + 1, round(middle + size / 4))))
    return found


def noise_like(image, shape, seed):
    """Noise over the range of an image's values, (3, *shape)."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(len(image), *shape, generator=generator)
    low, high = image.aminmax()
    span = (high - low).clamp_min(1.0)  # an even image has no span of its own
    return low + span * noise.to(image)


def settle(tries, grid, enough):
    """tries, each (cells, N) -> a layout in which no key serves two cells.

    The cell that is surest takes its key first, then the surest of those that are left.
    """
    total = sum(tries)  # (cells, N)
    # A class token answers to every cell; what counts is to answer to one of them.
    usual = total.mean(0).clamp_min(1e-12)  # (N,)
    votes = total / usual  # (cells, N)
    cells, N = votes.shape
    wanted = votes.argmax(1)  # (cells,)
    two = votes.topk(2, dim=1).values if N > 1 else votes.expand(-1, 2)  # (cells, 2)
    confidence = (1 - two[:, 1] / two[:, 0].clamp_min(1e-12)).clamp(0, 1)  # (cells,)
    index = share_keys(votes)  # (cells,)
    shared = (wanted[:, None] == wanted).sum(1) > 1  # (cells,)
    shared |= index != wanted  # pushed aside by one that was
    doubtful = shared | (confidence < enough)  # (cells,)
    for one in tries if len(tries) > 1 else ():
        doubtful |= (one / usual).argmax(1) != wanted  # it wavers
    return ProbedLayout(
        index.unflatten(0, grid),
        N,
        confidence.unflatten(0, grid),
        tuple(divmod(cell, grid[1]) for cell in doubtful.nonzero()[:, 0].tolist()),
    )


def share_keys(votes):
    """votes (cells, N) -> the key of each cell, (cells,), no key twice.

    The cell that is surest takes its key first, then the surest of those that are left.
    That is the same as giving, round by round, every cell its best key where the cell
    is that key's best, too; and far fewer rounds than cells.
    """
    index = torch.full(votes.shape[:1], -1)  # (cells,)
    cells, keys = torch.arange(len(votes)), torch.arange(votes.shape[1])
    while votes.numel() and votes.any():
        best_key = votes.argmax(1)  # (cells left,)
        best_cell = votes.argmax(0)  # (keys left,)
        mutual = best_cell[best_key] == torch.arange(len(cells))  # (cells left,)
        taken = best_key[mutual]
        index[cells[mutual]] = keys[taken]
        free = torch.ones(len(keys), dtype=torch.bool).index_fill(0, taken, False)
        votes = votes[~mutual][:, free]  # (cells left, keys left)
        cells, keys = cells[~mutual], keys[free]
    index[cells] = keys[: len(cells)]  # nothing answers to these
    return index
