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
    """From nothing, with a fixed seed. Returns False, and saves nothing, if it is
    interrupted."""
    torch.manual_seed(SEED)
    captioner = Captioner(variant)
    print(f"{variant}: {STEPS[variant]} steps")
    start = time.perf_counter()
    # Another number of threads gives other last digits: keep the one torch chose.
    threads = torch.get_num_threads()
    history = train(captioner, STEPS[variant], seed=SEED, threads=threads)
    seconds = round(time.perf_counter() - start)
    if history.interrupted:
        return False
    scores = score_unseen(captioner)
    print(f"{variant}: {seconds} s, {scores}")
    save_weights(
        captioner,
        variant,
        command=f"python -m helpers train {variant}",
        seed=SEED,
        steps=STEPS[variant],
        seconds=seconds,
        parameters=sum(p.numel() for p in captioner.parameters()),
        maps=REDUCTION if variant == "transformer" else "the weights themselves",
        scores={"scenes": TEST_COUNT, "scenes_seed": TEST_SEED, **scores},
    )
    return True


def score_unseen(captioner, size=(112, 112)):
    """`score` on 500 scenes of a size (H, W) that training never saw."""
    scenes = sample_scenes(TEST_COUNT, TEST_SEED, size)
    return score(captioner.captions([scene.image for scene in scenes]), scenes)
