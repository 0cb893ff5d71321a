"""A name for every axis before the keys: by known counts, then by place."""

from helpers.inspection.shapes.folded_axes import fold_of
from helpers.inspection.shapes.readings import fits
from helpers.inspection.shapes.report import Axis

ORDER = ("layers", "images", "heads", "queries")  # by convention, then the keys
MOST_LAYERS = 48  # where there are as many heads
LEAST_ALIKE = 12  # queries on two axes that are alike are at least so many a side
BY_PLACE = "by its position"
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
    all_keys = counts["queries"] in (None, 1) and free and shape[free[-1]] == N
    if not on_grid and all_keys:
        axes[free[-1]] = Axis("queries", N, "as many as keys")
    one, words = one_query(shape, counts, facts), facts.family.words
    name_counts(shape, axes, counts, ("queries", "heads"), one, words)
    fold, first = None, [shape[axis] for axis in free_axes(axes)[:1]]
    if counts["images"] and first != [counts["images"]]:
        fold = name_folds(shape, axes, N, counts, facts)
    name_counts(shape, axes, counts, ("images", "layers"), one, words)
    fold = fold or name_folds(shape, axes, N, counts, facts)
    name_by_place(shape, axes, counts, fold, facts)
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
    queries, prompt = counts["queries"], facts.in_prompt() or facts.family.prompt
    named = set(counts.values()) - {None, 1}
    for a, b in zip(free[-2::-1], free[:0:-1], strict=True):
        h, w = shape[a], shape[b]
        if b != a + 1 or {h, w} & named or min(h, w) < 4 or prompt:
            continue
        if queries not in (None, h * w):
            continue
        grids = facts.grids() if facts.image_size else ()
        usual = any((g.h, g.w) == (h, w) and g.likely for g in grids)
        own = h * w == N or (usual and 0 < N - h * w <= 5) or shape[-2:] == (h, w)
        if own or (usual and not fits(N, facts)):
            return a, b
        folded = h == w != N and not layers_and_heads(shape, facts)
        if folded and h >= LEAST_ALIKE and not fits(N, facts):
            return a, b
    return ()


def layers_and_heads(shape, facts):
    """True for (L, A, N) with as many layers as heads, as many models have."""
    L, A = (*shape, 0, 0)[:2]
    return len(shape) == 3 and 1 < L == A <= MOST_LAYERS and not facts.family.words


def one_query(shape, counts, facts):
    """True if no axis holds the queries: the caller has one, and no axis is as long; or
    there are as many layers as heads, of a prompt."""
    prompt = facts.in_prompt() or facts.family.prompt
    alike = prompt and layers_and_heads(shape, facts) and counts["queries"] is None
    return alike or (counts["queries"] == 1 and 1 not in shape)


def name_counts(shape, axes, counts, names, one, words):
    """Name axes by the counts that the caller knows, wherever they stand."""
    for name in names:
        same = [axis for axis in free_axes(axes) if shape[axis] == counts[name]]
        if name == "images" and words and shape[0] == 2 * (counts[name] or 0):
            continue  # guidance doubles them
        if same and not (name == "queries" and QUERY_GRID[0] in map(name_of, axes)):
            usual = len(axes) - 1 - len(ORDER) + ORDER.index(name) + one
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


def name_by_place(shape, axes, counts, fold, facts):
    """Name what is left: the last one queries, unless heads stand where they do, or the
    caller has one query and no axis is of size 1."""
    names = [axis.name for axis in axes if axis]
    free = free_axes(axes)
    one = [axis.name for axis in axes[-2:] if axis][:1] == ["heads"] and len(axes) < 4
    one |= one_query(shape, counts, facts)
    if free and not {"queries", *QUERY_GRID} & set(names) and not one:
        axes[free[-1]] = Axis("queries", shape[free[-1]], BY_PLACE)
        free = free[:-1]
    left = [n for n in ORDER[:-1] if n not in " ".join(names)]
    if fold or (one and layers_and_heads(shape, facts)):
        left = [name for name in left if name != "images"]
    T, N = next((a.size for a in axes if a and a.name == "queries"), 0), shape[-1]
    halves = facts.family.words or (fits(T, facts) and not fits(N, facts))
    for place, axis in enumerate(free):
        place -= len(free)
        axes[axis] = by_place(left, place, shape[axis], counts, len(free), halves)


def by_place(left, place, size, counts, count, halves):
    """The Axis at this place, from the end, of `count` ones. left: names to give.
    halves: that a picture may stand in it with its prompt, and without."""
    if count == 1 and left[-2:] == ["images", "heads"]:
        name = "images or heads"
    else:
        name = left[place] if -place <= len(left) else f"unknown {count + place}"
    heads, images = counts["heads"], counts["images"]
    doubled = 2 * (images or 0)
    if (
        halves
        and "images" in name
        and images
        and size in (doubled, doubled * (heads or 1))
    ):
        several = "images x " * (images > 1), " x heads" * (size > doubled)
        why = f"guidance doubles the {images} images you named"
        why += "; or heads" * (name == "images or heads" and not heads)
        return Axis("halves of guidance".join(several), size, why, size > doubled)
    if name == "images or heads" and heads and size % heads == 0:
        why = f"{size // heads} x the {heads} heads you named"
        why += "; guidance doubles the images" * (halves and size % (2 * heads) == 0)
        return Axis("images x heads", size, why, True)
    if name == "images or heads" and images and size % images == 0:
        name = "heads" if images == 1 and not halves else "images x heads"
        why = f"{images} x {size // images}: the images you named"
        return Axis(name, size, why + "; guidance doubles them" * halves)
    if counts.get(name) not in (None, size):
        why = f"{name} you named: {counts[name]}, so another axis"
        return Axis("layers or steps", size, why)
    gone = "; could be layers if the batch is gone"
    gone *= name == "images" and (count == 2 or counts["queries"] == 1)
    even = halves and size % 2 == 0 and name.startswith("images")
    gone += "; guidance doubles the images" * even
    return Axis(name, size, BY_PLACE + gone)
