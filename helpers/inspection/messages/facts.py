"""What the numbers of a known message say, as facts with a name and a sentence.

A cause lists the names of the facts that speak for it (`fits`) or against it.
"""

import math
from itertools import pairwise
from operator import itemgetter

from helpers.inspection.messages.grids import reshape, rounded
from helpers.inspection.messages.numbers import (
    EXTRA,
    WIDTHS,
    as_int,
    as_shape,
    describe,
    grids,
    square_and_more,
    square_root,
)

WINDOWS = {49, 64, 144, 196}  # tokens of a Swin window of 7, 8, 12 or 14
WINDOW_COUNTS = WINDOWS | {1, 4, 16, 256, 1024}  # and how many there are


def facts_of(message, numbers):
    """{name: sentence} for the numbers of a message; its roles name them, in order.

    Without roles, or with fewer numbers than roles, they are found by their form.
    """
    values = dict(zip(message.roles, numbers, strict=False))
    if values and len(values) == len(message.roles):
        return KINDS[message.numbers](**values)
    return UNKNOWN[message.numbers](numbers) if message.numbers in UNKNOWN else {}


def pair(a, b, dim=None, **_):
    """Two sizes that had to be equal, on axis `dim`."""
    (low, high), facts = sorted((as_int(a), as_int(b))), {}
    if low > 1 and high == low * low:
        facts["beams"] = f"{high} = {low} x {low}: repeated twice"
    elif low > 1 and high % low == 0:
        facts["multiple"] = f"{high} = {high // low} x {low}"
        if low >= 144 and square_root(low):
            facts["joined"] = f"{high // low} images, tiles or frames of {low}?"
    elif low > 1:
        facts["no-multiple"] = f"{high} is no multiple of {low}"
    if high - low in EXTRA and low >= 36 and high not in WIDTHS:
        more = high - low
        facts["extra"] = f"{high} - {low} = {more}: {EXTRA[more]}?"
        facts[f"extra-{more}"] = facts["extra"]
    if {low, high} & WINDOWS and 0 < high and {low, high} <= WINDOW_COUNTS:
        facts["windows"] = f"{low} and {high}: a window and a number of windows"
    if low >= 49 and high - low not in EXTRA and all(map(square_and_more, (low, high))):
        facts["two-grids"] = f"{describe(low)}; {describe(high)}"
    widths = low in WIDTHS and high in WIDTHS
    if low >= 100 and grids(low) and grids(high) and not (square_root(low) or widths):
        near = high - low <= low / 10 and high - low not in EXTRA
        facts["rounded" if near else "two-grids"] = f"{describe(low)}; {describe(high)}"
    if (side := square_root(low)) and high - low not in EXTRA:
        facts |= rounded(high, side)
    if dim and high in WIDTHS and low in (7, 14, 28, 56, 112):
        facts["shifted"] = f"{low} is a side of a map, {high} a width: no batch axis?"
    if (side := square_root(high)) and side >= 224 and side % 8 == 0 and low < high / 8:
        facts["pixels"] = f"{high} = {side} x {side}: pixels, or all places of a mask?"
        facts.pop("two-grids", None)
    if 77 in (low, high):
        facts["text"] = "77: the text tokens of CLIP"
    if low >= 77 and low % 77 == high % 77 == 0:
        facts["chunks"] = f"{low // 77} and {high // 77} chunks of 77 text tokens"
    if widths and "two-grids" not in facts:
        facts["widths"] = f"{low} and {high} are widths of models"
    if high < 36:
        facts["small"] = "both are small: images, beams, heads or words, not cells"
    if {low, high} in ({3, 4}, {1, 3}, {1, 4}):
        facts["channels"] = f"{low} and {high}: channels of a picture?"
    elif dim == 0:
        facts["first-axis"] = "the first axis: images or beams"
    if dim == 3:
        facts["last-of-four"] = "axis 3 of (B, A, T, N): the keys"
    if low == 1:
        facts["one"] = "one of the two is 1: a single step, or a single image"
    return facts


def shapes(first, second, **_):
    """Two whole shapes that do not fit together; -1 is an axis of any length."""
    first, second = as_shape(first), as_shape(second)
    both = list(zip(first[::-1], second[::-1], strict=False))  # from the last axis on
    differ = [
        (max(len(first), len(second)) - 1 - place, *axis)
        for place, axis in enumerate(both)
        if axis[0] != axis[1] and -1 not in axis
    ]
    differ = [
        one for one in differ if 1 not in one[1:]
    ] or differ  # a 1 can be repeated
    facts = {}
    if first and second and not any({a, b} - {1} == {a, b} for _, a, b in differ):
        facts["repeat"] = f"{second} is {first} with axes repeated or added"
    if len(first) != len(second):
        facts["ranks"] = f"{first} has {len(first)} axes, {second} has {len(second)}"
    elif first and first[:1] == second[:1]:
        facts["same-batch"] = f"the first axis is {first[0]} in both: not the batch"
    if differ:
        places = "; ".join(f"axis {axis}: {a} and {b}" for axis, a, b in differ[::-1])
        facts["differ"] = f"what does not agree: {places}"
    if len(differ) == 1:
        axis, a, b = differ[0]
        facts |= pair(a, b, axis if len(first) == len(second) else None)
    if len(first) == len(second) == 4:
        if first[:2] == second[:2] and second[2] == 1:
            facts["steps"] = "the first step has the whole prompt, later ones one row"
        if 1 in {first[1], second[1]} and first[1] != second[1]:
            mask = min(first, second, key=lambda shape: shape[1])
            facts["mask"] = (
                f"{mask} is for all heads: a mask, (B, 1, T, N) or (B, 1, 1, N)"
            )
    if sorted(first) == sorted(second) and first != second:
        facts["turned"] = "the same sizes in another order"
    return facts


def pictures(first, second, **_):
    """Two pictures or maps, with channels in front of or behind height and width."""
    both = [as_shape(first), as_shape(second)]
    front = [s for s in both if len(s) >= 3 and s[-3] in (1, 3)]
    behind = [s for s in both if len(s) >= 3 and s[-1] in (1, 3, 4)]
    facts = shapes(first, second)
    if front and behind and front[0] != behind[0]:
        return facts | {"channels-first": f"{front[0]} has the channels in front"}
    sizes = {tuple(n for n in s if n > 4)[:2] for s in both}
    if "two-grids" not in facts and [len(size) for size in sizes] == [2, 2]:
        facts["sizes-differ"] = "height and width differ: resize the map first"
    return facts


def product(first, second):
    """A matrix product: (m, k) times (n, o), with k not n."""
    (_, k), (n, _) = first[-2:], second[-2:]
    facts = {"widths": f"the features have {k} channels, the layer was built for {n}"}
    if k == first[0] or n == first[0]:
        facts["turned"] = "the first matrix would fit if it were transposed"
    low, high = sorted((abs(k), abs(n)))
    if low > 1 and high % low == 0 and high > low:
        many = f"{high} = {high // low} x {low}"
        facts["flattened"] = (
            f"{many}: flattened in (cells, steps, layers) on one side only?"
        )
    return facts


def division(length, parts):
    """An axis that was to be split into equal parts (or a number that did not fit)."""
    length, parts = as_int(length), as_int(parts)
    if parts > length > 0:
        return {"short": f"{length} is less than {parts}: no axis of an image"}
    if facts := rounded(length, parts):
        return facts
    if parts < 1 or length % parts == 0:
        return {}
    rest = f"{length} = {length // parts} x {parts} + {length % parts}"
    near = length - length % parts
    return {"patch": f"{rest}; {near} and {near + parts} would do"}


def picture(shape):
    """What a drawing function was given."""
    shape = as_shape(shape)
    facts = {}
    if len(shape) == 1:
        facts["flat"] = (
            f"{shape[0]} numbers in a row: {describe(shape[0]) or 'no grid'}"
        )
    if len(shape) >= 3 and shape[0] == 1:
        facts["batch"] = "the first axis has size 1: a batch, or a channel"
    if len(shape) == 3 and shape[0] in (3, 4) and shape[-1] not in (3, 4):
        facts["channels-first"] = "the channels are in front"
    if len(shape) == 3 and shape[-1] not in (1, 3, 4) and shape[0] not in (1, 3, 4):
        facts["stack"] = f"{shape[0]} maps (heads, words or layers) at once"
    if len(shape) == 3 and shape[-1] in (1, 2) and shape[:2] != (1, 1):
        facts["single-channel"] = f"the last axis has size {shape[-1]}"
    return facts


def counts(tokens, features):
    """Image tokens in the prompt, and features of the image; of shapes, the rows."""
    both = zip(as_shape(tokens), as_shape(features), strict=False)
    tokens, features = next((one for one in both if one[0] != one[1]), (0, 0))
    if features < 1:
        return {}
    if tokens == 0:
        return {"no-token": "the prompt holds no image token at all"}
    if features > 20 * tokens and features % (tokens + 1) == 0:
        more = f"{features} = {tokens + 1} x {features // (tokens + 1)}"
        return {"off-by-one": f"{more}: the text has one image token too few"}
    if abs(tokens - features) == 1:
        lost = "features" if tokens > features else "image tokens"
        text = f"{tokens} - {features} = {tokens - features}: one of the {lost} is lost"
        return {"class-taken": f"{text}, taken off for a class token?"}
    if abs(tokens - features) <= 3:
        return {"off-by-one": f"{tokens} - {features} = {tokens - features}"}
    if tokens % features == 0 or features % tokens == 0:
        many = max(tokens, features) // min(tokens, features)
        return {
            "multiple": f"one is {many} times the other: expanded twice or not at all"
        }
    if tokens < features:
        return {"cut-off": "fewer tokens than features: the prompt was cut off?"}
    return {}


def rank(first, second):
    """How many axes a tensor has, where one was named that it does not have."""
    span = as_shape(first)
    axes = span[1] + 1 if len(span) == 2 else as_int(second)
    return {f"rank-{axes}": f"the tensor has {axes} axes"} if axes > 0 else {}


def bounds(index, size, **_):
    """A position beyond the end of an axis."""
    index, size = as_int(index), as_int(size)
    if index == size:
        return {
            "one-past": f"the last of {size} has the number {size - 1}: one too many"
        }
    return {"past": f"there are {size}, and {index} was asked for"}


def into(first, second):
    """An array is written into a place of another shape."""
    held, place = (math.prod(as_shape(shape)) for shape in (first, second))
    if place == 1 < held:
        return {"whole": f"{held} numbers for the place of one: an axis was left in"}
    if held == place:
        return {"same-count": f"both have {held} numbers: reshape one to the other"}
    return shapes(first, second)


def any_division(numbers):
    """Of an unknown message: what is no multiple of the smallest number alone."""
    alone = [n[0] for n in map(as_shape, numbers) if len(n) == 1 and n[0] > 1]
    parts = min(alone, default=0)
    lengths = [n for shape in numbers for n in as_shape(shape) if n > parts > 0]
    return division(next((n for n in lengths if n % parts), 0), parts)


def any_sizes(numbers):
    """Of an unknown message: the two longest shapes that differ, or two numbers."""
    known = [n for n in numbers if isinstance(n, tuple)]
    pairs = [(len(a) + len(b), a, b) for a, b in pairwise(known) if a != b]
    if pairs:
        return shapes(*max(pairs, key=itemgetter(0))[1:])
    alone = list(dict.fromkeys(n for n in numbers if isinstance(n, int) and n >= 0))
    return pair(*alone[:2]) if len(alone) > 1 else {}


def any_rows(numbers):
    """Of an unknown message about the first axis: images, or their beams."""
    return {"first-axis": "the first axis: images or beams"} if numbers else {}


def any_product(numbers):
    """The same of a matrix product."""
    known = [n for n in numbers if isinstance(n, tuple) and len(n) > 1]
    return any_sizes(numbers) | (product(*known[:2]) if len(known) > 1 else {})


def any_reshape(numbers):
    """The same of a reshape: the last shape is the one that is asked for."""
    known = [n for n in numbers if isinstance(n, tuple) and n]
    if not known:
        return {}
    *held, wanted = known
    counts = [n for n in numbers if isinstance(n, int)] + [math.prod(n) for n in held]
    size = next((n for n in counts if n > 0 and n != math.prod(wanted)), 0)
    facts = reshape(wanted, size) if size and min(wanted) >= -1 else {}
    sides = [shape[-2:] for shape in known]
    if min(map(min, sides)) > 32 and len({*sides}) == 2:
        facts["other-grid"] = f"{sides[0]} is given where {wanted[-2:]} is written down"
    return facts


KINDS = {
    "bounds": bounds,
    "into": into,
    "reshape": reshape,
    "pair": pair,
    "shapes": shapes,
    "pictures": pictures,
    "product": product,
    "division": division,
    "picture": picture,
    "counts": counts,
    "rank": rank,
}
UNKNOWN = {  # the same where nobody says which number is what
    "reshape": any_reshape,
    "pair": any_sizes,
    "shapes": any_sizes,
    "pictures": any_sizes,
    "product": any_product,
    "division": any_division,
    "rows": any_rows,
}
