"""What a count leaves open, what would settle it, and what to run next."""

from math import isqrt

from helpers.inspection.shapes.facts import LARGEST
from helpers.inspection.shapes.features import HEADS, MOST_LEVELS, MOST_POINTS
from helpers.inspection.shapes.prompt import POOLED, unplaced
from helpers.inspection.shapes.queries import cut_by_one, looks_at_words, queries_of
from helpers.inspection.shapes.readings import fits, likeliest, other_size
from helpers.inspection.shapes.report import MOST, Known
from helpers.inspection.shapes.tiles import TILES


def open_questions(candidates, facts):
    """Sentences on what stays open with these candidates; none if they are proven."""
    if not candidates or candidates[0].known != Known.COUNTED:
        return []
    best = candidates[0]
    doubts = [*where(best, facts), *what(best, facts), same_count(candidates)]
    return [doubt for doubt in doubts if doubt]


def where(best, facts):
    """Doubts about the place of the cells among the keys."""
    cells = best.layout.index.numel()
    if facts.text is not None or (facts.family.place and best.off_grid > 5):
        says = "text= says" if facts.text is not None else f"{facts.name} has it"
        yield (
            f"that the image stands where {says}, and that {cells} of its keys are "
            "cells, is a count. input_ids= and image_token= prove it"
        )
    elif best.free or (
        best.off_grid > 2 and best.kind == "cells" and facts.input_ids is None
    ):
        yield (
            f"where the {best.off_grid} keys that are no cells stand: in front (class "
            "token, registers), behind (text), around, or between the rows. text= "
            "says, input_ids= and image_token= prove it, or read_tokens=, by experiment"
        )
    elif best.kind == "joined" and facts.text is None and facts.input_ids is None:
        yield (
            "that no word is among the keys, and how many rows or columns of padding "
            "were cut off: text=(in front, behind) says"
        )
    if best.free and (size := other_size(best.layout.length, facts)):
        yield f"the size of the image: {best.layout.length} keys are {size}"
    elif best.free and best.off_grid > cells:
        yield (
            "more keys off the grid than on it: several images, tiles or frames? "
            "frames=, tiles=, grid_thw= or spatial_shapes= say"
        )


def what(best, facts):
    """Doubts about the grid, and about what the keys are."""
    if facts.assumed:
        size, patch = " x ".join(map(str, facts.image_size)), facts.patch_size
        size += f" in patches of {patch}" if patch != 1 else " cells"
        wanted = " and ".join(f"{name}=" for name in facts.assumed)
        yield f"the input: {size}, by the name and the count. To be settled by {wanted}"
    elif facts.patch_size is None and facts.family.inputs and facts.image_size:
        yield (
            f"the grid: in no published input of {facts.name} it has {best.source}. "
            "patch_size= settles it"
        )
    if facts.input_unknown() and facts.family.inputs:
        yield f"the input: no usual one of {facts.name} has {best.layout.length} keys"
    if facts.image_size is None and not facts.gives_layout():
        yield (
            f"the grid: {best.layout.length} keys may as well be words. image_size="
            "(H, W) and patch_size= narrow it down"
        )
    elif facts.image_size is not None and not best.likely:
        yield (
            f"the grid: {best.source} is unusual. Read (h, w) off the feature map; "
            "another backbone has another grid"
        )
    said = ("frames",) if facts.frames else tuple(TILES) if facts.tiles else ()
    if best.kind not in ("cells", "windows", *facts.family.kinds, *said):
        yield (
            f"that these are {best.kind}: words, another picture, or cells in another "
            "order count the same. model= (its name) or the run settles it"
        )
    if best.merge > 1 and best.merge not in facts.merges:
        yield (
            f"the grid: only a model that merges {best.merge} x {best.merge} patches "
            f"has it; the keys may as well be words, or {POOLED}"
        )


def same_count(candidates):
    """The question between layouts that count the same; "" if there is none."""
    best = candidates[0]
    first = candidates[:MOST]
    same = [c for c in first if (c.likely, c.free) == (best.likely, best.free)]
    grids = {" x ".join(map(str, c.layout.grid)) for c in same}
    if best.kind == "levels":
        return "which level: each of these proposals is a map of its own"
    if len(grids) > 1:
        settle = (
            "patch_size=, merge=, frames=, tiles= or model= (a name) narrow it down"
        )
        return f"the grid: {' or '.join(sorted(grids))}. {settle}"
    if len(same) > 1 and same[1].kind != "windows":
        second = f"{same[1].source}, {same[1].others}"
        return f"the order of the keys: as in proposal 1, or as in 2, {second}"
    return ""


def no_layout(shape, keys, facts):
    """No layout fits; say what would, if something is near."""
    N, T = shape[keys], queries_of(shape, keys)
    if looks_at_words(N, T, facts):
        best, side = likeliest(T, facts), isqrt(T)
        grid = " x ".join(map(str, best.layout.grid)) if best else ""
        grid = f"{side} x {side}" if not best and side**2 == T else grid
        return (
            f"the {N} keys are words of the prompt (or tokens of an adapter, which "
            "stand for a whole picture), and the queries are cells"
            f"{f', {grid}' if grid else ''}: weights[..., k] is the map of word k"
        )
    if facts.family.grid and facts.input_unknown():
        return (
            f"{N} keys are no usual input of {facts.name}: image_size=(H, W), frames=, "
            "tiles=, or grid_thw= or spatial_shapes= of its processor say the grid; or "
            "these keys are words"
        )
    known = facts.given_grids() or facts.tiles or facts.text is not None
    if known and facts.family.grid:
        return unplaced(N, facts)
    text = f"no grid on this image has {N} keys" if facts.image_size else f"{N} keys"
    text += f" ({other_size(N, facts)})" if other_size(N, facts) else ""
    if len(shape) > 1 and fits(shape[keys - 1], facts):
        return (
            f"{text}, but axis {keys - 1} of size {shape[keys - 1]} fits: cells look "
            "at words (weights[..., k] is the map of word k), query and key axes are "
            "swapped, or these are tokens (B, N, D), in a softmax over their channels"
        )
    text += f" {cut}" if T == N and (cut := cut_by_one(N, facts)) else ""
    head = f"; or {N} is the width of a head: queries, keys or values (B, A, N, d)"
    head = head * (N in HEADS and len(shape) == 4)
    if shape[keys - 1] == N and len(shape) == 4 and N % 8 == 0 and N <= max(HEADS):
        head = f"; or the {N} channels of a head look at each other (XCiT)"
    if facts.family.note and not facts.family.grid:
        return f"{facts.name}: {facts.family.note}{head}"
    return (
        f"{text}: words or objects; learned queries (a resampler; then no key has a "
        "cell); or another input size (resized, cropped, padded) than you think" + head
    )


def open_grid(shape, values):
    """What two last axes may be besides rows and columns."""
    h, w = shape[-2:]
    if values is None and h == w <= LARGEST:
        yield f"the last two axes: {h} x {w} cells, or {h} queries by {w} keys (words)"
    if h <= MOST_LEVELS and w <= MOST_POINTS and len(shape) > 4:
        yield (
            f"the last two axes: {h} x {w} cells, or {h} levels of {w} points "
            "(deformable attention: no keys, sampling_locations says where). model= or "
            "heads= says"
        )


def next_line(report, keys):
    """What to run next; where there is a problem, its remedy says that."""
    best = next(iter(report.candidates), None)
    if report.problems or best is None:
        return ""
    if best.free:
        return "the same with text=(keys in front of the image's, keys behind)"
    if report.what != "weights" or best.kind == "windows" or keys is None:
        return ""
    dim = "" if keys == len(report.shape) - 1 else f", dim={keys}"
    sizes = (*report.shape[:keys], *best.layout.grid, *report.shape[keys + 1 :])
    return f"maps = report.layouts[0].to_grid(weights{dim})  # {sizes}"
