"""Two shapes that had to fit together, laid one above the other from the right."""

from math import prod

from helpers.inspection.messages.numbers import HEADS, WIDTHS, as_shape, told
from helpers.inspection.messages.pairs import pair


def differing(first, second):
    """(axis, a, b) where two shapes differ, laid one above the other from the right."""
    last = max(len(first), len(second)) - 1
    pairs = enumerate(zip(first[::-1], second[::-1], strict=False))
    found = [(last - place, a, b) for place, (a, b) in pairs]
    return [(axis, a, b) for axis, a, b in found[::-1] if a != b and -1 not in (a, b)]


def wide(shape):
    """Is the last axis a width, of features and not of weights?"""
    return shape[-1:] != shape[-2:-1] and shape[-1] in WIDTHS


def shapes(first, second, **_):
    """Two whole shapes that do not fit together; -1 is an axis of any length."""
    first, second = as_shape(first), as_shape(second)
    axes, equal = (len(first), len(second)), len(first) == len(second)
    differ = differing(first, second)
    hard = [one for one in differ if 1 not in one[1:]]  # a 1 can be repeated
    four = axes == (4, 4)
    outer = all(axis < max(axes) - 2 for axis, *_ in differ)  # batch or heads
    query = four and (is_step(first, second) or is_step(second, first))
    unlike = hard or differ
    places = "; ".join(f"axis {axis}: {a} and {b}" for axis, a, b in unlike)
    holds = {
        "repeat": first and second and outer and not (hard or wide(first)),
        "one-query": query,
        "ranks": not equal,
        "differ": differ,
        "steps": four and first[:2] == second[:2] and second[2] == 1,
        "mask": four and 1 in (first[1], second[1]) and first[1] != second[1],
        "turned": sorted(first) == sorted(second) and first != second,
        "batch-twice": four and 1 < second[0] == second[1] == first[0] != first[1],
    }
    facts = told("shapes", holds, first=first, second=second, axes=axes, places=places)
    facts |= heads_axis(first, second) or elsewhere(first, second, hard)
    if equal and len(first) > 2:
        facts |= maps(first, second, differ)
    if len(unlike) == 1:
        axis, a, b = unlike[0]
        rows = len(first) == 2 and wide(first)  # (N, D): tokens in front
        facts |= pair(a, b, axis if equal and not rows else None)
    return facts


def elsewhere(first, second, hard):
    """Axes of the second shape that are as long as another axis of the first."""
    if sorted(first) == sorted(second) or min(len(first), len(second)) < 3:
        return {}
    axes, places = max(len(first), len(second)), []
    for axis, _, n in hard:
        same = [i for i, size in enumerate(first, axes - len(first)) if size == n > 2]
        if other := [i - axes + len(first) for i in same if i != axis]:
            own = axis - axes + len(second)
            places.append(f"axis {own}, {n}, is as long as axis {other[-1]}")
    holds = {"elsewhere": places, "five-axes": places and axes > 4}
    values = {"first": first, "second": second, "places": "; ".join(places)}
    return told("shapes", holds, **values, axes=axes)


def is_step(scores, mask):
    """One query of a step with a cache, and a mask that was made for all queries."""
    (_, heads, queries, keys), (_, each, rows, columns) = scores, mask
    return queries == 1 < rows and each in (1, heads) and keys - columns in (0, 1)


def heads_axis(first, second):
    """Shapes that lack an axis behind the first, or have heads in the first."""
    few, many = sorted((first, second), key=len)
    more = len(many) - len(few)
    pairs = zip(few[1:], many[more + 1 :], strict=True)
    tail = [1 in pair or len({*pair}) == 1 for pair in pairs]
    met = [one for one in differing(few, many) if 1 not in one[1:]][:1]
    if len(few) < 2 or len(many) > 4 or not met or not all(tail) or min(few) < 1:
        return {}
    low, high = sorted((few[0], many[0]))
    weights = len(few) == 3 and few[1:] == many[more + 1 :] and not wide(few)
    heads, left = divmod(high, low)
    apart = not left and heads in HEADS and weights
    holds = {"axis-missing": more and low == high}
    holds["heads-folded"] = weights and more and few[0] == prod(many[:2])
    holds["heads-repeat"] = apart and not more
    values = {"few": few, "many": many, "met": met[0], "low": low, "high": high}
    values["fitting"] = (few[0], *(1,) * more, *few[1:])
    values["index"] = ", ".join([":", *["None"] * more])
    what = "heads" if met[0][0] == len(many) - 3 else "queries"
    values["what"] = "channels" if many[1] == 3 else what
    return told("heads", holds, **values, heads=heads)


def maps(first, second, differ):
    """Weights and masks (B, A, T, N) or (B * A, T, N), or maps (B, C, h, w)."""
    few, many = sorted((first[-1], second[-1]))
    soft = all(1 in pair for _, *pair in differ)
    heads = [max(p) for axis, *p in differ if axis == len(first) - 3 and min(p) == 1]
    one, (h, w) = sorted((first[-2:], second[-2:]), key=sum)
    small, large = sorted((first, second), key=lambda shape: shape[-1])
    c, r = small[-3] // max(large[-3], 1), many // max(few, 1)  # too many, too small
    sides = (small[-3], r * small[-2], r * few) == (c * large[-3], *large[-2:])
    holds = {
        "per-head": heads and heads[0] in HEADS and not wide(first) and soft,
        "keys-1": few > 1 == many - few and len(first) == 4,
        "doubled": first[-2] == second[-2] == few > 1 and many == 2 * few,
        "pooled-map": one == (1, 1) and min(h, w) > 1,
        "shuffled": r > 1 and c in (r, r * r) and sides,
    }
    values = {"few": few, "many": many, "heads": heads and heads[0], "h": h, "w": w}
    return told("shapes", holds, **values, c=c, r=r)


def pictures(first, second, **_):
    """Two pictures or maps, with channels in front of or behind height and width."""
    both = [as_shape(first), as_shape(second)]
    front = [s for s in both if len(s) >= 3 and s[-3] in (1, 3)]
    behind = [s for s in both if len(s) >= 3 and s[-1] in (1, 3, 4)]
    facts, turned = shapes(first, second), front and behind and front[0] != behind[0]
    sizes = [len(size) for size in {tuple(n for n in s if n > 4)[:2] for s in both}]
    known = facts.keys() & {"two-grids", "axis-missing", "heads-repeat"}
    differ = sizes == [2, 2] and not (turned or known or any(map(wide, both)))
    holds = {"channels-first": turned, "sizes-differ": differ}
    return facts | told("shapes", holds, front=front and front[0])
