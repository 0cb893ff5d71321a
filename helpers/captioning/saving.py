"""Train one of the three captioners of flat scenes, score it, and save it in data/."""

import time

import torch

from helpers.captioning.captioners import REDUCTION, Captioner
from helpers.captioning.checkpoints import save_weights
from helpers.captioning.metrics import score
from helpers.captioning.scenes import sample_scenes
from helpers.captioning.training import STEPS, train

SEED = 0
TEST_SEED, TEST_COUNT = 2026, 500


def train_and_save(variant):
    """From nothing, with a fixed seed. Saves nothing, and returns False, if it is
    interrupted."""
    torch.manual_seed(SEED)
    captioner, steps, start = Captioner(variant), STEPS[variant], time.perf_counter()
    print(f"{variant}: {steps} steps")
    # Another number of threads gives other last digits: keep the one torch chose.
    history = train(captioner, steps, seed=SEED, threads=torch.get_num_threads())
    if history.interrupted:
        return False
    facts = {
        "command": f"python -m helpers train {variant}",
        "seed": SEED,
        "steps": steps,
        "seconds": round(time.perf_counter() - start),
        "parameters": sum(p.numel() for p in captioner.parameters()),
        "maps": REDUCTION if variant == "transformer" else "the weights themselves",
    }
    scores = score_unseen(captioner)
    print(f"{variant}: {facts['seconds']} s, {scores}")
    scores = {"scenes": TEST_COUNT, "scenes_seed": TEST_SEED, **scores}
    save_weights(captioner, variant, **facts, scores=scores)
    return True


def score_unseen(captioner, size=(112, 112)):
    """`score` on 500 scenes of a size (H, W) that training never saw."""
    scenes = sample_scenes(TEST_COUNT, TEST_SEED, size)
    return score(captioner.captions([scene.image for scene in scenes]), scenes)
