"""Two sizes or shapes that had to fit together: how they differ, what they may be."""

from math import gcd

from helpers.inspection.messages.numbers import (
    EXTRA,
    HEAD_WIDTHS,
    WIDTHS,
    as_int,
    as_shape,
    describe,
    extra,
    grids,
    one_image,
    rounded,
    square_and_more,
    square_root,
    told,
)

CLIP = 77  # text tokens
IMAGES = 16  # more are not in one prompt without being expanded
CHANNELS = (3, 4), (1, 3), (1, 4)  # of pictures


def pair(a, b, dim=None, axis=None, **_):
    """Two sizes that had to be equal, on axis `dim`; on all but `axis` in a join."""
    low, high = sorted((as_int(a), as_int(b)))
    more, root = high - low, square_root(low)
    facts = {}
    counts = low >= 49 and high not in WIDTHS and (root or dim != 3)
    if more in EXTRA and counts and (grids(low) or more > 1):
        facts = extra(more, f"{high} - {low} = {more}")
    elif root and more not in EXTRA:
        facts = rounded(high, root)
    holds = of_tokens(low, high) | of_axis(low, high, dim, axis)
    least = 3 if dim == 4 else 16  # a side that was halved and doubled again
    holds["halved"] = more == 1 and low > least and not facts and high not in WIDTHS
    few = 16 < low < high < 20000 and more < 9  # more are words
    holds["few-more"] = few and not (facts or root)
    values = {"low": low, "high": high, "more": more, "times": high // max(low, 1)}
    values |= {"root": root, "side": square_root(high)}
    return told("pair", holds, **values, about=[*map(describe, (low, high))]) | facts


def of_tokens(low, high):
    """{fact: does it hold} for two counts, whatever axis they are on."""
    both, more, squared = (low, high), high - low, high == low * low
    whole = low > 1 and high % low == 0 and not squared
    root, side, widths = square_root(low), square_root(high) or 0, {*both} <= WIDTHS
    pixels = side >= 224 and side % 8 == 0 and low < high / 8
    squares = low >= 49 and more not in EXTRA and all(map(square_and_more, both))
    sides = low >= 100 and all(map(grids, both)) and not root and not widths
    near = sides and more <= low / 10 and more not in EXTRA
    two = (squares or (sides and not near)) and not pixels
    swin = {49, 144} & {*both} and {4, 16, 64, 256, 1024} & {*both}
    return {
        "beams": low > 1 and squared,
        "multiple": whole,
        "flattened": whole and high > 20000 and not pixels,
        "joined": whole and low >= 144 and root,
        "windows": swin,  # of 7 x 7 or 12 x 12, and how many there are
        "two-grids": two,
        "rounded": near,
        "pixels": pixels,
        "text": CLIP in both,
        "image-rows": CLIP in both and (square_root(sum(both) - CLIP) or 0) >= 8,
        "chunks": low >= CLIP and low % CLIP == high % CLIP == 0,
        "widths": widths and not two,
        "small": high < 36,
        "channels": both in CHANNELS,
    }


def of_axis(low, high, dim, axis):
    """The same for what depends on the axis where they met."""
    ratio = high / max(low, 1)
    map_axis = axis is not None or dim in (2, 3, 4)
    stage = map_axis and ratio in (2, 4, 8) and 2 < low < high < 600 and low % CLIP
    side, root = square_root(high), square_root(low)
    return {
        "rounding": dim != 0 and low > 49 and root and side == root + 1,
        "shifted": dim and high in WIDTHS and low in (7, 14, 28, 56, 112),
        "first-axis": dim == 0 and (low, high) not in CHANNELS,
        "twice": dim == 0 and ratio == 2,
        "stages": stage,
        "doubled": dim and not stage and ratio == 2 and low not in WIDTHS,
        "half-width": dim == 3 and ratio == 2 and high in HEAD_WIDTHS,
        "keys-1": dim == 3 and high - 1 == low > 1,
        "joined-one": low == 1 and axis is not None,
    }


def channels(a, b, **_):
    """The channels that a convolution was built for, and those that came."""
    low, high = sorted((as_int(a), as_int(b)))
    root = square_root(high // low) if low and high % low == 0 else 0
    holds = {"enlarged": low > 4 and root and root > 1}
    return told("channels", holds, low=low, high=high, root=root)


def product(first, second):
    """A matrix product: (m, k) times (n, o), with k not n; {} for single numbers."""
    first, second = as_shape(first), as_shape(second)
    if min(len(first), len(second)) < 2:
        return {}
    (rows, k), (n, _) = first[-2:], second[-2:]
    low, high = sorted((abs(k), abs(n)))
    alone = rows * k == n and k > 1  # the channels of one image became its rows
    flattened = high > low > 1 and high % low == 0 and not alone
    holds = {"widths": not alone, "turned": first[0] in (k, n)}
    holds |= {"flattened": flattened, "alone": alone}
    values = {"rows": rows, "low": low, "high": high, "times": high // max(low, 1)}
    return told("product", holds, k=k, n=n, **values)


def counts(tokens, features):
    """Image tokens in the prompt, and features of the image; of shapes, the rows."""
    both = zip(range(9), as_shape(tokens), as_shape(features), strict=False)
    place, tokens, features = next((one for one in both if one[1] != one[2]), (0, 0, 0))
    if place and {tokens, features} <= WIDTHS:
        return pair(tokens, features)
    low, high = sorted((tokens, features))
    more, whole = high - low, gcd(low, high) or 1
    each, left = divmod(features, max(tokens, 1))
    other, rest = divmod(features, tokens + 1)
    few, rows = tokens <= IMAGES, low // max(more, 1)
    holds = {  # the first that holds
        "no-token": tokens == 0,
        "class-taken": more == 1 < low // 8,
        "unexpanded": few and not left and (tokens == 1 or one_image(each)),
        "one-short": few and not rest and one_image(other),
        "off-by-one": more <= 3 < low // 4,
        "expanded": whole == low > IMAGES,
        "images-lost": one_image(whole) and high <= IMAGES * whole,
        "newline": low == rows * more and 4 < more <= 3 * rows <= 9 * more,
        "other-count": one_image(low) and one_image(high),
        "cut-off": tokens < features,
        "surplus": tokens > features,
    }
    first = [name for name in holds if holds[name]][: features > 0]
    values = {"tokens": tokens, "features": features, "low": low, "high": high}
    values |= {"more": more, "each": each, "all": tokens + 1, "other": other}
    values |= {"whole": whole, "a": low // whole, "b": high // whole, "rows": rows}
    values["lost"] = "features" if tokens > features else "image tokens"
    values["about"] = f"{describe(low)}; {describe(high)}"
    return told("counts", dict.fromkeys(first, True), **values)
