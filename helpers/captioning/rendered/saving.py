"""Train the two captioners of rendered scenes, score them, and save them in data/."""

import time
from pathlib import Path

from helpers.captioning.captioners import REDUCTION
from helpers.captioning.checkpoints import DATA, RENDERED, note, save_weights
from helpers.captioning.rendered.captioner import INPUT_SIZE
from helpers.captioning.rendered.published import read_published, save_published
from helpers.captioning.rendered.scenes import sample_rendered_scenes
from helpers.captioning.rendered.scores import COUNT, SEED, score_rendered
from helpers.captioning.rendered.training import RECIPES, draw_pool, train_rendered
from helpers.captioning.temporary import use_threads

POOL = 28_000  # scenes


def train_and_save(folder=DATA):
    """Both from nothing, on one pool of scenes.

    On one thread: another number of them gives other last digits, and other weights.
    """
    with use_threads(1):
        print(f"drawing {POOL} scenes")
        pool = draw_pool(POOL, seed=1)
        for name, recipe in RECIPES.items():
            start = time.perf_counter()
            model = train_rendered(name, pool, **recipe)
            save(name, model, folder, seconds=round(time.perf_counter() - start))


def save(name, model, folder=DATA, **facts):
    """Save one of RECIPES, and write into the manifest what the saved model reaches: of
    the ViT and GPT-2 with weights of 16 bits."""
    facts = {
        "command": "python -m helpers train rendered",
        **RECIPES[name],
        "pool": POOL,
        "parameters": sum(p.numel() for p in model.parameters()),
        "maps": REDUCTION,
        **facts,
    }
    captioner = model
    if name == RENDERED[1]:
        home = (Path(folder) / name).parent
        save_published(model, INPUT_SIZE, home)
        captioner = read_published(home)
    scores = score_rendered(captioner, sample_rendered_scenes(COUNT, SEED))
    print(f"{name}: {scores}")
    facts["scores"] = {"scenes": COUNT, "scenes_seed": SEED, **scores}
    if name == RENDERED[0]:
        save_weights(model, name, folder, **facts)
    else:
        note(name, folder, **facts)
