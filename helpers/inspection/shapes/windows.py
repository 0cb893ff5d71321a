"""First axes that count something else than images: windows, or cells."""

from math import ceil, isqrt

from helpers.inspection.shapes.readings import fits
from helpers.inspection.shapes.report import Axis, Candidate
from helpers.maps.token_layout import TokenLayout

MANY_IMAGES = 16  # so many of one size are windows rather than a batch
WHICH = (
    "which windows: every other block shifts them, and the first axis alone does not "
    "tell the images from the windows. batch= and the block's shift settle it; "
    "with B images: weights.unflatten(0, (B, -1)), mean over the queries, then join "
    "windows and keys"
)


def across_the_batch(shape, keys, facts, batch):
    """(N, ..., B, B): the first axis counts cells, the last two count images."""
    if len(shape) < 3 or keys != len(shape) - 1 or batch not in (None, shape[-1]):
        return False
    square = shape[-1] == shape[-2] < shape[0]
    return square and fits(shape[0], facts)


def add_windows(report, facts, batch, usual):
    """Put windows on a report where they fit; returns what stays open."""
    axis, named = report.axes[0], "windows" in facts.family.kinds
    found = windows_of(report.shape, facts, batch)
    heads = axis.named and axis.name != "images"
    other = facts.family.kinds or (usual and facts.patch_size)
    if not found or heads or (other and not named):
        return []
    known = any(c.likely and not c.free for c in report.candidates)
    if named or not known or axis.size >= MANY_IMAGES:
        report.candidates = found + report.candidates
        why = "a multiple of the windows"
        report.axes[0] = Axis("images x windows", axis.size, why, True)
    else:
        report.candidates += found
    return [WHICH]


def windows_of(shape, facts, batch=None):
    """Layouts of window attention (Liu et al. 2021, Swin): (B * windows, A, n*n, n*n).

    Fits where the last two axes are one window and the first counts windows. Plain
    windows come before shifted ones: which of the two it is, no number tells.
    """
    side = isqrt(shape[-1])
    square = len(shape) in (3, 4) and shape[-1] == shape[-2] == side**2
    if facts.image_size is None or not square or side < 4:
        return []
    plain, shifted = [], []
    stride = facts.patch_size if isinstance(facts.patch_size, int) else 4  # Swin's
    for merge in (1, 2, 4, 8):
        h, w = (ceil(n / (stride * merge)) for n in facts.image_size)
        windows = ceil(h / side) * ceil(w / side)
        images, rest = divmod(shape[0], windows)
        if windows < 2 or rest or batch not in (None, images):
            continue
        source = (
            f"{windows} windows of {side} x {side}, {shape[0]} = {images} x {windows}"
        )
        for shift, found in [(0, plain), (side // 2, shifted)]:
            layout = TokenLayout.from_windows(h, w, side, shift)
            others = f"shifted by {shift}" if shift else "not shifted"
            found.append(Candidate(layout, source, others, kind="windows"))
    return plain + shifted
