"""What the two captioners of rendered scenes reach, in the world of their training and
outside of it: `python -m helpers score rendered` prints it.
"""

from dataclasses import replace
from itertools import combinations

import numpy as np
import torch

from helpers.captioning.metrics import near, score
from helpers.captioning.rendered.captioners import load_published, load_rendered
from helpers.captioning.rendered.scenes import sample_rendered_scenes
from helpers.captioning.scenes import caption_of, ordered
from helpers.captioning.training import TEST_COUNT, TEST_SEED

WORLDS = {  # how scenes differ from those of training
    "as in training": {},
    "warm light": {"light": (1.0, 0.75, 0.45)},
    "cold light": {"light": (0.55, 0.8, 1.0)},
    "small": {"radius": (0.45, 0.55)},
    "large": {"radius": (1.0, 1.1)},
    "farther away": {"depth": (2.0, 4.0)},
    "three objects": {"objects": 3},
    "half hidden": {"visible": (0.25, 0.5)},
}


def score_world(captioner, world, count=100):
    """`score` on scenes of one of WORLDS.

    With three objects a caption is right if it says something true of two of them.
    """
    scenes = sample_rendered_scenes(count, TEST_SEED, samples=1, **WORLDS[world])
    captions = captioner.captions([scene.image for scene in scenes])
    if "objects" in WORLDS[world]:
        pairs = zip(captions, scenes, strict=True)
        scenes = [as_said(caption.words, scene) for caption, scene in pairs]
    return score(captions, scenes)


def as_said(words, scene):
    """A scene of three objects as one of the two that a caption speaks of.

    If the caption is true of no two, the scene keeps the words that it had.
    """
    for pair in combinations(range(len(scene.objects)), 2):
        objects = ordered([scene.objects[i] for i in pair])
        if words == caption_of(objects):
            masks = scene.masks[[scene.objects.index(one) for one in objects]]
            return replace(scene, words=words, masks=masks, objects=tuple(objects))
    return scene


def near_by_head(captions, scenes):
    """The share of peaks within half a cell, for every layer and head: (L, A)."""
    L, A = captions[0].weights.shape[:2]
    found = torch.zeros(L, A)
    for layer, head in np.ndindex(L, A):
        alone = [with_maps(c, c.weights[layer, head]) for c in captions]
        found[layer, head] = near(alone, scenes)
    return found


def with_maps(caption, rows):
    """The same caption with other maps: rows (T, N) over its cells."""
    return replace(caption, maps=rows.unflatten(-1, caption.maps.shape[1:]))


def print_scores():
    """Both captioners in every world, and the maps of every layer and head alone."""
    scenes = sample_rendered_scenes(TEST_COUNT, TEST_SEED)
    for captioner in (load_rendered(), load_published()):
        captions = captioner.captions([scene.image for scene in scenes])
        print(f"{captioner.variant}: {score(captions, scenes)}")
        for layer, row in enumerate(near_by_head(captions, scenes).tolist()):
            alone = [with_maps(c, c.weights[layer].mean(0)) for c in captions]
            print(f"  layer {layer} alone: {score(alone, scenes)}")
            print(f"  layer {layer}, near by head:", *(f"{n:.3f}" for n in row))
        for world in WORLDS:
            found = score_world(captioner, world)
            print(f"  {world}: exact {found['exact']:.3f}, near {found['near']:.3f}")
