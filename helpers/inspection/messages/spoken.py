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
DROPOUT = re.compile(r"(?<![\d.])1\.(25|1{2,}|05|052\d*|42\d+|43)0*(?![\d])")


def facts_in_words(numbers, text):
    """{name: sentence} for the numbers and shapes in a text."""
    facts, shapes_said = {}, [as_shape(n) for n in numbers]
    if scale := DROPOUT.search(text):
        facts["scale"] = f"{scale[0]} = 1 / (1 - p): what dropout makes of a 1"
    for shape in shapes_said:
        last, picture = (
            shape[-1] if shape else 0,
            len(shape) == 4 and shape[1] in (1, 3),
        )
        square = len(shape) > 1 and last == shape[-2] and not picture
        if square and last >= (36 if len(shape) > 2 else 144) and square_and_more(last):
            facts["every-query"] = f"{shape}: one map for each of {last} queries"
        if square and len(shape) == 4 and last in HEADS and shape[1] > 64:
            facts["heads-heads"] = f"{shape}: {last} heads by {last} heads?"
        rows = shape[-2] if len(shape) == 3 and shape[0] == 1 else 0
        if rows >= 10 and rows != last and last not in WIDTHS and grids(last):
            facts["queries"] = f"{shape}: {rows} rows of {describe(last)}?"
        if len(shape) > 1 and last == 77:
            facts["text"] = f"{shape}: the last axis has the 77 text tokens of CLIP"
        for n in shape:
            side, more = square_and_more(n) or (0, 0)
            if more and (n in KNOWN or (n >= 50 and side in SIDES)):
                facts |= extra(more, f"{n} = {side} x {side} + {more}")
    counts_said = sorted({shape[0] for shape in shapes_said if len(shape) == 1})
    for low, high in combinations(counts_said[-6:], 2):
        if low >= 36 and square_root(low) and high - low in EXTRA:
            facts |= extra(high - low, f"{high} - {low} = {high - low}")
        if low >= 144 and square_root(low) and 2 < high / low <= 13 and not high % low:
            facts["tiles"] = f"{high} = {high // low} x {low}: tiles or frames?"
    for image, maps in pairwise(s for s in shapes_said if len(s) in (3, 4)):
        (H, W), (h, w) = image[-2:], maps[-2:]  # of an image, and of its map
        if H != W and min(h, w) > 4 and H * h == W * w:
            facts["turned-grid"] = f"{image} gives {maps}: height and width are swapped"
    for one, two in pairwise(s for s in shapes_said if len(s) == 3):
        ratios = [max(a, b) / max(min(a, b), 1) for a, b in zip(one, two, strict=False)]
        if len(one) == len(two) and min(ratios) >= 6 and min(*one, *two) > 1:
            facts["smaller"] = f"{one} and {two}: a map, and what it has to cover?"
    return facts
