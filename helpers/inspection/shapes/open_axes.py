"""What the axes before the keys leave open, and counts that no axis has."""

from helpers.inspection.shapes.axis_names import QUERY_GRID
from helpers.inspection.shapes.families import problem, say
from helpers.inspection.shapes.report import BY_PLACE


def open_axes(axes, queries):
    """What stays open about the axes before the queries, so many of them if known."""
    for number, axis in enumerate(axes):
        after = axes[number + 1] if number + 1 < len(axes) else axis
        where = {"number": number, "size": axis.size, "after": number + 1}
        if axis.name == "images or heads":
            both = number == 0 and after.size == axis.size
            both = ", or layers, and the heads of one query" * both
            yield say("images or heads", or_layers=both, **where)
        if after.name == "keys" and queries is None and not axis.named:
            if axis.name == "heads":
                yield say("heads or queries", **where)
            if axis.evidence == BY_PLACE and number == 0 and 1 < axis.size:
                yield say("queries or others", **where)
        layers = axis.name == "layers" and not axis.named
        if layers and not after.named:
            others = behind_layers(after, queries)
            yield f"axes {number} and {number + 1}: layers, then {others}"
        late = number and layers and axes[number - 1].named
        if axis.name == "layers or steps" or late:
            yield say("no count", **where)
        if axis.name == QUERY_GRID[0] and queries is None:
            yield say("query grid", **where)


def behind_layers(axis, queries):
    """What the axis behind the layers may be."""
    if axis.name != "heads":
        return "images, or the other way round. batch= settles it"
    if queries:
        return "heads; or images, then heads. batch= settles it"
    return "heads, of one query; or images or heads, then queries. heads= settles it"


def check_named(report, heads, queries):
    """Counts that the caller knows and that no axis has."""
    if report.what != "weights":
        return
    shape, sizes = report.shape, {axis.name: axis.size for axis in report.axes}
    *before, T, N = (1, *shape)
    across = len(before) > 2 and T == N == heads and heads not in before
    named = heads in shape or any("x heads" in name for name in sizes)
    A = before[-1] if before else 1
    if len(before) > 2 and 1 < A < (heads or 0) and heads % A == 0 and not named:
        report.ambiguous.append(say("grouped heads", size=A, heads=heads))
    elif (heads or 1) > 1 and (across or not named):
        kind = "across the heads" if across else "heads"
        report.problems.append(problem(kind, count=heads))
    found = sizes.get("steps", sizes.get("queries", sizes.get("words")))
    if queries in (None, found) or QUERY_GRID[0] in sizes:
        return
    if queries in shape and queries > 1:
        where = {"axis": shape.index(queries), "queries": queries}
        report.ambiguous.append(say("queries elsewhere", **where))
    elif found and found % queries == 0:
        several = {"queries": queries, "found": found}
        report.ambiguous.append(say("queries of several", **several))
    elif queries > 1 and found:
        report.problems.append(problem("queries", count=queries, size=found))
    elif queries > 1:
        report.ambiguous.append(f"no axis has the {queries} queries you named")
