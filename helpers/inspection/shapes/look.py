"""What the values of weights show, once it is known where the keys are."""

import torch

from helpers.inspection.shapes.report import Candidate
from helpers.inspection.shapes.sums import sample, softmax_axes
from helpers.inspection.shapes.values import find_problems, find_sinks
from helpers.maps.token_layout import TokenLayout


def few(report, values, keys):
    """The values, or a sample of many; whole where some of them are no numbers."""
    square = values.dim() > 1 and values.shape[-1] == values.shape[-2]
    keep = (-2, -1) if keys is None or square else (keys,)
    found = sample(values, keep) if values.sum().isfinite() else values
    if found.numel() < values.numel():
        report.looked_at += f" (a sample of {tuple(found.shape)})"
    return found


def on_grid(report, values):
    """Maps (..., h, w): their layout, and their values as rows that sum to 1."""
    layout = TokenLayout.from_grid(*report.shape[-2:])
    report.candidates = [Candidate(layout, "the last two axes are the grid already")]
    if values is None:
        return None
    values = values.flatten(-2)  # (..., N)
    total = values.sum(-1, keepdim=True)  # (..., 1)
    if softmax_axes(values) != (values.dim() - 1,):
        report.notes.append(
            f"the cells of a map sum to {total[total > 0].min():.2f} ... "
            f"{total.max():.2f}: keys off the grid (a class token, text) have the rest"
        )
    return values / total.where(total > 0, 1)


def look(report, values, keys, misplaced):
    """What the values show: problems, sinks, queries that look at nothing."""
    if not misplaced:
        report.problems += find_problems(values, keys)
    blind = ~values.any(dim=keys)  # (...)
    if blind.any() and not blind.all():
        report.notes.append(
            f"{int(blind.sum())} queries look at nothing: padding, or a mask that "
            "hides every key"
        )
    sinks = [] if report.problems else find_sinks(values, keys)
    report.sinks = [key for key, _ in sinks]
    cells = report.layouts[0].index if report.layouts else torch.empty(0, 0)
    for key, share in sinks:
        place = (cells == key).nonzero().tolist()
        where = f"drawn as cell {tuple(place[0])}" if place else "off the grid"
        report.notes.append(
            f"key {key} holds {share:.0%} of all weight, whatever the query: a sink, "
            f"{where}. To leave it out: weights.index_fill({keys}, torch.tensor("
            f"[{key}]), 0), and say so in the picture"
        )
