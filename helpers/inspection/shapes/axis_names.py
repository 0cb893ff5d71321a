"""A name for every axis before the keys: by known counts, then by place."""

from helpers.inspection.shapes.folded_axes import fold_of
from helpers.inspection.shapes.readings import fits
from helpers.inspection.shapes.report import BY_PLACE, Axis

ORDER = ("layers", "images", "heads", "queries")  # by convention, then the keys
MOST_LAYERS = 48  # where there are as many heads
MOST_HEADS = 32  # more on an axis of their own are windows
LEAST_ALIKE = 12  # queries on two axes that are alike are at least so many a side
QUERY_GRID = ("rows of queries", "columns of queries")


def name_axes(shape, keys, evidence, facts):
    """(a list of Axis, Fold or None). keys: their axis, None for (rows, columns)."""
    names = Names(shape, facts)
    if keys is None:
        names.put(len(shape) - 2, "rows", evidence)
        names.put(len(shape) - 1, "columns", evidence)
    else:
        names.put(keys, "keys", evidence)
    names.N = shape[keys] if keys is not None else shape[-2] * shape[-1]
    if keys is not None and keys < len(shape) - 1 and shape[-1] == 1:
        names.behind_keys()
    names.of_queries()
    names.by_counts("queries", "heads")
    first = [shape[axis] for axis in names.free[:1]]
    fold = names.of_folds() if facts.batch and first != [facts.batch] else None
    names.by_counts("images", "layers")
    fold = fold or names.of_folds()
    for axis in [a for a in names.free if keys is None and shape[a] == facts.frames]:
        names.put(axis, "frames", f"the {facts.frames} frames you named", True)
    names.of_steps()
    names.by_place(fold)
    return names.axes, fold


class Names:
    """The axes of a shape, with the names that they have so far. N: keys."""

    def __init__(self, shape, facts):
        self.shape, self.facts = shape, facts
        self.axes, self.N = [None] * len(shape), None

    def put(self, axis, name, evidence, named=False):
        self.axes[axis] = Axis(name, self.shape[axis], evidence, named)

    @property
    def free(self):
        return [number for number, axis in enumerate(self.axes) if axis is None]

    @property
    def T(self):
        """How many queries there are; 0 where no axis has that name yet."""
        return next((a.size for a in self.axes if a and a.name == "queries"), 0)

    def has(self, *names):
        return any(axis.name in names for axis in self.axes if axis)

    def behind_keys(self):
        """The last axis, of size 1: an axis that the caller has one of, or what is left
        of a head, or of the score."""
        last, free = len(self.shape) - 1, self.free
        self.by_counts("heads", "queries")
        if last in self.free and self.free == free:
            self.put(last, "left over", "one head, one query, or the score's one unit")

    def of_queries(self):
        """Queries on a grid, or as many as keys."""
        for axis, name in zip(self.query_grid(), QUERY_GRID, strict=False):
            self.put(axis, name, "two axes on a grid")
        for last in self.free[-1:] if self.facts.queries in (None, 1) else ():
            if self.shape[last] == self.N:
                self.put(last, "queries", "as many as keys")

    def query_grid(self):
        """The two axes on which the queries are folded to a grid; or ()."""
        free, facts, N = self.free, self.facts, self.N
        free = [] if facts.in_prompt() or facts.family.prompt else free
        named = set(facts.counts.values()) - {None, 1}
        for a, b in zip(free[-2::-1], free[:0:-1], strict=True):
            h, w = self.shape[a], self.shape[b]
            asked = facts.queries in (None, h * w) and b == a + 1
            if {h, w} & named or min(h, w) < 4 or N == w or not asked:
                continue
            usual = any((g.h, g.w) == (h, w) and g.likely for g in facts.grids())
            alike = h == w >= LEAST_ALIKE and not self.layers_and_heads()
            own = h * w == N or (usual and 0 < N - h * w <= 5)
            if own or ((usual or alike) and not (fits(N, facts) and facts.family.grid)):
                return a, b
        return ()

    def layers_and_heads(self):
        """True for (L, A, N) with as many layers as heads, as many models have."""
        L, A = (*self.shape, 0, 0)[:2]
        alike = len(self.shape) == 3 and 1 < L == A <= MOST_LAYERS
        return alike and not self.facts.family.words

    def one_query(self):
        """True if no axis holds the queries: the caller has one, and no axis is as
        long; or there are as many layers as heads, of a prompt."""
        queries = self.facts.queries
        prompt = self.facts.in_prompt() or self.facts.family.prompt
        alike = prompt and queries is None and self.layers_and_heads()
        return alike or (queries == 1 and 1 not in self.shape)

    def by_counts(self, *names):
        """Name axes by the counts that the caller knows, wherever they stand."""
        for name in names:
            count, words = self.facts.counts[name], self.facts.family.words
            same = [axis for axis in self.free if self.shape[axis] == count]
            if name == "images" and words and self.shape[0] == 2 * (count or 0):
                continue  # guidance doubles them
            if same and not (name == "queries" and self.has(QUERY_GRID[0])):
                usual = len(self.axes) - 1 - len(ORDER) + self.one_query()
                usual += ORDER.index(name)
                axis = min(same, key=lambda axis: (abs(axis - usual), -axis))
                self.put(axis, name, f"the {count} {name} you named", True)

    def of_folds(self):
        """Name the axis that holds windows, frames or places; its Fold, or None."""
        free, heads = self.free, self.has("heads")
        found = self.has("queries", QUERY_GRID[0])
        before = free if found else free[:-1]
        T = self.T or (self.shape[free[-1]] if free else 1)
        apart = heads or len(before) > 1  # the heads have an axis of their own
        inside = [a for a in before[1:] if self.shape[a] > MOST_HEADS]  # of a 5-D one
        folds, inside = {}, inside if len(before) == 3 else []
        for axis in before if heads else (*before[:1], *inside):
            outer = self.has("images") or axis != before[0]
            batch = 1 if outer else self.facts.batch
            A = 1 if apart else self.facts.heads
            if fold := fold_of(self.shape[axis], self.N, T, self.facts, batch, A):
                folds[axis] = fold
        exact = [axis for axis in folds if folds[axis].exact]
        for axis in (*exact, *before[:1], *inside):
            if fold := folds.get(axis):
                if fold.first:
                    self.put(axis, fold.name, fold.evidence, fold.exact)
                return fold
        return None

    def of_steps(self):
        """Queries that stand apart from the keys, with one query before these, are the
        steps of a run that writes word by word."""
        apart = [n for n, a in enumerate(self.axes) if a and a.name == "queries"]
        one = self.free[-1:]
        if apart and one and apart[0] < one[0] and self.shape[one[0]] == 1:
            self.put(apart[0], "steps", self.axes[apart[0]].evidence, True)
            self.put(one[0], "queries", "one of each step", True)

    def by_place(self, fold):
        """Name what is left: the last one queries, unless heads stand where they do, or
        the caller has one query and no axis is of size 1."""
        names = " ".join(axis.name for axis in self.axes if axis)
        heads_last = [a.name for a in self.axes[-2:] if a][:1] == ["heads"]
        one = (heads_last and len(self.axes) < 4) or self.one_query()
        if self.free and not self.has("queries", *QUERY_GRID) and not one:
            self.put(self.free[-1], "queries", BY_PLACE)
        left = [name for name in ORDER[:-1] if name not in names]
        if (fold and fold.first and self.axes[0]) or (one and self.layers_and_heads()):
            left = [name for name in left if name != "images"]
        facts, count = self.facts, len(self.free)
        halves = fits(self.T, facts) and not fits(self.shape[-1], facts)
        halves = facts.family.words or halves
        unknown = [f"unknown {n}" for n in range(count - len(left))]
        either = count == 1 and left[-2:] == ["images", "heads"]
        names = ["images or heads"] if either else unknown + left[-count:]
        for axis, name in zip(self.free, names, strict=False):
            self.axes[axis] = axis_of(name, self.shape[axis], count, halves, facts)


def axis_of(name, size, count, halves, facts):
    """The Axis of this name, by its place among `count` ones. halves: that a picture
    may stand in it with its prompt, and without."""
    heads, images, either = facts.heads, facts.batch, name == "images or heads"
    double = 2 * (images or 0)
    if halves and "images" in name and size in (double, double * (heads or 1)):
        several = "images x " * (images > 1), " x heads" * (size > double)
        why = f"guidance doubles the {images} images you named"
        why += "; or heads" * (either and not heads)
        return Axis("halves of guidance".join(several), size, why, size > double)
    if either and heads and size % heads == 0:
        why = f"{size // heads} x the {heads} heads you named"
        why += "; guidance doubles the images" * (halves and size % (2 * heads) == 0)
        return Axis("images x heads", size, why, True)
    if either and images and size % images == 0:
        name = "heads" if images == 1 and not halves else "images x heads"
        why = f"{images} x {size // images}: the images you named"
        return Axis(name, size, why + "; guidance doubles them" * halves)
    if facts.counts.get(name) not in (None, size):
        why = f"{name} you named: {facts.counts[name]}, so another axis"
        return Axis("layers or steps", size, why)
    gone = name == "images" and (count == 2 or facts.queries == 1)
    even = halves and size % 2 == 0 and name.startswith("images")
    why = "; could be layers if the batch is gone" * gone
    parts = f": or 2 halves x {size // 2} heads" * either
    why += f"; guidance doubles the images{parts}" * even
    return Axis(name, size, BY_PLACE + why)
