"""Train a captioner on scenes that are drawn on the fly: no scene is seen twice.

`python -m helpers train` makes the shipped checkpoints with it, and scores them.
"""

import random
import time
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from helpers.captioning.captioners import REDUCTION, Captioner
from helpers.captioning.checkpoints import DATA, note, save_weights
from helpers.captioning.drawing import draw
from helpers.captioning.metrics import score_captioner
from helpers.captioning.models import eval_mode
from helpers.captioning.scenes import caption_words, sample_objects, sample_scenes
from helpers.captioning.stop_button import stoppable
from helpers.captioning.teacher_forcing import word_ids
from helpers.captioning.words import PAD, WORD_ID

STEPS = {"additive": 1200, "dot-product": 2000, "transformer": 1800}  # as shipped
SEED = 0
TEST_SEED, TEST_COUNT = 2026, 500  # scenes that training never sees
NOISE = 0.02  # its standard deviation, where white is 1
HELD_OUT_SEED = 2_000_000_000  # far from the seeds of the training batches
# The usual size every other step, and all kinds of shapes in between.
SIZES = [(112, 112)] * 4 + [(96, 136), (136, 96), (80, 168), (168, 80)]


@dataclass
class History:
    """What training did: a loss per step, nats per word; checks: step, check loss."""

    losses: list
    checks: list
    interrupted: bool = False


def training_batch(count, seed, size=(112, 112)):
    """Draw a batch: images (B, 3, H, W) in about -1..1, with a little noise, and word
    ids (B, 10), padded."""
    objects = sample_objects(count, seed, size)
    images, _ = draw(*objects, size)  # (B, 3, H, W) in 0..1
    noise = torch.Generator().manual_seed(seed)
    grain = NOISE * torch.randn(count, 1, *size, generator=noise)  # (B, 1, H, W)
    words = [caption_words(*scene) for scene in zip(*objects[:3], strict=True)]
    return 2 * (images + grain) - 1, word_ids(words)


def caption_loss(logits, words):
    """Mean cross-entropy of every next word, in nats, without the padding.

    logits (B, T-1, V), word ids (B, T).
    """
    targets = words[:, 1:].flatten()  # (B * (T-1),)
    return cross_entropy(logits.flatten(0, 1), targets, ignore_index=WORD_ID[PAD])


def train(captioner, steps, batch=64, seed=0, sizes=SIZES, check_every=100, threads=1):
    """Train in place with AdamW and a one-cycle schedule; return a History.

    Uses a GPU if there is one. Keeps the weights with the lowest loss on 256 held-out
    scenes, even if it is interrupted. The last digits depend on the number of threads.
    Raises ValueError for steps below 1.
    """
    if steps < 1:
        raise ValueError(f"steps must be 1 or more, got {steps}")
    torch.manual_seed(seed)
    found = torch.accelerator.current_accelerator(check_available=True)
    device = found or torch.device("cpu")
    captioner.to(device).train()
    optimizer, schedule = make_optimizer(captioner, steps, learning_rate=3e-3)
    held_out = [x.to(device) for x in training_batch(256, HELD_OUT_SEED + seed)]
    history, best, lowest = History([], []), None, float("inf")
    choose = random.Random(seed)
    with stoppable(range(1, steps + 1), threads) as bar:
        for step in bar:
            drawn = training_batch(batch, seed * 1_000_000 + step, choose.choice(sizes))
            images, words = (x.to(device) for x in drawn)
            loss = caption_loss(captioner(images, words[:, :-1])[0], words)
            descend(loss, captioner, optimizer, schedule)
            history.losses.append(loss.item())
            if step % check_every == 0 or step == steps:
                now = check(captioner, *held_out)
                history.checks.append((step, now))
                bar.set_postfix(held_out=f"{now:.4f}")
                if now < lowest:
                    lowest, best = now, deepcopy(captioner.state_dict())
    history.interrupted = bar.stopped
    if best is not None:
        captioner.load_state_dict(best)
    captioner.cpu().eval()
    return history


def descend(loss, model, optimizer, schedule):
    """One step down the gradient of a loss, cut to a norm of 1."""
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()


def make_optimizer(model, steps, learning_rate):
    """AdamW that decays matrices only, and a one-cycle schedule over `steps`."""
    optimizer = torch.optim.AdamW(parameter_groups(model), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, learning_rate, total_steps=steps, pct_start=0.15
    )
    return optimizer, schedule


def parameter_groups(model, weight_decay=0.01):
    """What an optimizer takes: matrices, which decay, and all else, which does not."""
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    decays = (matrices, weight_decay), (others, 0.0)
    return [{"params": params, "weight_decay": decay} for params, decay in decays]


@torch.inference_mode()
def check(captioner, images, words):
    """The loss on scenes that training never sees."""
    with eval_mode(captioner):
        logits, _ = captioner(images, words[:, :-1])
    return caption_loss(logits, words).item()


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
    save_weights(captioner, variant)
    note_scores(
        captioner,
        variant,
        sample_scenes(TEST_COUNT, TEST_SEED),
        command=f"python -m helpers train {variant}",
        seed=SEED,
        steps=steps,
        seconds=round(time.perf_counter() - start),
        maps=REDUCTION if variant == "transformer" else "the weights themselves",
    )
    return True


def note_scores(captioner, name, scenes, folder=DATA, **facts):
    """Write facts into the manifest, and what a captioner reaches on unseen scenes."""
    scores = score_captioner(captioner, scenes)
    print(f"{name}: {facts['seconds']} s, {scores}")
    facts["parameters"] = sum(p.numel() for p in captioner.parameters())
    facts["scores"] = {"scenes": len(scenes), "scenes_seed": TEST_SEED, **scores}
    note(name, folder, **facts)
