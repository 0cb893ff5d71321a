"""Which layouts go on the report."""

from dataclasses import replace
from itertools import zip_longest

from helpers.inspection.shapes.bound import bind
from helpers.inspection.shapes.facts import LIKELY_MERGES, as_pair
from helpers.inspection.shapes.features import is_width
from helpers.inspection.shapes.known import problem
from helpers.inspection.shapes.naming import QUERY_GRID
from helpers.inspection.shapes.places import at, put, somewhere
from helpers.inspection.shapes.prompt import by_prompt
from helpers.inspection.shapes.queries import (
    across_the_batch,
    by_queries,
    looks_at_words,
    queries_of,
)
from helpers.inspection.shapes.questions import no_layout, open_questions
from helpers.inspection.shapes.readings import exact, fits
from helpers.inspection.shapes.report import Known
from helpers.inspection.shapes.softmax import image_block, unseen_keys
from helpers.inspection.shapes.windows import are_shifted


def fit_keys(report, values, keys, facts, fold=None, batch=None):
    """Candidates for the axis of the keys; returns what stays open.

    fold: what the axes before the keys hold, see `folds`. batch: how many images.
    """
    shape, N = report.shape, report.shape[keys]
    if facts.input_ids is not None:
        prompts, doubts = by_prompt(N, facts)  # each a picture of its own
        report.candidates = [c for same in zip_longest(*prompts) for c in same if c]
        return doubts + open_questions(next(iter(prompts), []), facts)
    usual = fits(N, facts)
    if fold and fold.unit == "frames":
        facts = replace(facts, frames=None)  # they have an axis of their own
    if doubt := without_cells(report.axes, N, fold, usual):
        return [doubt]
    if across_the_batch(shape, keys, facts, batch) and not usual:
        found = problem("across the batch", cells=shape[0], count=shape[-1])
        if values is None and batch is None:
            return [f"{found.found}; or as many frames, or a window, of every cell"]
        report.problems.append(found)
        return []
    report.candidates = count(report, values, keys, facts, usual)
    no_weights = report.sums == () and facts.image_size is None
    no_weights &= values is None or bool(values.min() < -1e-6)
    if facts.input_unknown() or no_weights:
        found = [] if facts.family.prompt else report.candidates
        report.candidates = [c for c in found if c.likely or c.known != Known.COUNTED]
    doubts = []
    if fold and fold.windows:
        report.candidates, doubts = in_windows(report.candidates, fold, values, facts)
    report.candidates, contradicted = bind(report.candidates, shape, facts)
    doubts += contradicted
    if facts.family.note and (facts.family.grid or report.candidates):
        report.notes.append(f"{facts.name}: {facts.family.note}")
    if not report.candidates:
        return [no_layout(shape, keys, facts)]
    doubts += by_queries(report, N, facts)
    return doubts + open_questions(report.candidates, facts)


def in_windows(candidates, fold, values, facts):
    """(candidates, doubts) with the layouts of all windows, joined."""
    shifted, windows = are_shifted(values), fold.windows
    first = list(windows.candidates(shifted, facts.family.shifts))
    rest = [c for c in candidates if c.merge <= max(LIKELY_MERGES)]
    if fold.first and (fold.exact or "windows" in facts.family.kinds):
        rest = []  # one window is not the image
    return first + rest if fold.first else rest + first, [windows.doubt(shifted)]


def without_cells(axes, N, fold, usual):
    """Why no key has a place on the image, by the axes before the keys; or ""."""
    if not usual and any(axis.name == QUERY_GRID[0] for axis in axes):
        return (
            f"cells look at {N} keys: words of a prompt (the map of word k is "
            "weights[..., k]), or a neighbourhood of each cell, which is no map"
        )
    if fold and fold.unit == "places":
        return (
            f"{N} frames, at each place of the image: every cell looks at itself in "
            "time, no key has a cell"
        )
    if fold and fold.unit in ("rows", "columns") and not usual:
        return (
            f"axial attention: {N} cells look at those of their own {fold.unit[:-1]}; "
            f"the {fold.unit} stand along an axis before them. Where the image is "
            "square, rows and columns count the same"
        )
    return fold.windows.doubt() if fold and fold.windows and fold.windows.reach else ""


def count(report, values, keys, facts, usual):
    """Proposals by the number of keys, and by what the values show of their place."""
    shape, N = report.shape, report.shape[keys]
    seen = values is not None and bool(values.min() >= 0)  # no NaN, no scores
    block = image_block(values) if seen else None
    front, behind = unseen_keys(values, keys) if seen else (0, 0)
    square = report.what == "weights" and shape[:keys][-1:] == (N,)
    square &= report.sums != () or usual  # else a map, maybe
    report.notes += seen_in(square, usual, N, block, front, behind)
    T = queries_of(shape, keys)
    if not facts.family.grid and facts.family.kinds and not usual and T < N:
        return with_latents(N, T, facts)
    if not facts.family.grid and not (facts.family.kinds and usual):
        return []
    if looks_at_words(N, T, facts):
        return []
    if facts.text is not None:
        before, after = (*as_pair(facts.text), None)[:2]
        end = N - behind - (after or 0)
        return at(front + before, end, N, facts, whole=after is not None)
    if block and block[1]:
        return at(*block, N, facts, whole=True)
    found = alone(N, facts, front, behind, usual) if block is None else []
    if found and found[0].kind == "two pictures":
        cells = T == N or fits(T, facts)
        return found + somewhere(N, facts) if cells else somewhere(N, facts) + found
    if found and (found[0].off_grid < 3 or found[0].kind != "cells" or front + behind):
        return found
    found += somewhere(N, facts) if not found or found[0].known == Known.COUNTED else []
    channels = T > N or (T < N and is_width(N))
    if channels and all(c.free for c in found) and fits(T, facts):
        return []  # the queries are the cells, and the keys something else
    return found


def with_latents(N, T, facts):
    """Candidates for cells, and behind them the T learned queries that look at them."""
    found = exact(N - T, facts) if fits(N - T, facts) else []
    more = f", and the {T} learned queries themselves behind"
    return [replace(c, others=c.others + more) for c in put(found, 0, N)]


def alone(N, facts, front, behind, usual):
    """Candidates for an encoder's keys, with those that no query sees as padding."""
    unseen = [(front, behind), (0, behind), (front, 0)]
    if front + behind and facts.image_size is None:  # no cell is padding
        return put(exact(N - front - behind, facts), front, N)
    found = []
    for first, last in dict.fromkeys([(0, 0)] * usual + unseen + [(0, 0)]):
        padded = put(exact(N - last - first, facts), first, N)
        if padded and (padded[0].likely or not first + last):
            found += padded
            if not usual:
                break
    return found


def seen_in(square, usual, N, block, front, behind):
    """Notes on what the values show: a prompt, an image in it, padding."""
    if block == (0, 0):
        cut = (
            "; or all cells but the last stand behind a start token, as in training: "
            "cell k is key k + 1"
        )
        return [
            f"no query looks ahead: {N} tokens of a prompt, or words of a caption. "
            "Where the image's stand, text=, or input_ids= and image_token= say"
            + cut
            * usual
        ]
    if block:
        return [
            f"the tokens {block[0]} to {block[1] - 1} look ahead at one another, all "
            "others back only: an image, or an image and its prompt"
        ]
    notes = []
    if front + behind:
        notes.append(
            f"no query looks at the first {front} and the last {behind} keys: padding. "
            "spatial_shapes= says the grid of the others, where a processor has it"
        )
    if square:
        notes.append(
            f"({N}, {N}) is queries by keys, not a picture: one row of it is a map"
        )
    return notes
