"""Layouts of the image tokens in a prompt, from its ids."""

from dataclasses import dataclass, replace
from math import prod

import torch

from helpers.inspection.shapes.cuts import sides_of
from helpers.inspection.shapes.each_image import with_grids
from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.placing import fitting, put
from helpers.inspection.shapes.processor import unpadded
from helpers.inspection.shapes.report import Candidate, Known
from helpers.inspection.shapes.tiles import TILES
from helpers.maps.token_layout import TokenLayout


@dataclass(frozen=True)
class Prompt:
    """places: (M,) keys that are image tokens; ids: (N,) of this prompt. rows: of
    input_ids, that are this prompt. grids: (t, h, w) of its images.

    doubt: why there are none.
    """

    places: torch.Tensor
    ids: torch.Tensor
    doubt: str = ""
    rows: tuple = ()
    grids: tuple = ()


def by_prompt(N, facts):
    """([candidates of a prompt], doubts) for N keys: one for each image and reading."""
    if not facts.family.grid:
        return [], [f"{facts.name}: {facts.family.note}"]
    found, doubts, grids = [], [], facts.given_grids()
    prompts = image_tokens(N, facts.input_ids, facts.image_token)
    prompts = with_grids(prompts, grids) if grids else prompts
    several = len(prompts) > 1
    name = "grid_thw" if facts.grid_thw is not None else "spatial_shapes"
    for prompt in prompts:
        which = f", prompt {prompt.rows[0]} of the batch" * several
        if not (M := len(prompt.places)):
            doubts.append(prompt.doubt + which)
            continue
        rows = [row if name == "grid_thw" else row[1:] for row in prompt.grids]
        own = replace(facts, **{name: rows}) if grids else facts
        known = [] if grids or facts.tiles else by_runs(prompt, own)
        known = known or unpadded(M, own) or proven(M, own) or resized(M, own)
        doubts += [] if known and uses_tiles(known[0], facts) else [unplaced(M, facts)]
        off = f"{N - M} of the {N} keys are no image tokens{which}"
        if (more := N - len(prompt.ids)) > 0:
            off += f"; the last {more} stand behind input_ids: words written in the run"
        found.append([])
        for c in known:
            layout = c.layout.within(prompt.places, N)
            others = f"keys {layout.index.min()} ... {layout.index.max()}; {off}"
            others = others if c.cells == M else f"{c.others}; {others}"
            images = prompt.rows * several
            found[-1].append(replace(c, layout=layout, others=others, images=images))
    return found, doubts


def proven(M, facts):
    """Candidates for M image tokens; known from the run where only one can be."""
    found = fitting(M, facts, whole=True)
    if not found or found[0].layout.length < M:
        return put([c for c in found if c.off_grid <= c.cells], 0, M)
    if facts.given_grids():
        return found
    if not facts.image_size or not facts.patch_size or facts.assumed:
        return found
    sure = [c for c in found if c.merge in (1, *facts.merges)][:1]
    if facts.tiles:  # the family tells their order, and how many patches are merged
        sure = [c for c in found if c.kind in TILES and c.merge in (1, *facts.merges)]
    elif len(found) > 1 and found[0].kind != "cells":
        sure = []
    alone = len(sure) == 1 and sure[0] is found[0]
    return [replace(found[0], known=Known.RUN)] if alone else found


def resized(M, facts):
    """The same for a model whose processor brings every picture to one size."""
    sides, own = sides_of(facts.family), facts.image_size
    if own is None or len(sides) != 1 or own == (sides[0],) * 2 or facts.patch_size:
        return []
    size, patch = (sides[0],) * 2, int(facts.family.inputs[0].split("/")[1])
    one = replace(facts, image_size=size, patch_size=patch, assumed=("image_size",))
    source, kind = f"the picture resized to {sides[0]} x {sides[0]}, ", "resized"
    return [replace(c, source=source + c.source, kind=kind) for c in proven(M, one)]


def uses_tiles(c, facts):
    """False for a Candidate that has none of the tiles that were named."""
    several = facts.tiles and prod(facts.tiles) > 1 and not facts.frames
    return not several or "tiles" in facts.assumed or c.kind in TILES


def unplaced(M, facts):
    """What to say where the facts do not fit M keys."""
    given = [f"{t} x {h} x {w}" for t, h, w in facts.given_grids()[:3]]
    given += [f"{facts.tiles[0]} x {facts.tiles[1]} tiles"] if facts.tiles else []
    said = f"{', '.join(given)} given and " if given else ""
    return say("unplaced", given=said, M=M)


def image_tokens(N, input_ids, image_token):
    """A Prompt for every row of input_ids (B, n) or (n,); equal rows count once.

    N: keys of the weights; more than n are words that were written, or places that one
    token per image was opened into. image_token: an id, or several. Raises ValueError
    without an image_token.
    """
    if image_token is None:
        raise ValueError(
            "input_ids needs image_token=, the id of an image token: "
            "model.config.image_token_id, or processor.image_token_id"
        )
    ids = torch.atleast_2d(torch.as_tensor(input_ids))  # (B, n)
    wanted = torch.as_tensor(image_token).flatten()
    found = {}
    for number, row in enumerate(ids):
        found.setdefault(tuple(row.tolist()), []).append(number)
    prompts = []
    for rows in found.values():
        row = ids[rows[0]]  # (n,)
        places = torch.isin(row, wanted).nonzero()[:, 0]  # (M,)
        prompts.append(replace(place(N, row, places), rows=tuple(rows)))
    return prompts


def place(N, row, places):
    """The Prompt of one row (n,)."""
    n, M = len(row), len(places)
    if not M:
        return Prompt(places, row, "no image token stands in input_ids")
    if n > N:
        doubt = f"the prompt has {n} tokens and the weights {N} keys: another run"
        return Prompt(places[:0], row, doubt)
    each, rest = divmod(N - n, M)
    if M <= 8 and each >= 15 and not rest:  # a token per image, opened by the model
        times = torch.ones_like(row).index_fill(0, places, each + 1)  # (n,)
        row = row.repeat_interleave(times)  # (N,)
        opened = torch.arange(M)[:, None] * each + places[:, None]  # (M, 1)
        places = (opened + torch.arange(each + 1)).flatten()  # (M * (each + 1),)
    return Prompt(places, row)


def by_runs(prompt, facts):
    """Image tokens in several runs of equal length: rows, or images, frames, tiles.

    They are rows where one and the same token stands between each two: a line break.
    """
    places = prompt.places
    cuts = ((places[1:] - places[:-1]) > 1).nonzero()[:, 0] + 1
    runs = places.tensor_split(cuts)
    lengths = {len(run) for run in runs}
    if len(runs) < 2 or len(lengths) > 1:
        return []
    (n,), h = lengths, len(runs)
    between = {tuple(prompt.ids[places[c - 1] + 1 : places[c]].tolist()) for c in cuts}
    if len(between) == 1 and len(*between) == 1:
        text = ("rows of the prompt", "a break between the rows", Known.RUN)
        return [Candidate(TokenLayout.from_grid(h, n), *text, kind="breaks")]
    source = f"{h} runs of {n} keys (images, frames or tiles)"
    found = []
    for c in proven(n, facts):
        if c.off_grid == 0 and len(c.layout.grid) == 2:
            layout = TokenLayout.from_frames(h, *c.layout.grid)
            found.append(replace(c, layout=layout, source=f"{source}, {c.source}"))
    return found
