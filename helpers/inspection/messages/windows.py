"""A reshape that cuts a map into windows, or joins them, for another size."""

import math

from helpers.inspection.messages.numbers import WIDTHS, square_root, told

# Windows that cut a map, (h / a, a, w / b, b) and the others: where these axes stand.
CUT = ((1, 2, 3, 4), (0, 5)), ((2, 3, 4, 5), (0, 1))  # (B, ..., C), (B, C, ...)


def windows(wanted, size):
    """Facts about windows in a shape that asks for another size; {} for other shapes.

    (B, h / a, a, w / b, b, C) cuts a map, (B, h / a, w / a, a, a, C) joins windows (in
    both, C may stand in front), and (B, windows, A, n, n) meets their mask.
    """
    if len(wanted) == 5 and wanted[3] == wanted[4] and square_root(wanted[3]):
        return masked(wanted, size)
    if len(wanted) != 6:
        return {}
    images, rows, columns, a, b, c = wanted
    if a == b != columns:
        return joined(size, images, rows, columns, a, c)
    if b == c < a and columns < a:
        return joined(size, images, rows, columns, b, a)
    found = [cut(wanted, size, *layout) for layout in CUT]
    return next(filter(None, found), {})


def masked(wanted, size):
    """Weights (B x windows, A, n, n), by the windows that the mask has."""
    images, windows, heads, n, _ = wanted
    held, left = divmod(size, abs(heads) * n * n)
    wrong = held != images * windows if images > 0 else held % windows
    holds = {"mask-windows": not left and windows > 1 and wrong}
    values = {"held": held, "asked": windows, "n": n, "side": square_root(n)}
    return told("windows", holds, **values)


def joined(size, images, rows, columns, side, width):
    """Windows (B x windows, a, a, C) that become a map again."""
    held, left = divmod(size, side * side * abs(width))
    one = rows * columns
    holds = {"batch-0": images == 0}
    holds["other-windows"] = images > 0 < width and not left and held != images * one
    counted = f"{held} windows" if width > 0 and not left else "the windows"
    values = {"rows": rows, "columns": columns, "held": held, "side": side}
    return told("windows", holds, counted=counted, one=one, images=images, **values)


def cut(wanted, size, places, others):
    """A map that is cut, though its height or width is no multiple of the parts."""
    rows, a, columns, b = (wanted[place] for place in places)
    if min(rows, a, columns, b) < 1:
        return {}
    rest = math.prod(n for place in others if (n := wanted[place]) > 0)
    free = any(wanted[place] == -1 for place in others)
    found = []
    for h in range(rows * a, (rows + 1) * a):
        for w in range(columns * b, (columns + 1) * b):
            many, left = divmod(size, h * w * rest)
            known = many == 1 if not free else h == w or many in WIDTHS
            if not left and known and (h % a or w % b):
                found.append(((h % a > 0) + (w % b > 0), abs(h - w), h, w))
    *_, h, w = min(found, default=(0, 0))
    return told("windows", {"uncut": found}, h=h, w=w, a=a, b=b)
