"""What `reshape` in place of `flatten(2).transpose(1, 2)` does to a captioner.

    python tools/benchmarks/reshape.py

Trains the additive captioner twice, from the same start on the same scenes of 72 x 96
pixels: once with its cells as they are, once with cells made by `reshape`. Writes what
both reach on 500 held-out scenes, and their maps of one of them, into
data/reshape.json, which notebook 01 shows. 3 minutes on one core.
"""

import json

import torch

from helpers.captioning import (
    Captioner,
    caption_loss,
    eval_mode,
    make_optimizer,
    sample_scenes,
    stoppable,
    training_batch,
)
from helpers.captioning.captioners import to_input
from helpers.captioning.checkpoints import DATA
from helpers.captioning.metrics import distance_to, peak
from helpers.captioning.models import POSITION_WIDTH, STRIDE, Encoder, position_code
from helpers.captioning.teacher_forcing import word_ids
from helpers.captioning.words import COLORS, VOCABULARY

SIZE, STEPS, SEED = (72, 96), 600, 2_000_000_000
GRID = tuple(side // STRIDE for side in SIZE)  # (h, w)


class Reshaping(Encoder):
    """The encoder of the course with the famous mistake in it."""

    def forward(self, images):
        features = self.layers(images)  # (B, D, h, w)
        B, D, h, w = features.shape
        cells = features.reshape(B, h * w, D)  # (B, N, D) by shape, not by meaning
        places = position_code(h, w, POSITION_WIDTH).to(cells)  # (N, P)
        return self.norm(cells + self.position(places)), places


def trained(encoder):
    """An additive captioner with this kind of encoder, after STEPS steps."""
    torch.manual_seed(0)
    model = Captioner("additive")
    model.encoder.__class__ = encoder  # the same layers, drawn in the same order
    optimizer, schedule = make_optimizer(model, STEPS, learning_rate=3e-3)
    with stoppable(range(STEPS)) as bar:
        for step in bar:
            images, words = training_batch(32, seed=step, size=SIZE)
            loss = caption_loss(model(images, words[:, :-1])[0], words)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return model


@torch.inference_mode()
def examined(model, scenes):
    """The shares of right words, of peaks on their object, and the maps of scene 0."""
    ids = word_ids([scene.words for scene in scenes])  # (B, T)
    images = torch.stack([to_input(scene.image) for scene in scenes])  # (B, 3, H, W)
    with eval_mode(model):
        logits, weights = model(images, ids[:, :-1])  # (B, T, V), (B, T, N)
    said, maps = logits.argmax(-1), weights.unflatten(-1, GRID)  # (B, T, h, w)
    hits = {"colour": [], "shape": [], "peak": []}
    for scene, guess, grid in zip(scenes, said, maps, strict=True):
        for t, (word, owner) in enumerate(
            zip(scene.words, scene.word_objects, strict=True)
        ):
            if owner is not None:
                kind = "colour" if word in COLORS else "shape"
                hits[kind].append(VOCABULARY[guess[t]] == word)
                gap = distance_to(scene.masks[owner], peak(grid[t], SIZE))
                hits["peak"].append(gap <= STRIDE / 2)
    shares = {kind: round(sum(found) / len(found), 3) for kind, found in hits.items()}
    first = maps[0, : len(scenes[0].words)]  # (T, h, w)
    return {**shares, "maps": first.double().round(decimals=4).tolist()}


def main():
    scenes = sample_scenes(500, SEED, SIZE)
    results = {
        name: examined(trained(encoder), scenes)
        for name, encoder in (("flatten", Encoder), ("reshape", Reshaping))
    }
    even = examined_by_chance(scenes)
    for name, found in results.items():
        print(name, {key: found[key] for key in ("colour", "shape", "peak")})
    print("a random cell:", even)
    record = {"size": SIZE, "seed": SEED, "chance": even, **results}
    (DATA / "reshape.json").write_text(json.dumps(record))


def examined_by_chance(scenes):
    """The share of cells that would count as a peak on the object."""
    shares = []
    for scene in scenes:
        for owner in scene.word_objects:
            if owner is not None:
                cells = torch.eye(GRID[0] * GRID[1]).unflatten(-1, GRID)  # (N, h, w)
                gaps = [distance_to(scene.masks[owner], peak(c, SIZE)) for c in cells]
                shares.append(sum(gap <= STRIDE / 2 for gap in gaps) / len(gaps))
    return round(sum(shares) / len(shares), 3)


if __name__ == "__main__":
    main()
