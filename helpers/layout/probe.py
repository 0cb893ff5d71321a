"""Find out by experiment which key belongs to which cell of the image."""

import math
from dataclasses import dataclass

import torch

from helpers.layout.tokens import TokenLayout

# Where the change is made, in cells from the middle of the cell: most models answer
# best there, padded convolutions (a ResNet) up and left of it.
OFFSETS = (0.0, -0.375)
NOISES = 3  # changes tried on each cell, where the first does not settle it
CLEAR = 0.5  # confidence at which one change is enough


@dataclass(frozen=True, repr=False)
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
    still = read_tokens(image[None])  # (1, N, D)
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
            responses(read_tokens, image, still, grid, batch, offset, seed)
            for seed in range(NOISES)
        ]
        found.append(settle(tries, grid, enough))
    return min(found, key=lambda layout: len(layout.unresolved))


def responses(read_tokens, image, still, grid, batch, offset=0.0, seed=0):
    """How far a change of each cell moves each key: (cells, N)."""
    h, w = grid
    moved = []
    for start in range(0, h * w, batch):
        cells = range(start, min(start + batch, h * w))
        places = [divmod(cell, w) for cell in cells]
        changed = [change_cell(image, place, grid, offset, seed) for place in places]
        answer = read_tokens(torch.stack(changed))  # (b, N, D)
        if answer.shape != (len(changed), *still.shape[1:]):
            raise ValueError(
                f"read_tokens got {len(changed)} images and returned "
                f"{tuple(answer.shape)}: it must return (B, N, D) for any B; batch=1 "
                "gives it one image at a time"
            )
        moved.append((answer.float() - still.float()).norm(dim=-1))  # (b, N)
    response = torch.cat(moved)  # (cells, N)
    if not response.isfinite().all():
        raise ValueError("read_tokens returns NaN or infinite numbers")
    if not response.any():
        raise ValueError(
            "no key answered to any change: what read_tokens returns does not depend "
            "on the image"
        )
    return response


def change_cell(image, cell, grid, offset, seed):
    """The image (3, H, W) with noise in the middle of a cell, or `offset` beside it."""
    H, W = image.shape[-2:]
    box = []
    for place, cells, side in zip(cell, grid, (H, W), strict=True):
        middle, size = (place + 0.5 + offset) * side / cells, side / cells
        low = min(max(round(middle - size / 4), 0), side - 1)
        box.append(slice(low, max(low + 1, round(middle + size / 4))))
    changed = image.clone()
    part = changed[:, box[0], box[1]]
    noise = torch.rand(part.shape, generator=torch.Generator().manual_seed(seed))
    low, high = image.aminmax()
    span = (high - low).clamp_min(1.0)  # an even image has no span of its own
    changed[:, box[0], box[1]] = low + span * noise.to(part)
    return changed


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
    index = torch.full((cells,), -1)  # (cells,)
    left = votes.clone()  # (cells, N)
    for _ in range(cells):
        cell, key = divmod(int(left.argmax()), N)
        index[cell] = key
        left[cell], left[:, key] = -math.inf, -math.inf
    shared = (wanted[:, None] == wanted).sum(1) > 1  # (cells,)
    shared |= index != wanted  # pushed aside by one that was
    winners = torch.stack([(one / usual).argmax(1) for one in tries])  # (tries, cells)
    wavers = (winners != wanted).any(0)  # (cells,)
    doubtful = shared | wavers | (confidence < enough)  # (cells,)
    return ProbedLayout(
        index.unflatten(0, grid),
        N,
        confidence.unflatten(0, grid),
        tuple(divmod(cell, grid[1]) for cell in doubtful.nonzero()[:, 0].tolist()),
    )
