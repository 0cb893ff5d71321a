"""The layout by experiment: the probe, on the grids that were counted."""

from dataclasses import replace

import torch

from helpers.inspection.probe import CLEAR, probe_layout
from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.report import Candidate, Known, in_number

MOST_GRIDS = 3


def by_experiment(N, candidates, read_tokens, facts, video=False):
    """(candidates, doubts): the layout that the probe found; the old ones if none.

    read_tokens: images (B, 3, H, W) -> (B, N, D), see `probe_layout`. video: it takes
    the t steps of a video, too, one below the other, (B, 3, t * H, W).
    """
    frames = [c for c in candidates[:1] if len(c.layout.grid) == 3 and not video]
    doubts = [say("one picture") for _ in frames]
    for grid in grids_of(N, candidates, facts, video):
        *steps, h, w = grid
        t = steps[0] if steps else 1
        if t * h * w > N:
            continue
        H, W = facts.image_size
        seed = torch.Generator().manual_seed(0)
        image = torch.rand(3, t * H, W, generator=seed)
        try:
            probed = probe_layout(read_tokens, image, (t * h, w))
        except ValueError as error:
            return candidates, [f"the probe could not say: {error}"]
        if probed.length != N:
            text = f"read_tokens has {probed.length} keys, the weights have {N}"
            return candidates, [f"{text}: it must return what these keys are made of"]
        probed = in_steps(probed, t, h) if steps else probed
        same = [c for c in candidates if c.layout == probed]
        # On a finer grid, a cell would move several keys alike.
        clear = not probed.unresolved and probed.confidence.median() > CLEAR
        few = len(probed.unresolved) <= t * h * w // 4
        if few and (same or clear):
            others = in_number(f"{N - t * h * w or 'no'} other keys")
            base = [*same, Candidate(probed, "", others)][0]
            known = {"known": Known.TESTED, "free": False}
            return [replace(base, layout=probed, **known)], []
        size = " x ".join(map(str, grid))
        doubts.append(say("unclear" if few else "not the grid", grid=size))
    return candidates, doubts


def grids_of(N, candidates, facts, video):
    """The grids to try, (h, w) or (t, h, w), the likeliest first."""
    grids = [c.layout.grid for c in candidates]
    steps = [grid for grid in grids if len(grid) == 3]
    pictures = [(g.h, g.w) for g in facts.grids()[:MOST_GRIDS]]
    if facts.frames:
        steps += [(N // (h * w), h, w) for h, w in pictures if h * w <= N]
    # Each step of a video holds as many frames as another.
    steps = [grid for grid in steps if (facts.frames or grid[0]) % grid[0] == 0]
    grids = [grid for grid in grids if len(grid) == 2] + pictures
    return list(dict.fromkeys(steps if video and steps else grids))[:MOST_GRIDS]


def in_steps(probed, t, h):
    """The layout (t, h, w) of a video whose t steps were probed as one tall picture."""
    places = {
        name: tuple((*divmod(row, h), column) for row, column in getattr(probed, name))
        for name in ("unresolved", "keyless")
    }
    index, confidence = (
        cells.unflatten(0, (t, h)) for cells in (probed.index, probed.confidence)
    )  # (t, h, w)
    return replace(probed, index=index, confidence=confidence, **places)
