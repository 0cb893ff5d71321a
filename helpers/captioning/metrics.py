"""Does the map point at what the word names? Scores against the masks of the scenes."""

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from helpers.captioning.scenes import word_objects
from helpers.captioning.words import KIND


def exact_match(captions, scenes):
    """The share of captions, 0..1, that say word for word what their scene says."""
    right = [c.words == s.words for c, s in zip(captions, scenes, strict=True)]
    return sum(right) / len(right)


def peak_cell(heat):
    """(row, column) of the largest cell of a map (h, w).

    Raises ValueError for a map that is the same everywhere and for NaN.
    """
    h, w = heat.shape
    if not heat.max() > heat.min():
        raise ValueError(
            f"all {h} x {w} cells of the map are {float(heat.max()):.3g}: there is no "
            "peak"
        )
    return divmod(int(heat.argmax()), w)


def peak(heat, size):
    """(x, y) in pixels: the centre of the largest cell of a map (h, w).

    size is (H, W) of the picture that the map covers. Raises ValueError for a map that
    is the same everywhere (it has no peak) and for NaN.
    """
    h, w = heat.shape
    row, column = peak_cell(heat)
    return (column + 0.5) * size[1] / w, (row + 0.5) * size[0] / h


def distance_to(mask, point):
    """How far a point (x, y) lies from a mask (H, W), in pixels; 0 on the mask.

    Infinite for an empty mask.
    """
    x, y = point
    if mask[int(y), int(x)]:
        return 0.0
    rows, columns = np.nonzero(mask)
    gaps = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
    return float(gaps.min(initial=np.inf))


def peak_error(scene, word, heat):
    """How far, in pixels, the peak of a map (h, w) lies from the object that word
    number `word` of the scene's caption names; 0 on the object.

    Raises ValueError for a word that names no object.
    """
    owner = scene.word_objects[word]
    if owner is None:
        raise ValueError(f"word {word}, {scene.words[word]!r}, names no object")
    mask = scene.masks[owner]  # (H, W)
    return distance_to(mask, peak(heat, mask.shape))


def misses(captions, scenes):
    """Every word that names an object: [(pixels, scene, word)], the farthest first.

    pixels: how far the peak of its map lies from the object; scene and word: numbers,
    from 0. Only captions that are right word for word count.
    """
    found = []
    for number, (caption, scene) in enumerate(zip(captions, scenes, strict=True)):
        if caption.words != scene.words:
            continue
        for word, owner in enumerate(scene.word_objects):
            if owner is not None:
                found.append(
                    (peak_error(scene, word, caption.maps[word]), number, word)
                )
    return sorted(found, reverse=True)


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


def bootstrap(values, rounds=2000, seed=0):
    """(low, high): the 95 % bootstrap interval of the mean of values. Efron 1979.

    Raises ValueError if there is no value.
    """
    values = np.asarray(values, dtype=float)
    if not values.size:
        raise ValueError("no values, no interval")
    draws = np.random.default_rng(seed).choice(values, (rounds, values.size))
    low, high = np.quantile(draws.mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


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
            if word not in KIND:
                continue
            known = owner in range(len(scene.masks))
            value = measure(heat, scene.masks[owner]) if known else nothing
            found[KIND[word]].append(value)
    return found


def peak_distances(captions, scenes):
    """How far the peak of each word's map lies from the object, in pixels; 0 on it.

    Lists "color" and "shape", see `per_word`. The pointing game of Zhang et al. 2016,
    "Top-down Neural Attention by Excitation Backprop".
    """

    def gap(heat, mask):
        return distance_to(mask, peak(heat, mask.shape))

    return per_word(captions, scenes, gap, np.inf)


def attention_masses(captions, scenes):
    """The share of each word's map that lies on the object, 0..1.

    Lists "color" and "shape", see `per_word`.
    """
    return per_word(captions, scenes, attention_mass, 0.0)


def score(captions, scenes, half_a_cell=4.0):
    """The figures of the manifest, each a share in 0..1 rounded to 3 decimals.

    exact: captions right word for word. strict: peaks on the named object. near: peaks
    within `half_a_cell` pixels of it; per word class too. Raises ValueError where there
    is no scene, or no caption names anything.
    """
    gaps = peak_distances(captions, scenes)
    words = gaps["color"] + gaps["shape"]
    if not words:
        raise ValueError(f"{len(scenes)} captions name no colour and no shape")
    scores = {
        "exact": exact_match(captions, scenes),
        "strict": np.mean(np.array(words) == 0),
        "near": np.mean(np.array(words) <= half_a_cell),
    }
    for kind, values in gaps.items():
        if values:
            scores[f"strict_{kind}"] = np.mean(np.array(values) == 0)
            scores[f"near_{kind}"] = np.mean(np.array(values) <= half_a_cell)
    return {name: round(float(value), 3) for name, value in scores.items()}
