"""Train captioners that differ only in their attention, and record how they do.

`python -m tools comparison` writes data/comparison.json, which notebooks 02 and 03
draw. Three seeds each, the same width, steps, optimizer and scenes.
"""

import json
from itertools import product
from math import log

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d
from torch.special import entr

from helpers.captioning import models, scenes, training
from helpers.captioning.attention import AdditiveAttention, DotProductAttention
from helpers.captioning.checkpoints import DATA
from helpers.captioning.drawing import draw
from helpers.captioning.models import Encoder, RecurrentDecoder, TransformerDecoder
from helpers.captioning.stop_button import use_threads
from helpers.captioning.teacher_forcing import word_ids
from helpers.captioning.words import VOCABULARY, word_objects

FILE = DATA / "comparison.json"
SIZE = (72, 96)  # (H, W) in pixels
WIDTH, HEADS, LAYERS = 128, 4, 2
STEPS, BATCH, EVERY, SEEDS, SCENES = 900, 32, 50, 3, 200
VARIANTS = ("additive", "dot-product", "transformer", "paper")
SEED = 1_000_000_001  # of the scenes that are measured: far from those of training


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
    decoder = PaperDecoder if variant == "paper" else RecurrentDecoder
    return decoder(kind(2 * WIDTH, WIDTH, WIDTH), WIDTH, V)


class UnseenScenes:
    """Scenes that training never saw, to measure captioners on.

    words: ids (B, T + 1). said: where in them the four words stand that name a colour,
    a shape, a colour, a shape, (B, 4). covered: by how much the object of each of these
    covers each cell, (B, 4, N). without: the images without their first object, and
    without their second.
    """

    def __init__(self, count, size):
        shapes, colors, places, light = scenes.sample_objects(count, SEED, size)
        images, masks = draw(shapes, colors, places, light, size)
        self.images = 2 * images - 1  # (B, 3, H, W)
        captions = list(map(scenes.caption_words, shapes, colors, places))
        self.words = word_ids(captions)  # (B, T + 1)
        named = map(word_objects, captions)
        said = [[t for t, o in enumerate(row) if o is not None] for row in named]
        self.said = torch.tensor(said)  # (B, 4)
        covered = adaptive_avg_pool2d(masks.float(), [side // 8 for side in size])
        self.covered = covered.flatten(2).repeat_interleave(2, dim=1)  # (B, 4, N)
        self.without = []
        for gone in (0, 1):
            moved = places.clone()
            moved[:, gone, :2] = -1000  # pixels: out of the picture
            images, _ = draw(shapes, colors, moved, light, size)
            self.without.append(2 * images - 1)

    def at_words(self, x):
        """What belongs to the four words: (B, T, ...) -> (B, 4, ...)."""
        return x[torch.arange(len(x))[:, None], self.said]

    @torch.inference_mode()
    def measure(self, model):
        """shape: the share of right shape words. mass: that of a map on its object.
        bits: the entropy of the map; bits_head: of a single head."""
        encoder, decoder = model
        with models.eval_mode(model):
            logits, weights = decoder(*encoder(self.images), self.words[:, :-1])
        right = self.at_words(logits).argmax(-1) == self.at_words(self.words[:, 1:])
        weights = weights.flatten(1, -3) if weights.dim() > 3 else weights[:, None]
        heads = torch.stack([self.at_words(head) for head in weights.unbind(1)], 1)
        maps = heads.mean(1)  # (B, heads, 4, N) -> (B, 4, N)
        return {
            "shape": right[:, 1::2].float().mean().item(),
            "mass": (maps * self.covered).sum(-1).mean().item(),
            "bits": entr(maps).sum(-1).mean().item() / log(2),
            "bits_head": entr(heads).sum(-1).mean().item() / log(2),
        }

    @torch.inference_mode()
    def hide(self, model):
        """The share of right shape words where the object is hidden while its shape is
        said ("only"), and at all other words ("else"). Recurrent decoders alone."""
        (encoder, decoder), right = model, {"shape_only": [], "shape_else": []}
        inputs, targets = self.words[:, :-1], self.words[:, 1:]  # (B, T)
        with models.eval_mode(model):
            cells, places = encoder(self.images)  # (B, N, D), (N, P)
            for said, images in zip(self.said[:, 1::2].T, self.without, strict=True):
                blank = encoder(images)[0]  # (B, N, D)
                there = torch.arange(inputs.shape[1]) == said[:, None]  # (B, T)
                for name, when in zip(right, (there, ~there), strict=True):
                    logits = say(decoder, cells, blank, when, places, inputs)
                    right[name] += (logits[there].argmax(-1) == targets[there]).tolist()
        return {name: round(sum(one) / len(one), 4) for name, one in right.items()}


def say(decoder, cells, blank, when, places, words):
    """Logits (B, T, V) of a recurrent decoder that is shown `blank` in place of
    `cells` at the words that `when` (B, T) marks."""
    shown, other = decoder.attention.prepare(cells), decoder.attention.prepare(blank)
    state = decoder.first_state.expand(len(cells), -1)  # (B, D)
    outputs = []
    for t, word in enumerate(decoder.embedding(words).unbind(1)):  # (B, D)
        at = when[:, t, None, None]  # (B, 1, 1)
        prepared = [torch.where(at, b, a) for a, b in zip(shown, other, strict=True)]
        state, context, _ = decoder.step(word, state, prepared, places)
        outputs.append(torch.cat([state, context], -1))
    return decoder.logits(torch.stack(outputs, 1))


def train_one(variant, seed, steps, unseen):
    """Train one model; return what was measured every EVERY steps, by name."""
    torch.manual_seed(seed)
    encoder, decoder = model = nn.ModuleList([Encoder(WIDTH), new_decoder(variant)])
    optimizer, schedule = training.make_optimizer(model, steps, learning_rate=3e-3)
    record = {}
    for step in range(steps + 1):
        if step % EVERY == 0:
            for name, value in unseen.measure(model).items():
                record.setdefault(name, []).append(round(value, 4))
        if step < steps:
            batch = seed * 1_000_000 + step
            images, words = training.training_batch(BATCH, batch, SIZE)
            logits, _ = decoder(*encoder(images), words[:, :-1])  # (B, T, V)
            loss = training.caption_loss(logits, words)
            training.descend(loss, model, optimizer, schedule)
    return record | ({} if variant == "transformer" else unseen.hide(model))


def write(file=FILE, seeds=SEEDS, steps=STEPS, count=SCENES):
    """Train all of them, on one thread, and write what was measured."""
    unseen, runs = UnseenScenes(count, SIZE), {variant: [] for variant in VARIANTS}
    with use_threads(1):
        for seed, variant in product(range(seeds), VARIANTS):
            runs[variant].append(train_one(variant, seed, steps, unseen))
            print(variant, "seed", seed, runs[variant][-1], flush=True)
    found = {"steps": [*range(0, steps + 1, EVERY)], "runs": runs}
    file.write_text(json.dumps(found, separators=(",", ":")) + "\n")
