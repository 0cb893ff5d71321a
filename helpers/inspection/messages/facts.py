"""What the numbers of a known message say, as facts with a name and a sentence.

A cause lists the names of the facts that speak for it (`fits`) or against it.
"""

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


def facts_of(kind, roles, numbers):
    """{name: sentence} for the numbers of a message; roles names them, in order.

    kind: a function below. Numbers that are missing (a message that was cut off) give
    no facts.
    """
    values = dict(zip(roles, numbers, strict=False))
    if not kind or len(values) < len(roles):
        return {}
    return KINDS[kind](**values)


def pair(a, b, dim=None, **_):
    """Two sizes that had to be equal, on axis `dim`."""
    (low, high), facts = sorted((as_int(a), as_int(b))), {}
    if low > 1 and high == low * low:
        facts["beams"] = f"{high} = {low} x {low}: repeated twice"
    elif low > 1 and high % low == 0:
        facts["multiple"] = f"{high} = {high // low} x {low}"
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
    if low >= 100 and grids(low) and grids(high) and not square_root(low):
        near = high - low <= low / 10 and high - low not in EXTRA
        facts["rounded" if near else "two-grids"] = f"{describe(low)}; {describe(high)}"
    if (side := square_root(low)) and high - low not in EXTRA:
        facts |= rounded(high, side)
    if dim and high in WIDTHS and low in (7, 14, 28, 56, 112):
        facts["shifted"] = f"{low} is a side of a map, {high} a width: no batch axis?"
    if 77 in (low, high):
        facts["text"] = "77: the text tokens of CLIP"
    if high in WIDTHS and low in WIDTHS and "two-grids" not in facts:
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
    """Two whole shapes that do not fit together."""
    first, second = as_shape(first), as_shape(second)
    facts = {}
    if first[:1] == second[:1]:
        facts["same-batch"] = f"the first axis is {first[:1]} in both: not the batch"
    if len(first) == len(second):
        differ = {axis for axis in zip(first, second, strict=True) if len({*axis}) > 1}
        if len(differ) == 1:
            facts |= pair(*differ.pop())
        if len(first) == 4 and first[:2] == second[:2] and second[2] == 1:
            facts["steps"] = "the first step has the whole prompt, later ones one row"
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
    for cells in (49, 64, 100, 144, 196, 256):
        if k == n * cells or n == k * cells:
            facts["flattened"] = (
                f"{max(k, n)} = {min(k, n)} x {cells}: the cells were flattened in"
            )
    return facts


def division(length, parts):
    """An axis that was to be split into equal parts (or a number that did not fit)."""
    length, parts = as_int(length), as_int(parts)
    if parts > length > 0:
        return {"short": f"{length} is less than {parts}: no axis of an image"}
    if facts := rounded(length, parts):
        return facts
    if parts in (2, 4, 7, 8, 14, 16, 32):
        return {"patch": f"{length} = {length // parts} x {parts} + {length % parts}"}
    return {}


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
    tokens, features = as_int(tokens), as_int(features)
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


KINDS = {
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
