"""What one allocation that failed says: is it a matrix of weights, and of what grid?"""

import re
from itertools import product
from math import sqrt

from helpers.inspection.messages.numbers import as_shape, told

ASKED = re.compile(r"(?i)allocat\w+ (?:of )?((\d[\d,]*(?:\.\d+)?) ?([KMGT]?)i?B\w*)")
POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
NAMED = re.compile(r"(?i)\b(?:num_(?:attention_)?heads|n_heads?)\b\W{0,4}(\d+)")
PIXELS = re.compile(r"(?<![\d.])(\d{3,5}) ?[x×*] ?(\d{3,5})(?![\d.])")
LITTLE, MUCH = 2**26, 2**29  # bytes: what any layer takes, and what a matrix may take
NEAR = 0.006  # how far a matrix is from a number that was rounded
HEADS, PATCHES, BYTES = (16, 12), (14, 16), (2, 4)  # the usual ones


def memory(numbers, text):
    """Facts about what a program asked for when the memory was full."""
    found = ASKED.search(text)
    if not found or "with shape" in text:
        shapes = [n for n in map(as_shape, numbers) if n[-2:-1] == n[-1:] > (999,)]
        values = {"shape": shapes[0], "n": shapes[0][-1]} if shapes else {}
        return told("memory", {"matrix": shapes}, **values)
    said, number, unit = found.groups()
    size = float(number.replace(",", "")) * 1024 ** POWERS[unit.upper()]
    known = NAMED.search(text)
    heads = (int(known[1]),) if known else HEADS
    if size < MUCH:
        return told("memory", {"little": size <= LITTLE}, said=said)
    if values := fitting(size, text, heads):
        return told("memory", {"matrix-fits": True}, said=said, **values)
    tokens = [round(sqrt(size / heads[0] / width), -2) for width in BYTES]
    sides = [round(sqrt(n) * PATCHES[0], -1) for n in tokens]
    values = {"heads": heads[0], "tokens": tokens, "sides": sides, "patch": PATCHES[0]}
    return told("memory", {"one-matrix": min(tokens)}, said=said, **values)


def fitting(size, text, heads):
    """Of an image in the text, in patches, the matrix of weights that is as large."""
    for (H, W), patch in product(PIXELS.findall(text), PATCHES):
        n = (int(H) // patch) * (int(W) // patch)
        for each, width in product(heads, BYTES):
            if abs(each * n**2 * width - size) < NEAR * size:
                return {"n": n, "patch": patch, "heads": each, "width": width}
    return {}
