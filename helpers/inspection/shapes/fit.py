"""Which layouts fit the axes of a weights tensor, and what that leaves open."""

from dataclasses import dataclass, field

from helpers.inspection.shapes.candidates import (
    Candidate,
    candidate_grids,
    candidate_layouts,
    candidate_windows,
)
from helpers.inspection.shapes.problems import Problem
from helpers.maps.tokens import TokenLayout


@dataclass
class Fit:
    """Candidates, best first; problems; what stays open; what is worth knowing."""

    candidates: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    ambiguous: list = field(default_factory=list)
    notes: list = field(default_factory=list)


def fit_grid(h, w):
    """The last two axes are rows and columns."""
    reason = f"{h} x {w} cells: the last two axes are the grid already"
    return Fit([Candidate(TokenLayout.from_grid(h, w), reason, True)])


def fit_layout(layout, N):
    """A layout that the caller named: right or wrong."""
    if layout.length == N:
        return Fit([Candidate(layout, f"{layout}, as you named it", True)])
    h, w = layout.grid
    problem = Problem(
        f"{N} keys, but the layout you named has {layout.length}",
        f"{N - h * w} keys more than the {h * w} cells: a class token, registers, text"
        if N > h * w
        else f"the grid of another backbone or image size: {h} x {w} = {h * w} cells",
        "read (h, w) off the feature map, and count the keys that are no cells",
    )
    return Fit(problems=[problem])


def fit_keys(shape, keys, image_size, patch_size, batch=None, causal=False, sure=False):
    """Candidates for the axis of the keys, from the numbers alone.

    causal: no query looks ahead. sure: the values say that this axis holds the keys.
    """
    N = shape[keys]
    square = len(shape) > 1 and shape[keys - 1] == N
    plain = candidate_layouts(N, image_size, patch_size)
    windows = candidate_windows(shape, image_size, patch_size, batch)
    usual = bool(plain) and plain[0].usual
    if causal:
        return Fit(notes=[f"{N} words look at earlier words: no map of a picture"])
    if windows and not (usual and patch_size is not None and plain[0].likely):
        return Fit(windows + plain, ambiguous=[WHICH_WINDOWS])
    if not usual and across_the_batch(shape, keys, image_size, patch_size, batch):
        return Fit(problems=[across(shape)])
    if square and not plain and N < coarsest(image_size, patch_size) / 2:
        note = f"{N} queries look at each other: words or objects, not a picture"
        return Fit(notes=[note])
    fit = Fit(plain)
    if square:
        fit.notes.append(
            f"({N}, {N}) is queries by keys, not a picture: one row of it is a map"
        )
    if image_size is None:
        fit.ambiguous.append(
            "the grid: without image_size=(H, W) only square ones were tried"
        )
    elif not plain and sure and fits(shape[keys - 1 : keys], image_size, patch_size):
        fit.notes.append(f"cells look at {N} words: the map is a column, not a row")
    elif not plain:
        fit.problems.append(unexplained(shape, keys, image_size, patch_size))
    else:
        fit.ambiguous += doubts(plain, N)
    return fit


WHICH_WINDOWS = (
    "which windows: every other block shifts them, and the first axis alone does not "
    "tell the images from the windows. batch= and the block's shift settle it; "
    "with B images: weights.unflatten(0, (B, -1)), mean over the queries, then join "
    "windows and keys"
)


def doubts(candidates, N):
    """What stays open with these candidates."""
    best = candidates[0]
    cells = best.layout.index.numel()
    others = N - cells
    found = []
    if others > 2:
        found.append(
            f"where the {others} keys that are no cells stand: in front (class token, "
            "registers) or behind (text), or between the rows. Change one cell's "
            "pixels and see which key moves"
        )
    if not best.likely:
        found.append(
            f"the grid: {best.reason} fits the numbers, but is unusual. Read (h, w) "
            "off the feature map; another backbone has another grid"
        )
    rivals = {c.layout.grid for c in candidates if c.usual and c.likely == best.likely}
    if len(rivals) > 1:
        text = " or ".join(f"{h} x {w}" for h, w in sorted(rivals))
        found.append(f"the grid: {text}. Say patch_size=, or read it off the model")
    return found


def across_the_batch(shape, keys, image_size, patch_size, batch):
    """(N, ..., B, B): the first axis counts cells, the last two count images."""
    if len(shape) < 3 or image_size is None or keys != len(shape) - 1:
        return False
    if shape[-1] != shape[-2] or batch not in (None, shape[-1]):
        return False
    return shape[0] > shape[-1] and fits(shape[:1], image_size, patch_size)


def coarsest(image_size, patch_size):
    """Cells of the coarsest grid that is likely; without an image there is none."""
    if image_size is None:
        return float("inf")
    grids = candidate_grids(image_size, patch_size).items()
    return min((h * w for (h, w), (_, likely) in grids if likely), default=1)


def fits(sizes, image_size, patch_size):
    """True if one of the sizes is a usual number of keys for this image."""
    found = [candidate_layouts(n, image_size, patch_size) for n in sizes]
    return any(c.usual and c.likely for some in found for c in some)


def across(shape):
    return Problem(
        f"{shape[0]} cells stand first and the last two axes are {shape[-1]} x "
        f"{shape[-1]}: the images of the batch look at each other",
        "the layer takes (N, B, D), and was given (B, N, D)",
        "batch_first=True; weights are then (B, A, N, N)",
    )


def unexplained(shape, keys, image_size, patch_size):
    """No layout fits; say what would, if something is near."""
    N, (H, W) = shape[keys], image_size
    if fits(shape[keys - 1 : keys], image_size, patch_size):
        return Problem(
            f"axis {keys - 1} of size {shape[keys - 1]} fits the image, the last ({N}) "
            "does not",
            "query and key axes are swapped; or words are the keys here; or these are "
            "tokens (B, N, D), and no weights at all",
            "the axis that sums to 1 holds the keys",
        )
    patch = f" and a patch of {patch_size}" if patch_size else ""
    return Problem(
        f"no layout has {N} keys on an image of {H} x {W} pixels{patch}",
        "another input size than you think (resized, cropped, padded), another "
        "backbone, or keys that were dropped",
        "print the shape of the feature map and of the model's real input",
    )
