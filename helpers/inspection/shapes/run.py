"""Layouts from what the run knows: the prompt, and the grids of its images."""

from dataclasses import dataclass, replace
from math import ceil

import torch

from helpers.inspection.shapes.prompt import image_tokens, runs_of
from helpers.inspection.shapes.proposals import propose
from helpers.inspection.shapes.report import Candidate, Known
from helpers.inspection.shapes.tiles import by_tiles, tiles_somewhere
from helpers.maps.token_layout import TokenLayout

POOLED = "learned queries (a resampler, a Q-Former): then no key has a cell"
ORDERS = ("windows of blocks (the encoder of Qwen2.5-VL)", "row by row")


@dataclass(frozen=True)
class Run:
    """What is known of the run, see `diagnose`."""

    image_size: tuple = None
    patch_size: object = None
    input_ids: object = None
    image_token: object = None
    grid_thw: object = None
    spatial_shapes: object = None
    tiles: tuple = None

    def gives_layout(self):
        """True if there is more to go by than sizes."""
        facts = (self.input_ids, self.grid_thw, self.spatial_shapes, self.tiles)
        return any(fact is not None for fact in facts)

    def grids(self):
        """[(t, h, w)] of every image, or [] where none was given."""
        for rows, columns in [(self.grid_thw, 3), (self.spatial_shapes, 2)]:
            if rows is not None:
                rows = torch.as_tensor(rows).reshape(-1, columns).tolist()
                return [(1, *row)[-3:] for row in rows]
        return []


def from_run(N, run):
    """(candidates, doubts) for N keys: a candidate for every image and reading."""
    if run.input_ids is None:
        found = by_grids(N, run.grids(), run) or by_tiles(N, run)
        return found or somewhere(N, run), [] if found else [unplaced(N, run)]
    found, doubts, prompts = [], [], image_tokens(N, run.input_ids, run.image_token)
    grids = share(run.grids(), [len(prompt.places) for prompt in prompts])
    for prompt, rows in zip(prompts, grids, strict=True):
        if not (M := len(prompt.places)):
            doubts.append(prompt.doubt)
            continue
        inner = by_grids(M, rows, run) or by_tiles(M, run)
        if not run.grids() and run.tiles is None:
            inner = by_runs(prompt, run) or by_size(M, run)
        doubts += [] if inner else [unplaced(M, run)]
        off = f"{N - M} of the {N} keys are no image tokens{prompt.name}"
        for c in inner:
            others = off if c.layout.index.numel() == M else f"{c.others}; {off}"
            layout = c.layout.within(prompt.places, N)
            found.append(replace(c, layout=layout, others=others))
    return found, doubts


def unplaced(M, run):
    """What to say where the facts do not fit M keys."""
    given = [f"{t} x {h} x {w}" for t, h, w in run.grids()[:3]]
    given += [f"{run.tiles[0]} x {run.tiles[1]} tiles"] if run.tiles else []
    facts = f"{', '.join(given)} given and " if given else ""
    return (
        f"{facts}{M} keys: {POOLED}; or text is among the keys (input_ids= and "
        "image_token= say where); or the facts are of another run"
    )


def share(grids, counts):
    """Deal the grids of a batch out to its prompts, each with so many image tokens."""
    for m in (1, 2, 4, 3):
        left, dealt = list(grids), []
        for count in counts:
            own = []
            while left and cells(own, m) < count:
                own.append(left.pop(0))
            dealt.append(own)
        if [cells(own, m) for own in dealt] == counts:
            return dealt
    return [grids] * len(counts)


def cells(grids, m=1):
    """How many keys these grids have with m x m cells merged into one."""
    return sum(t * ceil(h / m) * ceil(w / m) for t, h, w in grids)


def by_grids(M, grids, run):
    """M keys that are the cells of these grids: packed, merged, padded, one frame."""
    for m in (1, 2, 4, 3):
        if grids and cells(grids, m) == M:
            return packed(M, grids, m, run)
    t, h, w = grids[0] if len(grids) == 1 else (1, 0, 0)
    if t > 1 and M == h * w:  # the encoder of Qwen2-VL attends frame by frame
        return packed(M, [(1, h, w)], 1, run)
    if run.grid_thw is not None or run.input_ids is not None:
        return []
    return [  # NaFlex: every image of the batch is filled up to M
        Candidate(
            TokenLayout.from_grid(h, w, suffix=M - h * w),
            f"spatial_shapes, image {number} of {len(grids)}",
            f"{M - h * w} keys of padding behind",
            Known.RUN,
        )
        for number, (_, h, w) in enumerate(grids, start=1)
        if h * w <= M
    ]


def packed(M, grids, m, run):
    """The images one behind the other; unmerged, the order is that of the blocks."""
    found, start = [], 0
    blocks = run.grid_thw is not None and m == 1
    for number, (t, h, w) in enumerate(grids, start=1):
        h, w = ceil(h / m), ceil(w / m)
        rows = TokenLayout.from_grid(h, w).index  # (h, w)
        readings = [rows]
        if blocks and h % 2 == w % 2 == 0:
            readings = [TokenLayout.from_blocks(h, w).index, rows]
        for index in readings:
            frames = start + torch.arange(t)[:, None, None] * h * w + index  # (t, h, w)
            layout = TokenLayout(frames if t > 1 else frames[0], M)
            grid = f"image {number} of {len(grids)}" if len(grids) > 1 else ""
            grid = grid or ("block by block" if index is not rows else "row by row")
            grid += f", {m} x {m} merged" if m > 1 else ""
            known = Known.COUNTED if len(readings) > 1 else Known.RUN
            same = () if known == Known.RUN else ORDERS
            found.append(Candidate(layout, grid, "no other key", known, same))
        start += t * h * w
    return found


def by_runs(prompt, run):
    """Image tokens in several runs of equal length: rows, or images, frames, tiles."""
    runs = runs_of(prompt)
    lengths = {len(own) for group in runs for own in group}
    if len(lengths) > 1 or max(len(group) for group in runs) > 1:
        return by_rows(prompt, runs)
    (n,) = lengths
    if len(runs) < 2:
        return []
    return [
        replace(
            one,
            layout=TokenLayout.from_frames(len(runs), *one.layout.grid),
            grid=f"{len(runs)} runs of {n} keys (images, frames or tiles), {one.grid}",
        )
        for one in by_size(n, run)
        if one.layout.index.numel() == n and len(one.layout.grid) == 2
    ]


def by_rows(prompt, runs):
    """Groups of runs with one break between: each group is an image, each run a row."""
    found, M, start = [], len(prompt.places), 0
    for number, group in enumerate(runs, start=1):
        widths = {len(own) for own in group}
        h, w = len(group), max(widths)
        if len(widths) > 1 or h < 2:
            return []
        layout = TokenLayout.from_grid(h, w, start, M - start - h * w)
        grid = f"image {number} of {len(runs)}, " if len(runs) > 1 else ""
        text = (f"{grid}rows of the prompt", "a break between the rows")
        found.append(Candidate(layout, *text, Known.RUN))
        start += h * w
    return found


def by_size(M, run):
    """M keys in one run, by the size of the image; proven only where all is given."""
    found = propose(M, run.image_size, run.patch_size)
    exact = [c for c in found if c.layout.index.numel() == M]
    sure = bool(exact) and run.patch_size is not None and run.image_size is not None
    if sure and exact[0].merge == 1:
        return [replace(exact[0], known=Known.RUN, same=())]
    exact = exact or [c for c in found if not c.free]
    return [replace(c, same=(POOLED,)) for c in exact]


def somewhere(N, run):
    """A grid that was given, and text around it: where, only the prompt says."""
    found = []
    for t, h, w in run.grids()[:1]:
        for m in (2, 1, 4):
            off = N - cells([(t, h, w)], m)
            if off > 0:
                layout = TokenLayout.from_frames(t, ceil(h / m), ceil(w / m), 0, off)
                layout = layout if t > 1 else TokenLayout(layout.index[0], N)
                text = (f"{m} x {m} merged", f"{off} other keys, where is a guess")
                found.append(Candidate(layout, *text, merge=m, free=True))
    return found or tiles_somewhere(N, run)
