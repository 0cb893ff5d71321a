"""What the queries, and which keys they look at, tell about the keys."""

from math import isqrt

from helpers.inspection.shapes.facts import SMALLEST, as_pair
from helpers.inspection.shapes.features import HEADS
from helpers.inspection.shapes.readings import fits, likeliest


def queries_of(shape, keys):
    """How many queries look at the keys of the last axis; 0 where none do."""
    return shape[-2] if 0 < keys == len(shape) - 1 else 0


def looks_at_words(N, T, facts):
    """True if the keys of T queries are words: by the family, or as text= says."""
    if T in (0, N):
        return False
    if sum(n or 0 for n in as_pair(facts.text)) >= N:
        return True
    no_grid = N % T and T >= SMALLEST and isqrt(N) ** 2 != N and not fits(N, facts)
    return facts.family.words and (T > N or bool(no_grid and not facts.family.place))


def cut_by_one(N, facts):
    """Why a grid has some more cells than these keys, in words; or ""."""
    best = likeliest(N + 1, facts)
    if best is None or best.off_grid or best.kind != "cells":
        return pruned(N, facts)
    grid = " x ".join(map(str, best.layout.grid))
    return f"or {grid} cells but for the last, which training cuts off (causal)"


def pruned(N, facts):
    """That an encoder dropped or merged cells, where the image has more; or ""."""
    if None in (facts.image_size, facts.patch_size) or facts.in_prompt():
        return ""
    h, w = facts.grids()[0][:2] if facts.grids() else (0, 0)
    if facts.family.prompt or not h * w / 4 < N < h * w:
        return ""
    return (
        f"or some of {h} x {w} cells, the others dropped or merged (EViT, ToMe; keep "
        "the indices of those that are left, as no count tells them)"
    )


def by_queries(report, N, facts):
    """What the queries leave open of the candidates; a note where they are cells."""
    best = report.candidates[0]
    T = next((axis.size for axis in report.axes if axis.name == "queries"), 0)
    own = (
        likeliest(T, facts) if facts.image_size and T != N and fits(T, facts) else None
    )
    if own and own.merge == 1 and report.what == "weights":
        report.notes.append(f"the queries fit the image, too: {own}")
        if best.kind == "cells" and best.layout.grid != own.layout.grid:
            yield (
                "whose cells the keys are: this image's, in another grid than the "
                "queries', or another picture's (a reference)"
            )
        width = N in HEADS and own.off_grid > best.off_grid
        odd = width or not fits(N, facts)
        if report.sums and T != N and odd and facts.text is None:
            keys = "may be a head's width" if width else "do not"
            yield (
                f"which axis the softmax ran over: the {T} queries fit the image and "
                f"the {N} keys {keys}. These are keys of a prompt, or the channels of "
                "tokens (B, N, D) after a softmax, and then no keys at all. How many "
                "keys has the layer?"
            )
    M = N - sum(n or 0 for n in as_pair(facts.text))
    if T == N and best.off_grid > N - M and (cut := cut_by_one(M, facts)):
        yield cut


def across_the_batch(shape, keys, facts, batch):
    """(N, ..., B, B): the first axis counts cells, the last two count images."""
    if len(shape) < 3 or keys != len(shape) - 1 or batch not in (None, shape[-1]):
        return False
    square = shape[-1] == shape[-2] < shape[0]
    return square and fits(shape[0], facts)
