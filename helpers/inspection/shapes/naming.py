"""A name for every axis before the keys: by known counts, then by place."""

from helpers.inspection.shapes.folds import fold_of
from helpers.inspection.shapes.known import problem
from helpers.inspection.shapes.readings import fits
from helpers.inspection.shapes.report import Axis

ORDER = ("layers", "images", "heads", "queries")  # by convention, then the keys
LEAST_ALIKE = 12  # queries on two axes that are alike are at least so many a side
QUERY_GRID = ("rows of queries", "columns of queries")


def name_axes(shape, keys, evidence, counts, facts):
    """(a list of Axis, Fold or None). keys: their axis, None for (rows, columns).
    counts: {name: how many the caller knows of, or None}."""
    axes = [None] * len(shape)
    if keys is None:
        axes[-2:] = [
            Axis(name, size, evidence)
            for name, size in zip(("rows", "columns"), shape[-2:], strict=True)
        ]
    else:
        axes[keys] = Axis("keys", shape[keys], evidence)
    N = shape[keys] if keys is not None else shape[-2] * shape[-1]
    on_grid = query_grid(shape, axes, N, counts, facts)
    for axis, name in zip(on_grid, QUERY_GRID, strict=False):
        axes[axis] = Axis(name, shape[axis], "two axes on a grid")
    free = free_axes(axes)
    if not on_grid and counts["queries"] is None and free and shape[free[-1]] == N:
        axes[free[-1]] = Axis("queries", N, "as many as keys")
    name_counts(shape, axes, counts, ("queries", "heads"))
    fold, first = None, [shape[axis] for axis in free_axes(axes)[:1]]
    if counts["images"] and first != [counts["images"]]:
        fold = name_folds(shape, axes, N, counts, facts)
    name_counts(shape, axes, counts, ("images", "layers"))
    fold = fold or name_folds(shape, axes, N, counts, facts)
    name_by_place(shape, axes, counts, fold)
    return axes, fold


def name_of(axis):
    return axis.name if axis else ""


def free_axes(axes):
    return [number for number, axis in enumerate(axes) if axis is None]


def query_grid(shape, axes, N, counts, facts):
    """The two axes on which the queries are folded to a grid; or ()."""
    free = free_axes(axes)
    if free and shape[free[-1]] == N:
        return ()  # as many queries as keys
    named = set(counts.values()) - {None, 1}
    for a, b in zip(free[-2::-1], free[:0:-1], strict=True):
        h, w = shape[a], shape[b]
        if b != a + 1 or {h, w} & named or min(h, w) < 4:
            continue
        grids = facts.grids() if facts.image_size else ()
        usual = any((g.h, g.w) == (h, w) and g.likely for g in grids)
        own = h * w == N or (usual and 0 < N - h * w <= 5) or shape[-2:] == (h, w)
        if own or (usual and not fits(N, facts)):
            return a, b
        many = len(free) > 3 or h * w >= LEAST_ALIKE**2
        if h == w != N and many and h >= LEAST_ALIKE and not fits(N, facts):
            return a, b
    return ()


def name_counts(shape, axes, counts, names):
    """Name axes by the counts that the caller knows, wherever they stand."""
    for name in names:
        same = [axis for axis in free_axes(axes) if shape[axis] == counts[name]]
        if same and not (name == "queries" and QUERY_GRID[0] in map(name_of, axes)):
            usual = len(axes) - 1 - len(ORDER) + ORDER.index(name)
            axis = min(same, key=lambda axis: (abs(axis - usual), -axis))
            why = f"the {counts[name]} {name} you named"
            axes[axis] = Axis(name, shape[axis], why, True)


def name_folds(shape, axes, N, counts, facts):
    """Name the axis that holds windows, frames or places; return its Fold, or None."""
    names = [axis.name for axis in axes if axis]
    free = free_axes(axes)
    before = free if "queries" in names or QUERY_GRID[0] in names else free[:-1]
    T = next((axis.size for axis in axes if axis and axis.name == "queries"), None)
    T = T or (shape[free[-1]] if free else 1)
    apart = "heads" in names or len(before) > 1  # the heads have an axis of their own
    heads = 1 if apart else counts["heads"]
    found = {}
    for axis in before if "heads" in names else before[:1]:
        batch = 1 if "images" in names or axis != before[0] else counts["images"]
        if fold := fold_of(shape[axis], N, T, facts, batch, heads):
            found[axis] = fold
    exact = [axis for axis in found if found[axis].exact]
    for axis in (*exact, *before[:1]):
        if axis in found:
            fold = found[axis]
            if fold.first:
                axes[axis] = Axis(fold.name, shape[axis], fold.evidence, fold.exact)
            return fold
    return None


def name_by_place(shape, axes, counts, fold):
    """Name what is left: the last one queries, unless heads stand where they do."""
    names = [axis.name for axis in axes if axis]
    free = free_axes(axes)
    one = [axis.name for axis in axes[-2:] if axis][:1] == ["heads"] and len(axes) < 4
    if free and not {"queries", *QUERY_GRID} & set(names) and not one:
        axes[free[-1]] = Axis("queries", shape[free[-1]], "by its position")
        free = free[:-1]
    left = [n for n in ORDER[:-1] if n not in " ".join(names)]
    if fold:
        left = [name for name in left if name != "images"]
    for place, axis in enumerate(free):
        axes[axis] = by_place(left, place - len(free), shape[axis], counts, len(free))


def by_place(left, place, size, counts, count):
    """The Axis at this place, from the end, of `count` ones. left: names to give."""
    if count == 1 and left[-2:] == ["images", "heads"]:
        name = "images or heads"
    else:
        name = left[place] if -place <= len(left) else f"unknown {count + place}"
    heads, images = counts["heads"], counts["images"]
    if name == "images or heads" and heads and size % heads == 0:
        why = f"{size // heads} x the {heads} heads you named"
        return Axis("images x heads", size, why, True)
    if name == "images or heads" and images and size % images == 0:
        name = "heads" if images == 1 else "images x heads"
        return Axis(name, size, f"{images} x {size // images}: the images you named")
    if counts.get(name) not in (None, size):
        why = f"{name} you named: {counts[name]}, so another axis"
        return Axis("layers or steps", size, why)
    gone = "; could be layers if the batch is gone"
    gone *= name == "images" and count == 2
    return Axis(name, size, "by its position" + gone)


def open_axes(axes):
    """What stays open about the axes before the queries."""
    for number, axis in enumerate(axes):
        if axis.name == "images or heads":
            yield (
                f"axis {number} of size {axis.size}: the images of a batch (the heads "
                "gone, or averaged), or the heads of one image. batch= or heads= "
                "settles it"
            )
        one = not any(axis.name == "queries" and axis.named for axis in axes)
        if axis.name == "heads" and number == len(axes) - 2 and one:
            yield (
                f"axis {number} of size {axis.size}: the heads of one query, or as "
                "many queries, the heads averaged. queries= settles it"
            )
        if axis.name == "layers" and not axis.named and not axes[number + 1].named:
            yield (
                f"axes {number} and {number + 1}: layers, then images, or the other "
                "way round. batch= settles it"
            )
        if axis.name == "layers or steps":
            yield (
                f"axis {number} of size {axis.size} is none of the counts you named: "
                "layers, steps, windows of the image, or the places within a patch "
                "(MobileViT)"
            )
        if axis.name == QUERY_GRID[0]:
            yield (
                f"axes {number} and {number + 1} are taken for a grid of queries: "
                "heads= and queries= say if they are those instead"
            )


def check_named(report, heads, queries):
    """Counts that the caller knows and that no axis has."""
    if report.what != "weights":
        return
    sizes = {axis.name: axis.size for axis in report.axes}
    *before, T, N = (1, *report.shape)
    across = len(before) > 2 and T == N == heads and heads not in before
    named = heads in report.shape or any("x heads" in name for name in sizes)
    A = before[-1] if before else 1
    if len(before) > 2 and 1 < A < (heads or 0) and heads % A == 0 and not named:
        report.ambiguous.append(
            f"an axis has {A} of the {heads} heads that are named: groups of heads "
            "that share their keys (a cache), or those of one device"
        )
    elif heads is not None and heads > 1 and (across or not named):
        kind = "across the heads" if across else "heads"
        report.problems.append(problem(kind, count=heads))
    if queries is None or sizes.get("queries", queries) == queries:
        return
    if queries in report.shape:
        axis = report.shape.index(queries)
        report.ambiguous.append(
            f"axis {axis} has the {queries} queries you named: axes are swapped, or "
            "the softmax ran over the queries"
        )
    elif queries > 1:
        report.problems.append(problem("queries", count=queries, size=sizes["queries"]))
