"""What a tensor is, if it is no weights: by its values, then by its shape."""

from helpers.inspection.shapes.features import WORDS, Features, as_features, as_points
from helpers.inspection.shapes.readings import exact, fits
from helpers.inspection.shapes.sums import are_cut

COLORS = (3, 4)  # as a picture has them
SMALL, SMALL_LAST = 192, 64  # pixels of a side: below this, colors may be heads


def instead_of_weights(report, values, facts, counts):
    """The Features that the tensor may be; None for weights."""
    shape, signed = report.shape, False
    if points := as_points(shape, report.sums, facts, counts):
        return points
    named = {counts["heads"], counts["queries"]} - {None, 1}
    if values is not None:
        signed = bool((values.nan_to_num() < -1e-6).any())
        if found := by_values(shape, values):
            return found
        weights = report.sums or are_cut(values, len(shape) - 1)
        if weights and shape[-1] not in WORDS:
            return None
        pixels = None if named & set(shape) else as_pixels(shape, values, facts)
        if pixels and not weights:
            return pixels
    placed = facts.in_prompt() or facts.given_grids() or exact(shape[-1], facts)
    if not signed and ((facts.gives_layout() and placed) or named & set(shape)):
        return None
    found = as_features(shape, facts, signed, counts["heads"])
    axes_named = counts["heads"] in shape[:-2] or counts["queries"] == shape[-2:][0]
    return None if axes_named and found and found.what == "tokens" else found


def by_values(shape, values):
    """Features, if all values are one of two numbers, or whole ones; else None."""
    least, most = values.min().item(), values.max().item()
    if least == most or not (least == 0 or most == 0):
        whole = 0 < least < most and bool((values % 1 == 0).all())
        return as_numbers(shape) if whole else None
    if ((values == least) | (values == most)).all() and most <= 1:
        one = least == 0 and (values.sum(-1) == 1).all()  # a key a row
        mask = most in (0, 1) and not one
        return Features("mask", (), "a mask, of the shape of weights") if mask else None
    whole = 1 < most != 255 and least == 0 and bool((values % 1 == 0).all())
    return as_numbers(shape) if whole else None


def as_numbers(shape):
    return Features("whole numbers", ("places",), "ids, or counts: no axis has weights")


def as_pixels(shape, values, facts):
    """Features, if the last axes are rows and columns of pixels; else None."""
    if len(shape) < 3:
        return None
    first = shape[-3], shape[-2:], SMALL, ("channels", "rows", "columns")
    last = shape[-1], shape[-3:-1], SMALL_LAST, ("rows", "columns", "channels")
    sizes = values.abs()
    for colors, (h, w), smallest, names in (first, last):
        usual = colors in COLORS and min(h, w) >= smallest and not (h % 8 or w % 8)
        bright = usual and sizes.max() <= 255 and sizes.mean() * w > 8
        if bright and not fits(w, facts):
            text = f"{colors} channels of {h} x {w} pixels: a picture"
            return Features("picture", names, text)
    if facts.image_size and shape[-2:] == tuple(facts.image_size):
        text = "the last two axes are the rows and columns of the image itself"
        return Features("enlarged maps", ("rows", "columns"), text)
    return None
