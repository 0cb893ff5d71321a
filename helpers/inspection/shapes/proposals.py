"""Which layouts go on the report."""

from dataclasses import replace
from itertools import zip_longest
from math import isqrt

from helpers.inspection.shapes import each_image, lists, placing, queries, questions
from helpers.inspection.shapes.axis_names import QUERY_GRID
from helpers.inspection.shapes.contradictions import bind
from helpers.inspection.shapes.facts import LIKELY_MERGES, as_pair
from helpers.inspection.shapes.families import problem, say
from helpers.inspection.shapes.features import HEADS
from helpers.inspection.shapes.inputs import instead
from helpers.inspection.shapes.prompt_layout import by_prompt
from helpers.inspection.shapes.readings import exact, fits
from helpers.inspection.shapes.report import Known
from helpers.inspection.shapes.softmax import image_block, unseen_keys
from helpers.inspection.shapes.windows import are_shifted


def fit_keys(report, values, keys, facts, fold=None):
    """Candidates for the keys; returns what stays open. fold: see `folded_axes`."""
    shape, N = report.shape, report.shape[keys]
    if facts.input_ids is not None:
        prompts, doubts = by_prompt(N, facts)  # each a picture of its own
        return doubts + of_prompts(report, prompts, facts)
    report.candidates = lists.filled_up(report, values, keys, facts)
    if report.candidates:
        return [say("padding unseen")] * (not report.proven)
    usual = fits(N, facts)
    if fold and fold.unit == "frames":  # they have an axis of their own
        several = usual and report.queries != N  # a frame looks at some
        facts = replace(facts, frames=None if several else 1)
    note = [f"{facts.name}: {facts.family.note}"] * bool(facts.family.note)
    if doubt := without_cells(report, N, fold, usual, facts):
        return [doubt] if facts.family.grid else [*note, doubt]
    if queries.across_the_batch(shape, keys, facts) and not usual:
        found = problem("across the batch", cells=shape[0], count=shape[-1])
        if values is None and facts.batch is None:
            return [f"{found.found}; or as many frames, or a window, of every cell"]
        report.problems.append(found)
        return []
    report.candidates = by_count(report, values, keys, facts, usual)
    if doubt := lists.of_lists(report, values, keys, facts):
        report.candidates = []
        return [*note, doubt]
    if values is not None:
        sort_by_values(report, values, keys)
        report.notes += lists.in_the_values(report, values, keys, facts)
    report.candidates = without_chance(report, values, facts)
    doubts = []
    if fold and fold.windows:
        report.candidates, doubts = in_windows(report, fold, values, facts)
    report.candidates, contradicted = bind(report.candidates, shape, facts)
    if not fold:
        report.candidates = instead(report, N, facts)
    if facts.family.grid or report.candidates:
        report.notes += note
    return doubts + contradicted + still_open(report, keys, facts)


def of_prompts(report, prompts, facts):
    """Put the candidates of each prompt on the report; returns what stays open."""
    report.candidates = [c for same in zip_longest(*prompts) for c in same if c]
    asked = [q for own in prompts for q in questions.open_questions(own, facts)]
    return each_image.doubts(report, facts) + [*dict.fromkeys(asked)]


def sort_by_values(report, values, keys):
    """Put the smoothest first of candidates that differ in the order of their keys."""
    alike = questions.in_parts(report.candidates)
    if len(alike) > 1:
        alike, smooth = placing.smoothest(alike, values, keys)
        rest = [c for c in report.candidates if c not in alike]
        orders = {c.kind for c in alike} <= {*questions.ORDERS} and not alike[0].free
        report.candidates = (alike[:1] if smooth and orders else alike) + rest
        report.notes += [say("smoothest")] * smooth


def without_chance(report, values, facts):
    """The candidates without chance hits, where nobody knows the size of the input."""
    no_weights = report.sums == () and facts.image_size is None
    no_weights &= values is None or bool(values.min() < -1e-6)
    if not facts.input_unknown() and not no_weights:
        return report.candidates
    found = [] if facts.family.prompt else report.candidates
    return [c for c in found if c.likely or c.known != Known.COUNTED]


def still_open(report, keys, facts):
    """What stays open with the candidates on the report, or why there are none."""
    N = report.shape[keys]
    if not report.candidates:
        return [questions.no_layout(report, keys, facts)]
    own = report.looking = queries.cells_that_look(report, N, facts)
    T = report.queries
    if own and report.sums and N in HEADS and own.off_grid == T - N > 0:
        report.candidates = []  # as many channels of a head as cells, by chance
        return [say("softmax axis", T=T, N=N, keys="may be a head's width")]
    if own:  # as many steps in time as the queries have come first
        t, plane = own.layout.grid[:-2], own.layout.grid[-2:]
        report.candidates.sort(key=lambda c: (not c.likely, c.layout.grid[:-2] != t))
        same = [c for c in report.candidates if c.layout.grid[-2:] == plane]
        same = [c for c in same if c.layout.grid[2:] and c.off_grid < own.cells]
        if report.best.free and same:
            report.candidates = same  # several frames, or pictures, of that grid
    doubts = each_image.doubts(report, facts) + queries.latents_behind(report, N)
    doubts += queries.by_queries(report, N, facts, own)
    if facts.views:
        apart = [c for c in report.candidates if c.kind == "frames"]
        report.candidates = apart or report.candidates
        plane = f", {isqrt(T)} x {isqrt(T)}" * (isqrt(T) ** 2 == T > 1)
        doubts.append(say("views", n=facts.views, plane=plane))
    if not facts.family.grid and T == N and not report.candidates[0].off_grid:
        doubts.append(say("latents", N=N))
    return doubts + questions.open_questions(report.candidates, facts)


def in_windows(report, fold, values, facts):
    """(candidates, doubts) with the layouts of all windows, joined."""
    shifted, windows, candidates = are_shifted(values), fold.windows, report.candidates
    names = [axis.name for axis in report.axes]
    axis = names.index(fold.unit) if fold.unit in names else 0
    first = list(windows.candidates(shifted, facts.family, inside=axis > 0))
    if len(first) > 1 and not windows.reach and values is not None:
        rows = values.mean(-2).movedim(axis, -2).flatten(-2)  # (..., windows * N)
        if rows.shape[-1] == first[0].layout.length:  # of one image
            first, _ = placing.smoothest(first, rows)
    rest = [c for c in candidates if c.merge <= max(LIKELY_MERGES)]
    if fold.first and (fold.exact or "windows" in facts.family.kinds):
        rest = []  # one window is not the image
    found = first + rest if fold.first else rest + first
    return found, [windows.doubt(shifted, fold.heads, axis)]


def without_cells(report, N, fold, usual, facts):
    """Why no key has a place on the image, by the axes before the keys; or ""."""
    unit = fold.unit if fold else ""
    if not usual and any(a.name == QUERY_GRID[0] for a in report.axes):
        return say("looks at words", N=N)
    if facts.words == N:
        T = report.queries
        grid = questions.grid_that_looks(T, facts) if T != N and fits(T, facts) else ""
        more = f", and the {T} queries may be cells{grid}" * bool(grid)
        more += f". {say('text alone')}" * (T == N)
        return say("named words", N=N, queries=more)
    if facts.frames in (N, N - 1) and not usual and not unit:
        return say("in time", N=N, frames=facts.frames)
    if unit == "places":
        return say("places", N=N)
    if unit in ("rows", "columns") and not usual:
        return say("axial", N=N, one=unit[:-1])
    return fold.windows.doubt() if fold and fold.windows and fold.windows.reach else ""


def by_count(report, values, keys, facts, usual):
    """Proposals by the number of keys, and by what the values show of their place."""
    shape, N = report.shape, report.shape[keys]
    seen = values is not None and bool(values.min() >= 0)  # no NaN, no scores
    block = image_block(values) if seen else None
    front, behind = unseen_keys(values, keys) if seen else (0, 0)
    square = report.what == "weights" and shape[:keys][-1:] == (N,)
    square &= report.sums != () or usual  # else a map, maybe
    report.causal = square and block == (0, 0)
    report.notes += seen_in(square, usual, N, block, front, behind)
    text = report.causal and not (facts.family.prompt or facts.gives_layout())
    report.notes += [say("text alone")] * text
    if text and facts.family.kinds and not usual:
        return []
    T = report.queries
    if not facts.family.grid and not (facts.family.kinds and usual):
        own = facts.family.kinds and T < N and fits(N - T, facts)
        found = placing.put(exact(N - T, facts) if own else [], 0, N)
        more = f", and the {T} learned queries themselves behind"
        return [replace(c, others=c.others + more) for c in found]
    if queries.looks_at_words(N, T, facts):
        return []
    found = placing.by_text(N, facts, front, behind)
    if found is not None:
        last = block == (0, 0) and square and None in (*as_pair(facts.text), None)[:2]
        ends = [c for c in found if last and c.layout.index.max() == N - 1]
        if seen and T == N and not report.causal:  # an encoder's class token is first
            found = queries.class_token_first(found)
        return [replace(c, free=c.free or c in ends) for c in found]
    if block and block[1]:
        return placing.at(*block, N, facts, whole=True)
    found = placing.alone(N, facts, front, behind, usual) if block is None else []
    found = found if found and front + behind else placing.anywhere(N, T, facts, found)
    return [c for c in found if c.merge == 1 or not text or c.merge in facts.merges]


def seen_in(square, usual, N, block, front, behind):
    """Notes on what the values show: a prompt, an image in it, padding."""
    if block == (0, 0):
        return [say("causal", N=N) + say("causal cells") * usual]
    if block:
        return [say("ahead", start=block[0], end=block[1] - 1)]
    padding = [say("padding", front=front, behind=behind)] * bool(front + behind)
    row = f"({N}, {N}) is queries by keys, not a picture: one row of it is a map"
    return padding + [row] * square
