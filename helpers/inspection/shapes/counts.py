"""What the axes before the keys leave open, and counts that no axis has."""

from helpers.inspection.shapes.known import problem
from helpers.inspection.shapes.naming import BY_PLACE, QUERY_GRID


def open_axes(axes, queries):
    """What stays open about the axes before the queries, so many of them if known."""
    for number, axis in enumerate(axes):
        behind = axes[number + 1] if number + 1 < len(axes) else axis
        said = f"axis {number} of size {axis.size}: "
        if axis.name == "images or heads":
            both = ", or layers, and the heads of one query"
            yield (
                f"{said}the images of a batch (the heads gone, or averaged), or the "
                f"heads of one image{both * (number == 0 and behind.size == axis.size)}"
                ". batch= or heads= settles it"
            )
        if behind.name == "keys" and queries is None and not axis.named:
            if axis.name == "heads":
                yield (
                    f"{said}the heads of one query, or as many queries, the heads "
                    "averaged. queries= settles it"
                )
            if axis.evidence == BY_PLACE and number == 0 and 1 < axis.size:
                yield (
                    f"{said}queries, or the heads, layers or images of one query. "
                    "heads= or queries= settles it"
                )
        if axis.name == "layers" and not axis.named and not behind.named:
            others = after(behind, queries)
            yield f"axes {number} and {number + 1}: layers, then {others}"
        late = axis.name == "layers" and not axis.named and axes[number - 1].named
        if axis.name == "layers or steps" or (number and late):
            yield (
                f"{said[:-2]} is none of the counts you named: layers, steps, windows "
                "of the image, or the places within a patch (MobileViT)"
            )
        if axis.name == QUERY_GRID[0] and queries is None:
            yield (
                f"axes {number} and {number + 1} are taken for a grid of queries: "
                "heads= and queries= say if they are those instead"
            )


def after(behind, queries):
    """What the axis behind the layers may be."""
    if behind.name != "heads":
        return "images, or the other way round. batch= settles it"
    if queries:
        return "heads; or images, then heads. batch= settles it"
    return "heads, of one query; or images or heads, then queries. heads= settles it"


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
    found = sizes.get("queries")
    if queries in (None, found) or QUERY_GRID[0] in sizes:
        return
    if queries in report.shape and queries > 1:
        axis = report.shape.index(queries)
        report.ambiguous.append(
            f"axis {axis} has the {queries} queries you named: axes are swapped, or "
            "the softmax ran over the queries"
        )
    elif found and found % queries == 0:
        report.ambiguous.append(
            f"you named {queries} queries, and one axis has {found}: those of several "
            "images, heads or steps; or of every token, one of which you want"
        )
    elif queries > 1 and found:
        report.problems.append(problem("queries", count=queries, size=found))
    elif queries > 1:
        report.ambiguous.append(f"no axis has the {queries} queries you named")
