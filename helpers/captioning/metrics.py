"""Does the map point at what the word names? Scores against the masks of the scenes."""

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from helpers.captioning.words import KIND, word_objects


def peak(heat, size):
    """(x, y) in pixels: the centre of the largest cell of a map (h, w).

    size is (H, W) of the picture that the map covers. Raises ValueError for a map that
    is the same everywhere (it has no peak) and for NaN.
    """
    h, w = heat.shape
    if not heat.max() > heat.min():
        raise ValueError(
            f"all {h} x {w} cells of the map are {float(heat.max()):.3g}: there is no "
            "peak"
        )
    row, column = divmod(int(heat.argmax()), w)
    return (column + 0.5) * size[1] / w, (row + 0.5) * size[0] / h


def distance_to(mask, point):
    """Pixels from a point (x, y) to a mask (H, W); 0 on it, infinite if it is empty."""
    x, y = point
    if mask[int(y), int(x)]:
        return 0.0
    rows, columns = np.nonzero(mask)
    gaps = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
    return float(gaps.min(initial=np.inf))


def peak_distance(heat, mask):
    """How far the peak of a map (h, w) lies from a mask (H, W), in pixels."""
    return distance_to(mask, peak(heat, mask.shape))


def peak_error(scene, word, heat):
    """How far, in pixels, the peak of a map (h, w) lies from the object that word
    number `word` of the scene's caption names; 0 on the object.

    Raises ValueError for a word that names no object.
    """
    owner = scene.word_objects[word]
    if owner is None:
        raise ValueError(f"word {word}, {scene.words[word]!r}, names no object")
    return peak_distance(heat, scene.masks[owner])


def attention_mass(heat, mask):
    """The share of a map's weight that lies on an object, 0..1.

    heat: (h, w), not negative. mask: (H, W) bool. A cell counts with the share of its
    square that the object covers. Raises ValueError for a map without weight.
    """
    total = float(heat.sum())
    if not total > 0:
        raise ValueError(f"the weights of the map sum to {total:.3g}: nothing to share")
    return float((heat * coverage(mask, heat.shape)).sum()) / total


def coverage(mask, grid):
    """How much of each cell of a grid (h, w) a mask (H, W) covers: (h, w) in 0..1."""
    pixels = torch.as_tensor(mask, dtype=torch.float32)[None]  # (1, H, W)
    return adaptive_avg_pool2d(pixels, tuple(grid))[0]  # (h, w)


def rank_accuracy(heat, mask):
    """The share of the K brightest cells of a map (h, w) that lie on an object, 0..1.

    K is how many cells lie on it: those that the mask (H, W) covers by half or more.
    Of equally bright cells the first count. The relevance rank accuracy of Arras, Osman
    & Samek 2022, "CLEVR-XAI: A benchmark dataset for the ground truth evaluation of
    neural network explanations", on cells in place of pixels. Raises ValueError for an
    object that covers no cell by half.
    """
    on = (coverage(mask, heat.shape) >= 0.5).flatten()  # (N,)
    K = int(on.sum())
    if not K:
        raise ValueError(
            f"an object of {int(mask.sum())} pixels covers no cell of a "
            f"{heat.shape[0]} x {heat.shape[1]} grid by half: there is nothing to rank"
        )
    order = heat.flatten().argsort(descending=True, stable=True)  # (N,)
    return float(on[order[:K]].double().mean())


def centre_map(h, w):
    """A map that knows nothing, to compare with: a Gaussian around the centre, (h, w).

    It sums to 1; its standard deviation is a quarter of each side.
    """
    rows = torch.linspace(-2, 2, h)[:, None]  # (h, 1), in standard deviations
    columns = torch.linspace(-2, 2, w)  # (w,)
    heat = (-(rows**2 + columns**2) / 2).exp()  # (h, w)
    return heat / heat.sum()


def per_word(captions, scenes, measure, nothing):
    """Measure every colour and shape word that was said: lists "color" and "shape".

    measure: a function of a map (h, w) and the mask (H, W) of the object that its word
    names. The nth object in the caption that was said counts as the nth in the scene; a
    word beyond the last object gets `nothing`.
    """
    found = {"color": [], "shape": []}
    for caption, scene in zip(captions, scenes, strict=True):
        named = word_objects(caption.words)
        for word, owner, heat in zip(caption.words, named, caption.maps, strict=True):
            if owner is not None:
                known = owner in range(len(scene.masks))
                value = measure(heat, scene.masks[owner]) if known else nothing
                found[KIND[word]].append(value)
    return found


def peak_distances(captions, scenes):
    """How far the peak of each word's map lies from the object, in pixels; 0 on it.

    Lists "color" and "shape", see `per_word`. The pointing game of Zhang et al. 2016,
    "Top-down Neural Attention by Excitation Backprop".
    """
    return per_word(captions, scenes, peak_distance, np.inf)


def near(captions, scenes):
    """The share of peaks within half a cell of the named object, 0..1."""
    gaps = peak_distances(captions, scenes)
    return float(np.mean(_are_near(gaps["color"] + gaps["shape"], captions, scenes)))


def _are_near(gaps, captions, scenes):
    """Which distances are half a cell at most, of scenes of one size: (n,) bool."""
    return np.array(gaps) <= scenes[0].masks.shape[1] / captions[0].maps.shape[1] / 2


def score(captions, scenes):
    """The figures of the manifest, each a share in 0..1 rounded to 3 decimals.

    exact: captions right word for word. strict: peaks on the named object. near: peaks
    within half a cell of it; per word class too. Raises ValueError where there is no
    scene, or no caption names anything.
    """
    gaps = peak_distances(captions, scenes)
    words = gaps["color"] + gaps["shape"]
    if not words:
        raise ValueError(f"{len(scenes)} captions name no colour and no shape")
    right = [c.words == s.words for c, s in zip(captions, scenes, strict=True)]
    scores = {"exact": np.mean(right)}
    for kind, found in {"": words, **{f"_{k}": gaps[k] for k in gaps}}.items():
        if found:
            scores[f"strict{kind}"] = np.mean(np.array(found) == 0)
            scores[f"near{kind}"] = np.mean(_are_near(found, captions, scenes))
    return {name: round(float(value), 3) for name, value in scores.items()}


def score_captioner(captioner, scenes):
    """`score` of the captions that a captioner gives to scenes."""
    return score(captioner.captions([scene.image for scene in scenes]), scenes)
