"""Keys that are a list: filled up with padding, of each image as many as it needs."""

from dataclasses import replace

from helpers.inspection.shapes import placing
from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.processor import filled
from helpers.inspection.shapes.report import Known

LEAST_ROWS = 16  # of weights, of each image: in fewer, a key may be unseen by chance


def seen_keys(report, values, keys):
    """(B, N): which keys any query of an image looks at; () where images have no axis,
    or rows are few."""
    names = [axis.name for axis in report.axes]
    if values is None or "images" not in names:
        return ()
    images = names.index("images")
    images -= images > keys  # once the keys have moved behind it
    rows = values.nan_to_num().movedim(keys, -1).movedim(images, 0)  # (B, ..., N)
    rows = rows.reshape(len(rows), -1, report.shape[keys])  # (B, rows, N)
    return rows.any(1) if rows.shape[1] >= LEAST_ROWS else ()


def seen_by_each(report, values, keys):
    """[(n, end)] of each image: its keys n ... end - 1, in one run, are never looked
    at, and all others are; (N, N) where all are. [] where that does not hold."""
    N, found = report.shape[keys], []
    for seen in seen_keys(report, values, keys) if report.sums else ():  # (N,)
        none = (~seen).nonzero()[:, 0].tolist() or [N]
        found.append((none[0], none[-1] + (none[0] < N)))
        if len(none) != none[-1] + 1 - none[0]:
            return []
    return found


def filled_up(report, values, keys, facts):
    """Candidates for a batch whose pictures have a grid each, filled up to N keys;
    just counted where there are values that do not show that padding."""
    grids, N = facts.given_grids(), report.shape[keys]
    many = len(grids) > 1 and len(grids) == report.shape[0] and facts.grid_thw is None
    many &= report.axes[0].name == "images"
    sizes = [h * w for _, h, w in grids]
    if not many or max(sizes) > N or sum(sizes) <= N:
        return []
    each = seen_by_each(report, values, keys)
    while len(each) < len(sizes) and len(sizes) > 2 and each:
        sizes = sizes[::3]  # as `sample` does
    shown = each == [(n, N) for n in sizes]
    known = Known.RUN if shown or values is None else Known.COUNTED
    report.notes.append(say("filled"))
    return [replace(c, known=known) for c in filled(N, grids)]


def of_lists(report, values, keys, facts):
    """That keys are a list whose length differs from image to image, in words; or ""
    (of a grid, whole rows would be padding)."""
    each = seen_by_each(report, values, keys)
    if facts.image_size or facts.gives_layout() or facts.family.prompt or not each:
        return ""
    counts, N = {n for n, _ in each}, report.shape[keys]
    ends = {end for n, end in each if n < end}
    grids = [(int(c.layout.index.min()), c.layout.grid[-1]) for c in report.candidates]
    whole = any(all((n - first) % w == 0 for n in counts) for first, w in grids)
    if len(counts) < 2 or len(ends) > 1 or 0 in counts or whole or report.causal:
        return ""
    (end,) = ends
    memory = say("memory", behind=N - end, end=end) * (end < N)
    return say("lists", least=min(counts), most=end, memory=memory)


def in_the_values(report, values, keys, facts):
    """Notes on what only the values show of the order of the cells, and of padding."""
    return in_a_line(report, values, keys, facts) + padded(report, values, keys)


def padded(report, values, keys):
    """Notes on pictures of which no query looks at the last rows or columns."""
    best = report.best
    if best is None or len(best.layout.grid) != 2:
        return []
    cells, grid = best.layout.index.flatten(), best.layout.grid
    each = (seen[cells].reshape(*grid) for seen in seen_keys(report, values, keys))
    ends = {ends_of(seen) for seen in each}  # seen: (h, w)
    return [say("padded", rows=h, columns=w) for h, w in sorted(ends - {None})]


def ends_of(seen):
    """How many of the last rows and columns of (h, w) cells are not seen; None if all
    are, or others are not."""
    h, w = (int(seen.any(axis).sum()) for axis in (1, 0))
    if seen.all() or not h or not seen[:h, :w].all():
        return None
    return seen.shape[0] - h, seen.shape[1] - w


def in_a_line(report, values, keys, facts):
    """A note where the values are in one line rather than on a grid that is guessed."""
    best = None if facts.image_size or report.causal else report.best
    if best is None or not placing.runs_on(best, values, keys):
        return []
    return [say("runs on", size=best.size)]
