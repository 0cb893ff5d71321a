"""Find out by experiment which key belongs to which cell of the image."""

from dataclasses import dataclass

import torch

from helpers.inspection.changes import Changes
from helpers.maps.token_layout import TokenLayout

# Where the change is made, in cells from the middle of the cell: most models answer
# best there, padded convolutions (a ResNet) up and left of it.
OFFSETS = (0.0, -0.375)
FIRST, NOISES = 2, 3  # changes tried on a cell in doubt, and if it stays in doubt
CLEAR = 0.5  # confidence at which the first changes are enough
LOCAL = 3.0  # a cell's own key answers so many times more to it than to others
TINY = 1e-30  # no division by 0, also where a model's numbers are next to nothing
REFERENCES = 16  # settled cells that are changed again, to know what is typical


@dataclass(frozen=True, repr=False, eq=False)
class ProbedLayout(TokenLayout):
    """A TokenLayout that was found by experiment.

    confidence: (h, w), 0..1: by how much the cell moves its key more than any other; 1
    means that it moves no other. unresolved: cells (row, column) that share their key
    with another cell, move two keys alike, or move now this key and now that one; the
    index holds the best guess. keyless: those of them that move no key of their own.
    """

    confidence: torch.Tensor = None
    unresolved: tuple = ()
    keyless: tuple = ()


@dataclass
class Finding:
    """For each cell, (cells,): its key or -1, the confidence, and what is in doubt."""

    index: torch.Tensor
    confidence: torch.Tensor
    doubtful: torch.Tensor
    keyless: torch.Tensor

    def update(self, cells, other):
        """Take over what was found for some of the cells."""
        for name, values in vars(other).items():
            getattr(self, name)[cells] = values


@torch.no_grad()
def probe_layout(read_tokens, image, grid, batch=16, enough=0.05):
    """Change the pixels of cells, and see which keys move.

    read_tokens: a function from images (B, 3, H, W) to what the keys are made of, (B,
    N, D): the output of the embedding, or any later sequence. image: one picture as the
    model takes it, (3, H, W). grid: (h, w), square or not. batch: pictures at once.
    enough: cells with less confidence are unresolved. Returns a ProbedLayout. It needs
    no knowledge of class tokens, line breaks, tiles, windows or shuffled patches. Where
    the same pixels are there twice (a thumbnail, then tiles), the finer keys win: to
    find the others, let read_tokens return these alone. The model must be in eval mode.

    First half of the cells are changed at once, by the binary digits of their numbers;
    then, one at a time, the cells that this leaves in doubt. Raises ValueError where
    the shapes do not fit, where no key answers at all, or where no key has a cell.
    """
    changes = Changes(read_tokens, image, grid, batch)
    found = by_digits(changes)
    if found.doubtful.any():
        one_by_one(changes, found, enough)
    if found.keyless.double().mean() > 0.75:  # a few may seem to have one
        raise ValueError(
            "no key has a cell: each answers to all of the image alike, as learned "
            "queries do (a resampler, a Q-Former)"
        )
    index, confidence = found.index.view(grid), found.confidence.view(grid)  # (h, w)
    lists = (places(some, grid) for some in (found.doubtful, found.keyless))
    return ProbedLayout(index, changes.length, confidence, *lists)


def places(some, grid):
    """The (row, column) of cells that are True in (cells,)."""
    return tuple(divmod(cell, grid[1]) for cell in some.nonzero()[:, 0].tolist())


def by_digits(changes):
    """Change the cells whose number has a 1 as its n-th binary digit, then the others.

    A key that moves in one of the two only, whatever the digit, spells its cell's
    number. Each digit has a noise of its own: a key that answers to one change and not
    to another spells nothing. Cells that just one key does not spell stay in doubt.
    """
    numbers = torch.arange(changes.cells)  # (cells,)
    digits = max(1, (changes.cells - 1).bit_length())
    ones = (numbers[:, None] >> torch.arange(digits)) & 1  # (cells, digits)
    responses = []
    for digit in range(digits):
        halves = [(ones[:, digit] == one).nonzero()[:, 0].tolist() for one in (0, 1)]
        responses.append(changes.response(halves, seed=digit))  # (2, N)
    responses = torch.stack(responses)  # (digits, 2, N)
    if not responses.any():
        raise ValueError(
            "no key answered to any change: what read_tokens returns does not depend "
            "on the image"
        )
    without, with_one = responses.unbind(1)  # (digits, N) each
    most = torch.maximum(without, with_one)  # (digits, N)
    clear = 1 - torch.minimum(without, with_one) / most.clamp_min(TINY)
    clear = torch.where(most > 0, clear, 0).amin(0)  # (N,)
    spelled = ((with_one > without) << torch.arange(digits)[:, None]).sum(0)  # (N,)
    keys = ((clear >= CLEAR) & (spelled < changes.cells)).nonzero()[:, 0]
    claims = torch.bincount(spelled[keys], minlength=changes.cells)  # (cells,)
    keys = keys[claims[spelled[keys]] == 1]
    none = torch.zeros(changes.cells)  # (cells,)
    found = Finding(none.long() - 1, none, none == 0, none != 0)
    found.index[spelled[keys]] = keys
    found.confidence[spelled[keys]] = clear[keys].float()
    found.doubtful[spelled[keys]] = False
    return found


def one_by_one(changes, found, enough):
    """Change the cells in doubt, one at a time, and write what comes of it to `found`.

    Those that the first changes leave in doubt are changed again, at two places in the
    cell; the second counts if it leaves less than half of them in doubt.
    """

    def response(cells, offset, seed):
        return changes.response([[cell] for cell in cells.tolist()], offset, seed)

    cells = found.doubtful.nonzero()[:, 0]  # those in doubt
    settled = (~found.doubtful).nonzero()[:, 0]
    changed = torch.cat([cells, settled[:: len(settled) // REFERENCES + 1]])
    tries = [response(changed, OFFSETS[0], seed) for seed in range(FIRST)]
    # A class token answers to every cell; what counts is to answer to one of them.
    typical = sum(tries).mean(0).clamp_min(TINY) / FIRST  # (N,)
    tries = [(one / typical)[: len(cells)] for one in tries]  # (cells, N) each
    found.update(cells, settle(tries, found, cells, max(enough, CLEAR)))
    left = found.doubtful[cells]
    cells, readings = cells[left], []
    for offset in OFFSETS if len(cells) else ():
        seeds = range(FIRST if offset == OFFSETS[0] else 0, NOISES)
        more = [response(cells, offset, seed) / typical for seed in seeds]
        known = [one[left] for one in tries] if offset == OFFSETS[0] else []
        readings.append(settle(known + more, found, cells, enough))
    if readings:
        middle, beside = readings
        better = 2 * beside.doubtful.sum() < middle.doubtful.sum()
        found.update(cells, beside if better else middle)


def settle(tries, found, cells, enough):
    """tries, votes (cells, N) each -> a Finding in which no key serves two cells."""
    votes = sum(tries) / len(tries)  # (cells, N)
    best_key = votes.argmax(1)  # (cells,)
    top2 = votes.topk(min(2, votes.shape[1]), dim=1).values  # (cells, 2)
    confidence = (1 - top2[:, -1] / top2[:, 0].clamp_min(TINY)).clamp(0, 1)  # (cells,)
    free = torch.ones(votes.shape[1], dtype=torch.bool)
    free[found.index[~found.doubtful]] = False
    free = free.nonzero()[:, 0]
    index = free[share_keys(votes[:, free])]  # (cells,)
    shared = (best_key[:, None] == best_key).sum(1) > 1  # (cells,)
    shared |= index != best_key  # pushed aside by one that was
    doubtful = shared | (confidence < enough)  # (cells,)
    for one in tries:
        doubtful |= one.argmax(1) != best_key  # another key is its best
    keyless = doubtful & (top2[:, 0] < LOCAL)  # (cells,)
    return Finding(index, confidence, doubtful, keyless)


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
