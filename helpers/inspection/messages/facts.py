"""What the numbers of a message say, as facts with a name and a sentence.

A cause lists the names of the facts that speak for it (`fits`) or against it. When one
holds stands here, in `pairs` and in `reshape`; its sentence in data/errors/facts.toml.
"""

import re
from itertools import pairwise
from math import prod

from helpers.inspection.messages.memory import memory
from helpers.inspection.messages.numbers import (
    EXTRA,
    WIDTHS,
    as_int,
    as_shape,
    compare,
    describe,
    extra,
    grids,
    rounded,
    told,
    without_numbers,
)
from helpers.inspection.messages.pairs import channels, counts, pair, product
from helpers.inspection.messages.parameters import parameters
from helpers.inspection.messages.prose import of_setting
from helpers.inspection.messages.reshape import reshape
from helpers.inspection.messages.shapes import differing, pictures, shapes

DEEP = 128  # so many maps are channels, and no heads or words
RANK = re.compile(r"\b([1-6])-?[dD]\b")


def facts_of(message, numbers, text=""):
    """{name: sentence} for the numbers of a message; its roles name them, in order.

    Without roles, or with fewer numbers than roles, they are found by their form.
    """
    kind, values = message.numbers, dict(zip(message.roles, numbers, strict=False))
    around = [n for n in without_numbers(text)[1] if len(as_shape(n)) > 1]
    if not values or len(values) < len(message.roles):
        if kind in READ_TEXT:
            return READ_TEXT[kind](numbers, text)
        return UNKNOWN[kind](numbers) if kind in UNKNOWN else {}
    if kind == "reshape":
        values["shapes"] = around
    facts = (met(around, **values) if kind == "pair" else {}) | KINDS[kind](**values)
    return of_setting(facts, kind, values, text)


def met(around, a, b, **_):
    """Facts about two shapes in the text, of which one axis has the sizes a and b."""
    sizes = {as_int(a), as_int(b)}
    for first, second in pairwise(around):
        if any({*pair} == sizes for _, *pair in differing(first, second)):
            return shapes(first, second)
    return {}


def division(length, parts):
    """An axis that was to be split into equal parts (or a number that did not fit)."""
    length, parts = as_int(length), as_int(parts)
    if (facts := rounded(length, parts)) or parts < 1:
        square = parts * parts
        if (more := length - square) in EXTRA:
            facts |= extra(more, f"{length} - {square} = {more}")
        return facts
    if length < 2 * parts and (wanted := grids(parts)) and min(length, parts) > 48:
        return compare(length, wanted[0], said=False)
    (times, rest), short = divmod(length, parts), parts > length > 0
    near, holds = (times * parts, (times + 1) * parts), {"short": short}
    holds["patch"] = rest and not short
    values = {"length": length, "parts": parts, "times": times, "rest": rest}
    return told("division", holds, **values, near=near)


def picture(shape):
    """What a drawing function was given."""
    shape = as_shape(shape) or (0,)
    first, last, three = shape[0], shape[-1], len(shape) == 3
    maps = three and not {first, last} & {1, 3, 4}
    holds = {
        "flat": len(shape) == 1,
        "batch": len(shape) >= 3 and first == 1,
        "channels-first": three and first in (3, 4) and last not in (3, 4),
        "stack": maps and first < DEEP,
        "feature-map": maps and first >= DEEP,
        "colours": len(shape) == 4 and 3 in (shape[1], last),
        "single-channel": three and last in (1, 2) and shape[:2] != (1, 1),
        "many-channels": three and last > 4 and last % 3 == 0 and shape[:2] == (1, 1),
    }
    return told("picture", holds, shape=shape, about=describe(first) or "no grid")


def rank(first, second):
    """How many axes a tensor has, where one was named that it does not have."""
    span = as_shape(first)
    axes = span[1] + 1 if len(span) == 2 else as_int(second)
    about = f"the tensor has {axes} axes" if axes else "0 axes: `None`, or one number"
    return {f"rank-{axes}": about} if axes >= 0 else {}


def axes(wanted, have):
    """The number of axes that a line names, and of those that a tensor has."""
    wanted, have = as_int(wanted), as_int(have)
    holds = {"fewer-axes": have < wanted, "more-axes": have > wanted}
    return told("axes", holds, wanted=wanted, have=have)


def input_axes(numbers, text):
    """The same of `expected 2D or 3D input (got 4D input)`, or of a shape."""
    *wanted, have = map(int, RANK.findall(text)) if RANK.search(text) else [0]
    if wanted and not numbers:
        return axes(max(wanted) if have > max(wanted) else min(wanted), have)
    return axes(
        4, len(next((n for n in numbers[::-1] if len(as_shape(n)) > 1), "four"))
    )


def bounds(index, size, dim=0):
    """A position beyond the end of an axis."""
    index, size = as_int(index), as_int(size)
    holds = {"one-past": index == size, "past": index != size}
    values = {"last": size - 1, "dim": dim, "what": " channels?" * (size in WIDTHS)}
    return told("index", holds, index=index, size=size, **values)


def into(first, second):
    """An array is written into a place of another shape."""
    axes, room = len(as_shape(first)), len(as_shape(second))
    held, place = (prod(as_shape(shape)) for shape in (first, second))
    holds = {"whole": place == 1 < held, "same-count": held == place}
    holds["deeper"] = axes > room and not any(holds.values())
    values = {"held": held, "axes": axes, "room": room}
    return told("into", holds, **values) or shapes(first, second)


def by_form(numbers):
    """The numbers of an unknown message: its shapes, and the numbers alone."""
    shapes = [n for n in numbers if isinstance(n, tuple)]
    return shapes, [as_int(n) for n in numbers if len(as_shape(n)) == 1]


def any_sizes(numbers):
    """The two longest shapes that differ, or two numbers."""
    known, alone = by_form(numbers)
    if pairs := [one for one in pairwise(known) if one[0] != one[1]]:
        return shapes(*max(pairs, key=lambda pair: len(pair[0]) + len(pair[1])))
    alone = list(dict.fromkeys(n for n in alone if n >= 0))
    return pair(*alone[:2]) if len(alone) > 1 else {}


def any_product(numbers):
    """The same of a matrix product."""
    known = [shape for shape in by_form(numbers)[0] if len(shape) > 1]
    told = len(known) > 1 and -1 not in (known[0][-1], known[1][-2])
    return any_sizes(numbers) | (product(*known[:2]) if told else {})


def any_division(numbers):
    """What is no multiple of the smallest number alone."""
    parts = min((n for n in by_form(numbers)[1] if n > 1), default=0)
    lengths = [n for shape in numbers for n in as_shape(shape) if n > parts > 0]
    return division(next((n for n in lengths if n % parts), 0), parts)


def any_reshape(numbers):
    """A reshape: the last shape is the one that is asked for."""
    known, alone = by_form(numbers)
    if not known or not known[-1]:
        return {}
    *held, wanted = known
    counts = [n for n in alone + [*map(prod, held)] if n > 0]
    size = next((n for n in counts if n != prod(wanted)), 0)
    ready = size and min(wanted) >= -1
    return reshape(wanted, size, shapes=held) if ready else {}


def even(numbers):
    """A side that was to be halved, and is odd."""
    n = next((n for shape in numbers for n in as_shape(shape) if n % 2), 0)
    values = {"n": n, "near": (n - 1, n + 1), "above": (2 * n - 2, 2 * n + 2)}
    return told("even", {"not-even": n > 2}, **values)


KINDS = {
    read.__name__: read
    for read in (reshape, pair, shapes, pictures, product, division, picture, counts)
} | {"channels": channels, "rank": rank, "bounds": bounds, "into": into, "axes": axes}
UNKNOWN = {"reshape": any_reshape, "product": any_product, "division": any_division}
UNKNOWN |= dict.fromkeys(("pair", "shapes", "pictures"), any_sizes) | {"even": even}
READ_TEXT = {"input-axes": input_axes, "parameters": parameters, "memory": memory}
UNKNOWN["rows"] = lambda numbers: told("pair", {"first-axis": bool(numbers)})
