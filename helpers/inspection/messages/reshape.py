"""A reshape that asks for another number of elements: what the tensor holds instead."""

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations, product

from helpers.inspection.messages.numbers import (
    HEAD_WIDTHS,
    HEADS,
    SIDES,
    WIDTHS,
    as_shape,
    compare,
    either,
    grids,
    times,
    told,
)
from helpers.inspection.messages.windows import windows

KERNELS = (3, 5, 7, 9, 11)  # sides of a convolution


def reshape(wanted, size, axis=None, shapes=()):
    """A tensor of `size` numbers was to take the shape `wanted`.

    shapes: what else is told; one with as many numbers is the tensor's own shape.
    """
    wanted, size = as_shape(wanted), math.prod(as_shape(size))
    asked = math.prod(n for n in wanted if n != -1)
    own = (shape for shape in map(as_shape, shapes) if math.prod(shape) == size)
    for shape in own:
        if len(shape) > 1 and (facts := one_axis(shape, wanted)):
            return facts
    if size == asked:
        return {}
    if facts := filters(wanted, size) or uneven_heads(wanted, size):
        return facts
    if facts := windows(wanted, size):
        return facts | told("reshape", {"no-grid": True})
    if asked <= 0 or size == 0:
        return told("reshape", {"empty": size == 0, "zero": size})
    free, splits = -1 in wanted, splits_of(wanted, size)
    values = {"wanted": times(wanted), "asked": asked, "size": size}
    counted = not free and len(wanted) > 1
    facts = told("reshape", {"count": counted, "no-grid": not splits}, **values)
    if not splits:
        return facts | solved(wanted, size, asked)
    grid, rest = splits[0]
    cells, whole = math.prod(grid), size % rest == 0
    width, left = divmod(size, cells)
    cut = cells >= 9 and not left and width + 1 in WIDTHS  # (width - 1) * h * w
    free = free and size >= 2 * cells * rest  # else there is one image
    if whole and not free and not cut:
        facts |= compare(size // rest, grid, said=rest == 1)
    if free and rest > 1 and whole:
        facts = facts or uneven(wanted, size)
    no_fit = not facts.keys() - {"count", "held"} and not cut
    holds = {"no-fit": no_fit, "channel-cut": cut}
    holds["too-small"] = asked > size and asked % size
    facts |= told("reshape", holds, **values, cells=cells, width=width + 1)
    return facts | (solved(wanted, size, asked) if no_fit else {})


def filters(wanted, size):
    """Weights (h, w, channels, filters) of a convolution, in a flat array of a file."""
    if len(wanted) != 4 or wanted[0] != wanted[1] or wanted[0] not in KERNELS:
        return {}
    *kernel, channels, many = wanted
    if min(channels, many) < 1 or channels == many <= max(SIDES):  # a grid
        return {}
    each, sides = channels * many, ""
    if size % each == 0 < size:
        places = size // each
        w = next(n for n in range(math.isqrt(places), 0, -1) if places % n == 0)
        sides = times((places // w, w))
    holds = {"kernel": sides, "kernel-other": not sides}
    values = {"size": size, "sides": sides, "kernel": times(kernel)}
    return told("reshape", holds, **values, channels=channels, many=many, each=each)


def one_axis(held, wanted):
    """Facts about the only axis that a tensor of the shape `held` has otherwise.

    Axes of both are left out, and those that are split or joined: 768 = 12 x 64.
    """
    left, asked = ([n for n in shape if n != 1] for shape in (held, wanted))
    for many, (ours, theirs) in product((1, 2, 3), ((left, asked), (asked, left))):
        for n in [*ours]:
            groups = combinations(theirs, many)
            if group := next((one for one in groups if math.prod(one) == n), ()):
                ours.remove(n)
                theirs[:] = (Counter(theirs) - Counter(group)).elements()
    alike = len({*left}) == 1 or not {*left} & WIDTHS  # h and w, and no width
    if -1 in asked or len(left) != 1 and (len(left), len(asked)) != (2, 1) or not alike:
        return {}
    n, need, places = math.prod(left), math.prod(asked), [held.index(k) for k in left]
    widths = len(left) == len(asked) == 1 and {n, need} <= WIDTHS
    first = not widths and places == [0] and len(held) > 2
    holds = {"axis": asked, "left-over": not asked, "other-channels": widths}
    holds["first-axis"] = first and asked
    text = times(asked) + f" = {need}" * (len(asked) > 1)
    sizes = times(left) + f" = {n}" * (len(left) > 1)
    facts = told("axis", holds, held=held, place=places[0], n=sizes, asked=text)
    grid = asked if len(asked) == 2 else next(iter(grids(need)), ())
    return facts | (compare(n, grid) if grid and not (first or widths) else {})


def uneven_heads(wanted, size):
    """(B, T, heads, d) with d = width // heads, of a width that heads do not divide."""
    if len(wanted) != 4 or min(wanted) < 1 or size % math.prod(wanted[:-2]):
        return {}
    heads, d = wanted[-2:]
    width = size // math.prod(wanted[:-2])
    rest = width - heads * d
    holds = {"uneven-heads": 0 < rest < heads and 2 * heads <= d}
    return told("reshape", holds, width=width, heads=heads, d=d, rest=rest)


def splits_of(wanted, size):
    """((h, w), rest) for all readings batch | grid | width of a shape, the best first.

    A reading whose other axes divide the size comes before one whose do not, then the
    squarest. (h, w) can stand first only in (h, w) and (h, w, C), a batch is in front
    of all others, more than five axes are windows, and (N, A, d) has no grid.
    """
    found = []
    for i in range(len(wanted) - 1 if len(wanted) < 6 else 0):
        h, w = grid = wanted[i : i + 2]
        behind = wanted[2:] if i == 0 else ()
        if (i == 0 and len(wanted) > 3) or (
            behind and behind[0] != 1 and -1 < behind[0] < 32
        ):
            continue
        before, last = wanted[i - 1] if i else 0, i + 2 == len(wanted)
        known = h in HEADS and last and before > 1 and size % (h * w) == 0
        heads = h != w in HEAD_WIDTHS and (before == -1 or known)  # (N, A, d)
        if not heads and min(grid) >= 2 and 2 < max(grid) <= 5 * min(grid):
            rest = abs(math.prod(wanted)) // (h * w)
            found.append((size % rest > 0, abs(math.log(h / w)), grid, rest))
    return [one[2:] for one in sorted(found)]


def solved(wanted, size, asked):
    """What one axis of the shape would have to be, or how often the shape is held."""
    ratio = Fraction(size, asked)
    many = max(ratio.numerator, ratio.denominator)
    if -1 in wanted:
        return uneven(wanted, size)
    if 1 in (ratio.denominator, ratio.numerator):
        holds = {"ratio": True, "twice": many == 2, "holds": ratio > 1}
        verb = "holds" if ratio > 1 else "is held by"
        return told("reshape", holds, verb=verb, many=many)
    several = {*wanted} - {1, 2} if len(wanted) > 1 else ()
    for n in sorted(several, reverse=True):
        need = n * ratio
        if need.denominator <= 2:
            whole = need.numerator // 2
            odd = f" ({2 * whole + 1} = 2 x {whole} + 1)" * (need.denominator == 2)
            values = {"need": f"{float(need):g}", "n": n, "more": odd}
            return told("reshape", {"solved": True, "odd": odd}, **values)
    return {}


def uneven(wanted, size):
    """With a -1: rows that are taken n at a time, and are no multiple of n."""
    *known, rest = [n for n in wanted if n != -1] + [1] * (wanted[-1] == -1)
    n = known.pop() if known else rest
    while known and size % (rest * n) == 0:
        rest, n = rest * n, known.pop()
    if size % rest:
        rest, n = 1, rest
    held = size // rest
    near = range(n - max(2, n // 8), n + max(2, n // 8) + 1)
    fits = [m for m in sorted(near, key=lambda m: abs(m - n)) if m > 1 and not held % m]
    what = either((m, held // m) for m in fits[:2])
    values = {"held": held, "n": n, "near": (held - held % n, held - held % n + n)}
    values |= {"parts": f"{size} = {held} x {rest}: " * (rest > 1)}
    values |= {"may": f"; {held} = {what}" * bool(what)}
    uneven = n > 1 and held % n
    frames = uneven and what and wanted[0] == n and wanted[1] == -1
    return told("reshape", {"uneven": uneven, "frames": frames}, **values)
