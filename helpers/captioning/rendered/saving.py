"""Train the two captioners of rendered scenes, score them, and save them in data/."""

import time
from pathlib import Path

from helpers.captioning.captioners import REDUCTION
from helpers.captioning.checkpoints import DATA, RENDERED, note, save_weights
from helpers.captioning.rendered.captioner import INPUT_SIZE, load_rendered
from helpers.captioning.rendered.published import load_published, save_published
from helpers.captioning.rendered.scenes import sample_rendered_scenes
from helpers.captioning.rendered.scores import COUNT, SEED, score_rendered
from helpers.captioning.rendered.training import (
    POOL,
    POOL_SEED,
    RECIPES,
    draw_pool,
    train_rendered,
)
from helpers.captioning.temporary import one_thread


def train_and_save(folder=DATA):
    """Both from nothing, on one pool of scenes.

    On one thread: another number of them gives other last digits, and other weights.
    """
    with one_thread():
        print(f"drawing {POOL} scenes")
        pool = draw_pool(POOL, POOL_SEED)
        for name, recipe in RECIPES.items():
            start = time.perf_counter()
            model = train_rendered(name, pool, **recipe)
            save(name, model, folder, seconds=round(time.perf_counter() - start))


def save(name, model, folder=DATA, **facts):
    """Save one of RECIPES, load it again, and write into the manifest what it reaches.

    What is measured is what was saved: weights of 16 bits, in the ViT and GPT-2.
    """
    facts = {
        "command": "python -m helpers train rendered",
        **RECIPES[name],
        "pool": POOL,
        "parameters": sum(p.numel() for p in model.parameters()),
        "maps": REDUCTION,
        **facts,
    }
    if name == RENDERED[0]:
        save_weights(model, name, folder)
        load = load_rendered
    else:
        save_published(model, INPUT_SIZE, (Path(folder) / name).parent)
        load = load_published
    note(name, folder, **facts)
    scores = score_rendered(load(folder), sample_rendered_scenes(COUNT, SEED))
    print(f"{name}: {scores}")
    facts["scores"] = {"scenes": COUNT, "scenes_seed": SEED, **scores}
    note(name, folder, **facts)
