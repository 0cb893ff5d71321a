"""Train the two captioners of rendered scenes, score them, and save them in data/."""

import json
import time
from pathlib import Path

from helpers.captioning.captioners import REDUCTION
from helpers.captioning.checkpoints import (
    DATA,
    MANIFEST,
    digest,
    read_manifest,
    save_weights,
)
from helpers.captioning.rendered.captioner import SIZE, load_rendered
from helpers.captioning.rendered.published import FOLDER, load_published, save_published
from helpers.captioning.rendered.scenes import sample_rendered_scenes
from helpers.captioning.rendered.scores import COUNT, SEED, score_rendered
from helpers.captioning.rendered.training import (
    POOL,
    POOL_SEED,
    RECIPES,
    draw_pool,
    train_rendered,
)


def train_and_save(folder=DATA):
    """Both from nothing, on one pool of scenes."""
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
    if name == FOLDER:
        save_published(model, SIZE, Path(folder) / FOLDER)
        note(f"{FOLDER}/model", folder, facts)
        captioner = load_published(folder)
    else:
        save_weights(model, name, folder, **facts)
        captioner = load_rendered(folder)
    scores = score_rendered(captioner, sample_rendered_scenes(COUNT, SEED))
    print(f"{name}: {scores}")
    facts["scores"] = {"scenes": COUNT, "scenes_seed": SEED, **scores}
    note(f"{FOLDER}/model" if name == FOLDER else name, folder, facts)


def note(name, folder, facts):
    """Write the manifest's entry of `name`.safetensors."""
    file = f"{name}.safetensors"
    manifest = read_manifest(folder)
    manifest[name] = {"file": file, "sha256": digest(Path(folder) / file), **facts}
    (Path(folder) / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
