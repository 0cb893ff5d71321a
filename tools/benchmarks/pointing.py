"""The pointing game of Quantus on the maps of notebook 08, beside three rules of a hit.

`pip install -e ".[bench]"`, then `python -m tools.benchmarks.pointing`.
"""

import numpy as np
from quantus import PointingGame

from helpers.captioning import VARIANTS, load_captioner, sample_scenes
from helpers.captioning.words import word_objects


def maps_and_masks(variant, scenes):
    """Of each word that names an object its map, as pixels, and its mask: (n, H, W)."""
    maps, masks = [], []
    captions = load_captioner(variant).captions([scene.image for scene in scenes])
    for caption, scene in zip(captions, scenes, strict=True):
        named = word_objects(caption.words)
        for owner, heat in zip(named, caption.maps.numpy(), strict=True):
            if owner is not None and owner < len(scene.masks):
                maps.append(np.kron(heat, np.ones((8, 8), heat.dtype)))
                masks.append(scene.masks[owner])
    return np.stack(maps), np.stack(masks)


def compare():
    scenes = sample_scenes(500, seed=2026)
    game = PointingGame(normalise=False, disable_warnings=True)
    print(f"{'':12}  Quantus   any pixel   first pixel")
    for variant in VARIANTS:
        maps, masks = maps_and_masks(variant, scenes)
        flat, on = maps.reshape(len(maps), -1), masks.reshape(len(masks), -1)
        hits = game(
            model=None,
            x_batch=np.zeros((len(maps), 3, *maps.shape[1:]), maps.dtype),
            y_batch=np.zeros(len(maps), int),
            a_batch=maps[:, None],
            s_batch=masks[:, None],
            channel_first=True,
        )
        largest = flat == flat.max(axis=1, keepdims=True)
        first = on[np.arange(len(on)), flat.argmax(axis=1)]
        found = np.mean(hits), (on & largest).any(axis=1).mean(), first.mean()
        print(f"{variant:12}  {found[0]:7.3f}   {found[1]:9.3f}   {found[2]:11.3f}")


if __name__ == "__main__":
    compare()
