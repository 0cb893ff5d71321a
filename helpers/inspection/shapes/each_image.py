"""A batch whose images have a layout each: which is whose, and the line for that."""

from dataclasses import replace

import torch

from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.processor import MERGES, count_keys


def count_rows(facts):
    """How many prompts, or else images, of a batch the run tells apart; 1 if none."""
    if facts.input_ids is None:
        return len(facts.given_grids()) or 1
    return len(torch.atleast_2d(torch.as_tensor(facts.input_ids)))  # (B, n)


def first_of_each(candidates):
    """{image of the batch: number of its first candidate}; {} where each layout is of
    all images."""
    first = {}
    for number, c in enumerate(candidates):
        for image in c.images:
            first.setdefault(image, number)
    return first


def each(candidates):
    """The first candidate of each image, those of all images once."""
    numbers = dict.fromkeys(first_of_each(candidates).values()) or [0]
    return [candidates[number] for number in numbers if candidates]


def are_unlike(candidates, facts):
    """True if not all images have the first layout, as far as they have one."""
    first = first_of_each(candidates)
    layouts = {candidates[number].layout for number in first.values()}
    return bool(first) and (len(layouts) > 1 or len(first) < count_rows(facts))


def images_axis(report, facts):
    """The axis of the images or prompts of the run; None where no axis has them."""
    wanted = "images", count_rows(facts)
    found = (n for n, a in enumerate(report.axes) if (a.name, a.size) == wanted)
    return next(found, None)


def is_open(report, facts):
    """True if there are as many grids as images of a batch, and no prompt: the keys of
    each may be those of one grid, or of all."""
    known, best = facts.input_ids is not None or facts.grid_thw is None, report.best
    if known or best is None or count_rows(facts) < 2:
        return False
    every = count_keys(facts.given_grids(), best.merge) == best.layout.length
    return not every and images_axis(report, facts) is not None


def doubts(report, facts):
    """That it is open whose weights these are, or which of the images a prompt has."""
    n = count_rows(facts)
    if is_open(report, facts):
        return [say("one each", n=n)]
    unlike = are_unlike(report.candidates, facts)
    return [say("whose", n=n)] * (unlike and images_axis(report, facts) is None)


def line(report, keys, facts):
    """The line that takes the map of each image by its own layout; "" where no axis has
    the images."""
    axis, first = images_axis(report, facts), first_of_each(report.candidates)
    if axis is None:
        return ""
    own = f"weights.movedim({axis}, 0)" if axis else "weights"
    behind = keys - (keys > axis)  # the axis of the keys in the weights of an image
    dim = "" if behind == len(report.shape) - 2 else f", dim={behind}"
    if [*first.items()] == [(n, n) for n in range(len(report.candidates))]:
        pairs = f"zip(report.layouts, {own}, strict=True)"
        return f"maps = [layout.to_grid(one{dim}) for layout, one in {pairs}]"
    of = f"report.layouts[k].to_grid({own}[image]{dim})"
    return f"maps = [{of} for image, k in {sorted(first.items())}]"


def with_grids(prompts, grids):
    """The prompts with the grids of their images; rows of the same ids whose pictures
    have other grids are prompts of their own."""
    own = dict(sorted((n, prompt.rows) for prompt in prompts for n in prompt.rows))
    same = {prompt.rows: prompt for prompt in prompts}
    dealt = share(grids, [len(same[rows].places) for rows in own.values()])
    if dealt is None:  # the grids are those of each prompt once, or of another batch
        dealt = share(grids, [len(prompt.places) for prompt in prompts])
        pairs = zip(prompts, dealt or [grids] * len(prompts), strict=True)
        return [replace(prompt, grids=tuple(few)) for prompt, few in pairs]
    found = {}
    for (n, rows), few in zip(own.items(), dealt, strict=True):
        found.setdefault((rows, tuple(few)), []).append(n)
    return [
        replace(same[rows], rows=tuple(numbers), grids=few)
        for (rows, few), numbers in found.items()
    ]


def share(grids, counts):
    """Deal the grids of a batch out to its prompts, each with so many image tokens;
    None where they do not fit."""
    for m in MERGES:
        left, dealt = list(grids), []
        for M in counts:
            own = []
            while left and count_keys([*own, left[0]], m) <= M:
                own.append(left.pop(0))
            dealt.append(own)
        if [count_keys(own, m) for own in dealt] == counts:
            return dealt
    return None
