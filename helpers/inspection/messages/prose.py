"""What numbers and shapes say in a text that is no known message."""

import re
from itertools import pairwise
from math import prod

from helpers.inspection.messages.numbers import (
    EXTRA,
    HEADS,
    KNOWN,
    SIDES,
    WIDTHS,
    as_int,
    as_shape,
    compare,
    describe,
    extra,
    grids,
    square_and_more,
    square_root,
    told,
)
from helpers.inspection.messages.shapes import heads_axis

PIXELS = re.compile(r"(?<![\d.x×*] )(?<![\d.x×*])(\d+) ?[x×*] ?(\d+)(?! ?[x×*]|\d)")
SIZE = r"[^.\d]{0,40}?([\[(]?\d[\d, ]*)"
MASK = re.compile(rf"\bmasks?\b{SIZE}", re.IGNORECASE)
TOKENS = re.compile(
    rf"\b(?:tokens?|keys?|sequences?|queries|hidden)\b{SIZE}"
    r"|(\d+) (?:\w+ )?(?:tokens|keys|positions)\b",
    re.IGNORECASE,
)
AGAINST = (
    r"instead of|rather than|vs\.?|versus|(?:but|where) (?:I )?(?:expect|got|need)"
)
COUNTS = re.compile(
    rf"\b(\d{{2,6}}) (?:\w+ ){{0,3}}?(?:{AGAINST})\w* (?:\w+ ){{0,3}}?(\d{{2,6}})\b"
)
DROPOUT = re.compile(r"(?<![\d.])1\.(25|1{2,}|05|052\d*|42\d+|43)0*(?![\d])")

CLASSLESS = re.compile(r"(?i)qwen|gemma|pixtral|smolvlm|idefics|kimi")  # no class token
TEXT_TABLE = re.compile(
    r"max_position_embeddings|n_positions|token_type_emb|wte\b"
    r"|(?:inputs_embed|word_?emb|token_?emb|caption_?emb)\w*(?:\(\w*\))? \+ \w*pos"
    r"|modeling_(?:bert|roberta|gpt2|opt)\b"
)
WORDS = re.compile(r"(?i)\b(?:[a-z]*bert|flair|sentence|tokenizer|layoutlm)")
POSITIONS = 512, 514, 1024  # of texts: BERT, RoBERTa, GPT-2
PATCHES = re.compile(r"(?i)patch|pixel_values|pos_embed\b|image_size|img_size")
WINDOWED = re.compile(r"(?is)window.*mask|mask.*window|swin.*mask|mask.*swin")
LENGTHS = re.compile(r"(?i)max_new_tokens|max_length|max_position|text|words|prompt")
SEEN = re.compile(r"(?i)imag|pictur|photo|pixel|patch|visi|vit\b|clip|frame|grid|map")


def of_setting(facts, kind, values, text):
    """The facts about the numbers of a message, as the words around it have them."""
    if kind == "counts" and "class-taken" in facts and CLASSLESS.search(text):
        difference = facts["class-taken"].split(":")[0]
        return told("counts", {"surplus-one": True}, difference=difference)
    if kind == "reshape" and "other-channels" in facts and of_text_alone(text):
        return text_lengths(facts, **values)
    if kind != "pair":
        return facts
    low, high = sorted((as_int(values["a"]), as_int(values["b"])))
    said, dim = {"low": low, "high": high}, as_int(values.get("dim", 1))
    words = low in POSITIONS and WORDS.search(text) and not SEEN.search(text)
    if dim == 1 and (TEXT_TABLE.search(text) or words) and not PATCHES.search(text):
        return told("pair", {"text-positions": True}, **said)
    images = dim == 0 and low > 1 and high % low == 0 and WINDOWED.search(text)
    said["times"] = high // max(low, 1)
    return facts | told("pair", {"images-windows": images}, **said)


def text_lengths(facts, wanted, size, **_):
    """A reshape to other rows than a text was cut to: no widths, but lengths."""
    rows, held = max(as_shape(wanted)), prod(as_shape(size))
    low, high = sorted((rows, rows * held // (prod(as_shape(wanted)) or 1)))
    kept = {name: facts[name] for name in facts if name != "other-channels"}
    return kept | told("pair", {"text-lengths": True}, low=low, high=high)


def of_text_alone(text):
    """Does a text speak of words and of no picture, so that its numbers are no grid?"""
    return bool(LENGTHS.search(text)) and not SEEN.search(text)


def facts_in_words(numbers, text):
    """{name: sentence} for the numbers and shapes in a text."""
    # 512x512 is what images are, (512, 512) may be queries by keys.
    pixels = {f"({a}, {b})" for a, b in PIXELS.findall(text)}
    said = [shape for n in numbers if str(shape := as_shape(n)) not in pixels]
    scale = DROPOUT.search(text)
    facts = told("prose", {"scale": scale}, scale=scale and scale[0])
    facts |= mask_sizes(text)
    for told_counts in COUNTS.findall(text):
        facts |= two_counts(*sorted(map(int, told_counts)))
    for shape in said:
        facts |= one_shape(shape)
    for one, two in pairwise(shape for shape in said if len(shape) in (2, 3, 4)):
        facts |= two_shapes(one, two)
    facts.pop("extra", None)  # in prose only its number says which tokens
    return facts


def mask_sizes(text):
    """A mask for so many keys, and another number of tokens."""
    masks, others = (
        [[*map(int, re.findall(r"\d+", one[0]))] for one in form.finditer(text)]
        for form in (MASK, TOKENS)
    )
    for *_, n in masks:
        for sizes in others:
            if n not in sizes and min(n, *sizes[-2:]) > 4:
                return told("prose", {"mask-sizes": True}, n=n, tokens=max(sizes))
    return {}


def two_counts(low, high):
    """Two counts that a sentence compares: what there is more in one of them."""
    more, (side, over) = high - low, square_and_more(low) or (0, 0)
    if not side or not more or low < 36 or {low, high} <= WIDTHS:
        return {}
    if not over:
        return compare(high, (side, side))
    return extra(more, f"{high} - {low} = {more}") if more in EXTRA else {}


def one_shape(shape):
    """A shape, or a number alone: the axes of weights, and extra tokens."""
    last, several = shape[-1] if shape else 0, len(shape) > 1
    picture = len(shape) in (4, 5) and shape[1] in (1, 3)  # 5: of a video
    square = several and last == shape[-2] and not picture
    rows = shape[-2] if len(shape) == 3 and shape[0] in (1, -1) else 0
    grid = last not in WIDTHS and grids(last)
    asks = shape[-2] if several else 0  # of (..., h, w, N) h x w
    asks *= asks if shape[-3:-2] == (asks,) and asks != last else 1
    cells = (square_root(asks) or 0) >= 4 or asks >= 256
    least = 36 if len(shape) > 2 else 144
    holds = {
        "every-query": square and last >= least and square_and_more(last),
        "heads-heads": square and len(shape) == 4 and last in HEADS and shape[1] > 64,
        "queries": rows >= 10 and rows != last and grid,
        "image-rows": several and last == 77 and (asks == -1 or cells),
        "text-rows": square and last == 77,
    }
    seen, asked = (str(part).replace("-1", "?") for part in (shape, asks))
    facts = told(
        "prose", holds, seen=seen, n=last, rows=rows, asks=asked, about=describe(last)
    )
    for n in shape:
        side, more = square_and_more(n) or (0, 0)
        if more and (n in KNOWN or (n >= 50 and side in SIDES)):
            facts |= extra(more, f"{n} = {side} x {side} + {more}")
    return facts


def two_shapes(one, two):
    """Two shapes, one after the other: an image and its map, weights and places."""
    (H, W), (h, w) = one[-2:], two[-2:]  # of an image, and of its map
    if len(one) == len(two) == 2:  # weights (classes, N), places (N, 2)
        listed = 1 < H < 64 < W == h and w in (2, 3, 4)
        return told("prose", {"each-class": listed}, one=one, two=two)
    if missing := heads_axis(one, two):
        return missing
    three = len(one) == len(two) == 3 and min(*one, *two) > 1
    ratios = [max(pair) / min(pair) for pair in zip(one, two, strict=False) if three]
    holds = {"turned-grid": H != W and min(h, w) > 4 and H * h == W * w}
    holds["smaller"] = min(ratios, default=0) >= 6
    return told("prose", holds, one=one, two=two)
