"""Which layouts go on the report, and which questions stay open."""

from dataclasses import replace

import torch

from helpers.inspection.shapes.axes import fits
from helpers.inspection.shapes.proposals import propose, windows_of
from helpers.inspection.shapes.remedies import problem
from helpers.inspection.shapes.report import Axis, Candidate, Known
from helpers.inspection.shapes.run import from_run
from helpers.inspection.shapes.sums import looks_back_only, unseen_keys
from helpers.maps.token_layout import TokenLayout

MANY_IMAGES = 16  # so many of one size are windows rather than a batch
WHICH_WINDOWS = (
    "which windows: every other block shifts them, and the first axis alone does not "
    "tell the images from the windows. batch= and the block's shift settle it; "
    "with B images: weights.unflatten(0, (B, -1)), mean over the queries, then join "
    "windows and keys"
)


def fit_layout(report, layout, N):
    """A layout that the caller named: right or wrong."""
    if layout.length == N:
        off = layout.length - layout.index.numel()
        others = f"{off} keys off the grid"
        report.candidates = [Candidate(layout, "", others, Known.NAMED)]
    else:
        report.problems.append(problem("other layout", N=N, length=layout.length))


def fit_grid(report):
    """The last two axes are rows and columns."""
    layout = TokenLayout.from_grid(*report.shape[-2:])
    report.candidates = [Candidate(layout, "the last two axes are the grid already")]


def fit_keys(report, values, keys, run, batch):
    """Candidates for the axis of the keys; returns what stays open."""
    shape, N = report.shape, report.shape[keys]
    if run.gives_layout():
        report.candidates, doubts = from_run(N, run)
        return doubts + open_questions(report.candidates, run)
    usual = fits(N, run.image_size, run.patch_size)
    if across_the_batch(shape, keys, run, batch) and not usual:
        numbers = {"cells": shape[0], "count": shape[-1]}
        report.problems.append(problem("across the batch", **numbers))
        return []
    doubts = []
    windows = windows_of(shape, run.image_size, run.patch_size, batch)
    counted = count(report, values, keys, run, usual)
    if windows and not (usual and run.patch_size is not None):
        doubts.append(WHICH_WINDOWS)
        counted += windows
        if not usual or shape[0] >= MANY_IMAGES:
            counted = windows + counted[: -len(windows)]
            reason = "a multiple of the windows"
            report.axes[0] = Axis("images x windows", shape[0], reason)
    report.candidates = counted
    doubts += open_questions(report.candidates, run)
    return doubts if report.candidates else [no_layout(shape, keys, run)]


def count(report, values, keys, run, usual):
    """Proposals by the number of keys; what the values say of it becomes a note."""
    shape, N = report.shape, report.shape[keys]
    square = len(shape) > 1 and shape[keys - 1] == N
    if values is not None and looks_back_only(values):
        report.notes.append(
            f"no query looks ahead: {N} tokens of a prompt, or words of a caption. "
            "Where image tokens stand among them, input_ids= and image_token= say"
        )
        return propose(N, run.image_size, run.patch_size, prompt=True)
    if square:
        report.notes.append(
            f"({N}, {N}) is queries by keys, not a picture: one row of it is a map"
        )
    front, back = (0, 0) if values is None or usual else unseen_keys(values, keys)
    for before, behind in {(front, back), (0, back), (front, 0)} - {(0, 0)}:
        rest = N - before - behind
        if not fits(rest, run.image_size, run.patch_size):
            continue
        report.notes.append(
            f"no query looks at the first {before} and the last {behind} keys: padding"
        )
        return [
            replace(c, layout=c.layout.within(before + torch.arange(rest), N))
            for c in propose(rest, run.image_size, run.patch_size)
        ]
    found = propose(N, run.image_size, run.patch_size)
    if len(shape) > 1 and not square and all(c.free for c in found):
        if fits(shape[keys - 1], run.image_size, run.patch_size):
            return []  # the queries are the cells, and the keys something else
    return found


def across_the_batch(shape, keys, run, batch):
    """(N, ..., B, B): the first axis counts cells, the last two count images."""
    if len(shape) < 3 or keys != len(shape) - 1 or batch not in (None, shape[-1]):
        return False
    square = shape[-1] == shape[-2] < shape[0]
    return square and fits(shape[0], run.image_size, run.patch_size)


def open_questions(candidates, run):
    """What stays open with these candidates, and what would settle it."""
    if not candidates or candidates[0].known != Known.COUNTED:
        return []
    best, doubts = candidates[0], []
    if run.image_size is None and not run.gives_layout():
        doubts.append(
            f"the grid: {best.layout.length} keys may as well be words. image_size="
            "(H, W) and patch_size= narrow it down"
        )
    if best.free or best.off_grid > 2:
        doubts.append(
            f"where the {best.off_grid} keys that are no cells stand: in front (class "
            "token, registers), behind (text), around, or between the rows. input_ids= "
            "and image_token= settle it, or read_tokens=, by experiment"
        )
    if best.free and best.off_grid > best.layout.index.numel():
        doubts.append(
            "more keys off the grid than on it: several images, tiles or frames? "
            "grid_thw=, spatial_shapes= or tiles= say"
        )
    if not best.likely and run.image_size is not None:
        doubts.append(
            f"the grid: {best.grid} is unusual. Read (h, w) off the feature map; "
            "another backbone has another grid"
        )
    if best.merge > 1 and not run.gives_layout():
        doubts.append(
            f"the grid: only a model that merges {best.merge} x {best.merge} patches "
            "has it; the keys may as well be words, or learned queries"
        )
    same = [c for c in candidates if c.likely == best.likely and c.free == best.free]
    grids = {" x ".join(map(str, c.layout.grid)) for c in same}
    if len(grids) > 1:
        doubts.append(f"the grid: {' or '.join(sorted(grids))}. Say patch_size=")
    if best.same:
        doubts.append(f"the order of the keys: as in proposal 1, or {best.same[0]}")
    return doubts


def no_layout(shape, keys, run):
    """No layout fits; say what would, if something is near."""
    N = shape[keys]
    text = f"no grid on this image has {N} keys" if run.image_size else f"{N} keys"
    if len(shape) > 1 and fits(shape[keys - 1], run.image_size, run.patch_size):
        return (
            f"{text}, but axis {keys - 1} of size {shape[keys - 1]} fits: cells look "
            "at words, query and key axes are swapped, or these are tokens (B, N, D)"
        )
    return (
        f"{text}: words or objects; learned queries (a resampler; then no key has a "
        "cell); or another input size (resized, cropped, padded) than you think"
    )
