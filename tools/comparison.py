"""Train captioners that differ only in their attention, and record how they do.

`python -m tools comparison` writes data/comparison.json, which notebooks 02 and 03
draw. Three seeds each, the same width, steps, optimizer and scenes.
"""

import json
import time

import torch
from torch import nn

from helpers.captioning.attention import AdditiveAttention, DotProductAttention
from helpers.captioning.checkpoints import DATA
from helpers.captioning.models import Encoder, RecurrentDecoder, TransformerDecoder
from helpers.captioning.stop_button import use_threads
from helpers.captioning.training import (
    caption_loss,
    descend,
    make_optimizer,
    training_batch,
)
from helpers.captioning.words import VOCABULARY
from tools.examination import Exam

FILE = DATA / "comparison.json"
SIZE = (72, 96)  # (H, W) in pixels
WIDTH, HEADS, LAYERS = 128, 4, 2
STEPS, BATCH, EVERY, SEEDS, SCENES = 900, 32, 50, 3, 200
VARIANTS = ("additive", "dot-product", "transformer", "paper")


class PaperDecoder(RecurrentDecoder):
    """Tells the state WHAT was read, as Bahdanau et al. 2015 and Xu et al. 2015 do."""

    def __init__(self, attention, width, vocabulary):
        super().__init__(attention, width, vocabulary)
        self.gru = nn.GRUCell(2 * width, width)

    def step(self, word, state, prepared, places):
        query = torch.cat([state, word], dim=-1)[:, None]  # (B, 1, 2D)
        context, weights = self.attention(query, prepared)  # (B, 1, D), (B, 1, N)
        context, weights = context[:, 0], weights[:, 0]  # (B, D), (B, N)
        state = self.gru(torch.cat([word, context], dim=-1), state)  # (B, D)
        return state, context, weights


def new_decoder(variant):
    """One of the four that are compared, untrained."""
    V = len(VOCABULARY)
    if variant == "transformer":
        return TransformerDecoder(WIDTH, HEADS, LAYERS, V)
    kind = DotProductAttention if variant == "dot-product" else AdditiveAttention
    attention = kind(2 * WIDTH, WIDTH, WIDTH)
    decoder = PaperDecoder if variant == "paper" else RecurrentDecoder
    return decoder(attention, WIDTH, V)


def train_one(variant, seed, steps, exam):
    """Train one model; return what the exam says every EVERY steps, by name."""
    torch.manual_seed(seed)
    encoder, decoder = model = nn.ModuleList([Encoder(WIDTH), new_decoder(variant)])
    optimizer, schedule = make_optimizer(model, steps, learning_rate=3e-3)
    record = {}
    for step in range(steps + 1):
        if step % EVERY == 0:
            for name, value in exam.grade(encoder, decoder).items():
                record.setdefault(name, []).append(round(value, 4))
        if step == steps:
            break
        images, words = training_batch(BATCH, seed * 1_000_000 + step, SIZE)
        logits, _ = decoder(*encoder(images), words[:, :-1])  # (B, T, V)
        descend(caption_loss(logits, words), model, optimizer, schedule)
    return record | exam.hide(encoder, decoder)


def compare(variants=VARIANTS, seeds=SEEDS, steps=STEPS, scenes=SCENES):
    """Yields, after each seed, all runs so far: the dictionary for the file."""
    exam = Exam(scenes, SIZE)
    runs = {variant: [] for variant in variants}
    for seed in range(seeds):
        for variant in variants:
            start = time.perf_counter()
            run = train_one(variant, seed, steps, exam)
            runs[variant].append(run)
            last = {k: v[-1] if isinstance(v, list) else v for k, v in run.items()}
            seconds = time.perf_counter() - start
            print(f"{variant:12} seed {seed} {seconds:4.0f} s", last, flush=True)
        yield {
            "size": SIZE,
            "width": WIDTH,
            "batch": BATCH,
            "scenes": scenes,
            "steps": list(range(0, steps + 1, EVERY)),
            "runs": runs,
        }


def write():
    """Train all of them, one thread; the file is written after each seed."""
    with use_threads(1):
        for found in compare():
            FILE.write_text(json.dumps(found, separators=(",", ":")) + "\n")
    print(f"{FILE}: {FILE.stat().st_size} bytes")
