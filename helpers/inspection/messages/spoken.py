"""What numbers and shapes say in a text that is no known message."""

import re
from itertools import combinations, pairwise

from helpers.inspection.messages.grids import extra
from helpers.inspection.messages.numbers import (
    EXTRA,
    KNOWN,
    SIDES,
    WIDTHS,
    as_shape,
    describe,
    grids,
    square_and_more,
    square_root,
)

HEADS = {8, 12, 16, 20, 24, 28, 32, 40}
PIXELS = re.compile(r"(?<![\d.x×*] )(?<![\d.x×*])(\d+) ?[x×*] ?(\d+)(?! ?[x×*]|\d)")
AXES = re.compile(r"\b([1-6])-?[dD]\b")
SIZE = r"([\[(]?\d[\d, ]*)"
MASK = re.compile(rf"\bmasks?\b[^.\d]{{0,40}}?{SIZE}", re.IGNORECASE)
TOKENS = re.compile(
    rf"\b(?:tokens?|keys?|sequences?|queries|hidden)\b[^.\d]{{0,25}}?{SIZE}"
    r"|(\d+) (?:\w+ )?(?:tokens|keys|positions)\b",
    re.IGNORECASE,
)
DROPOUT = re.compile(r"(?<![\d.])1\.(25|1{2,}|05|052\d*|42\d+|43)0*(?![\d])")


def facts_in_words(numbers, text):
    """{name: sentence} for the numbers and shapes in a text."""
    # 512x512 is what images are, (512, 512) may be queries by keys.
    pixels = {f"({a}, {b})" for a, b in PIXELS.findall(text)}
    said = [shape for n in numbers if str(shape := as_shape(n)) not in pixels]
    facts = {}
    if scale := DROPOUT.search(text):
        facts["scale"] = f"{scale[0]} = 1 / (1 - p): what dropout makes of a 1"
    facts |= mask_sizes(text)
    for shape in said:
        facts |= one_shape(shape)
    alone = sorted({shape[0] for shape in said if len(shape) == 1})[-6:]
    for low, high in combinations(alone, 2):
        facts |= two_counts(low, high)
    for one, two in pairwise(shape for shape in said if len(shape) in (3, 4)):
        facts |= two_shapes(one, two)
    facts.pop("extra", None)  # in prose only its number says which tokens
    return facts


def axes_said(text):
    """(wanted, have) of `expected 2D or 3D input (got 4D input)`, or None."""
    *wanted, have = map(int, AXES.findall(text)) if AXES.search(text) else [0]
    return (
        (max(wanted) if have > max(wanted) else min(wanted), have) if wanted else None
    )


def mask_sizes(text):
    """A mask for so many keys, and another number of tokens."""
    masks, others = (
        [[*map(int, re.findall(r"\d+", one[0]))] for one in form.finditer(text)]
        for form in (MASK, TOKENS)
    )
    for *_, n in masks:
        for sizes in others:
            if n not in sizes and min(n, *sizes[-2:]) > 4:
                return {"mask-sizes": f"the mask has {n}, the tokens are {max(sizes)}"}
    return {}


def one_shape(shape):
    """A shape, or a number alone: the axes of weights, and extra tokens."""
    facts, last = {}, shape[-1] if shape else 0
    seen = str(shape).replace("-1", "?")
    picture = len(shape) in (4, 5) and shape[1] in (1, 3)  # 5: of a video
    if len(shape) > 1 and last == shape[-2] and not picture:
        if last >= (36 if len(shape) > 2 else 144) and square_and_more(last):
            facts["every-query"] = f"{seen}: one map for each of {last} queries"
        if len(shape) == 4 and last in HEADS and shape[1] > 64:
            facts["heads-heads"] = f"{seen}: {last} heads by {last} heads?"
    rows = shape[-2] if len(shape) == 3 and shape[0] in (1, -1) else 0
    if rows >= 10 and rows != last and last not in WIDTHS and grids(last):
        facts["queries"] = f"{seen}: {rows} rows of {describe(last)}?"
    if len(shape) > 1 and last == 77:
        facts["text"] = f"{seen}: the last axis has the 77 text tokens of CLIP"
    for n in shape:
        side, more = square_and_more(n) or (0, 0)
        if more and (n in KNOWN or (n >= 50 and side in SIDES)):
            facts |= extra(more, f"{n} = {side} x {side} + {more}")
    return facts


def two_counts(low, high):
    """Two numbers, of which the lower is a square."""
    if low < 36 or not square_root(low):
        return {}
    if high - low in EXTRA:
        return extra(high - low, f"{high} - {low} = {high - low}")
    if low >= 144 and 2 < high / low <= 13 and high % low == 0:
        return {"tiles": f"{high} = {high // low} x {low}: tiles or frames?"}
    return {}


def two_shapes(one, two):
    """Two shapes, one after the other: an image and its map."""
    (H, W), (h, w) = one[-2:], two[-2:]  # of an image, and of its map
    if H != W and min(h, w) > 4 and H * h == W * w:
        return {"turned-grid": f"{one} gives {two}: height and width are swapped"}
    if len(one) == len(two) == 3 and min(*one, *two) > 1:
        ratios = [max(pair) / min(pair) for pair in zip(one, two, strict=True)]
        if min(ratios) >= 6:
            return {"smaller": f"{one} and {two}: a map, and what it has to cover?"}
    return {}
