"""What a captioner knows about scenes that are new to it, and where it looks."""

import torch
from torch.nn.functional import adaptive_avg_pool2d

from helpers.captioning.drawing import draw
from helpers.captioning.models import RecurrentDecoder, eval_mode
from helpers.captioning.scenes import caption_words, sample_objects
from helpers.captioning.teacher_forcing import word_ids
from helpers.captioning.words import word_objects

SEED = 1_000_000_001  # far from the seeds of the training batches
GONE = -1000.0  # pixels: out of the picture


class Exam:
    """Scenes with their captions, their masks, and the same scenes without an object.

    Colour and shape words are examined: number 1 and 2 of a caption name the first
    object, the last two the second.
    """

    def __init__(self, count, size):
        layout = sample_objects(count, SEED, size)
        images, masks = draw(*layout, size)  # (B, 3, H, W), (B, 2, H, W)
        self.images, (shapes, colors, places, background) = 2 * images - 1, layout
        captions = [caption_words(*s) for s in zip(shapes, colors, places, strict=True)]
        self.words = word_ids(captions)  # (B, T + 1)
        named = [word_objects(caption) for caption in captions]
        # (B, 4): at which words a colour, a shape, a colour, a shape is said
        said = [[t for t, o in enumerate(row) if o is not None] for row in named]
        self.said = torch.tensor(said)
        h, w = size[0] // 8, size[1] // 8
        covered = adaptive_avg_pool2d(masks.float(), (h, w)).flatten(2)  # (B, 2, N)
        self.covered = covered.repeat_interleave(2, dim=1)  # (B, 4, N): of each word
        self.without = []  # the scenes without their first, and without their second
        for gone in (0, 1):
            moved = places.clone()
            moved[:, gone, :2] = GONE
            images, _ = draw(shapes, colors, moved, background, size)
            self.without.append(2 * images - 1)

    def at_words(self, x):
        """What belongs to the four words: (B, T, ...) -> (B, 4, ...)."""
        return x[torch.arange(len(x))[:, None], self.said]

    def right(self, logits):
        """Shares of right colours and of right shapes, from logits (B, T, V)."""
        answers = self.at_words(self.words[:, 1:])  # (B, 4)
        right = (self.at_words(logits).argmax(-1) == answers).float().mean(0)  # (4,)
        return right[0::2].mean().item(), right[1::2].mean().item()

    @torch.inference_mode()
    def grade(self, encoder, decoder):
        """Right colours and shapes; mass on the object; bits of the map, of a head."""
        with eval_mode(encoder), eval_mode(decoder):
            logits, weights = decoder(*encoder(self.images), self.words[:, :-1])
        color, shape = self.right(logits)
        weights = weights.flatten(1, -3) if weights.dim() > 3 else weights[:, None]
        heads = torch.stack([self.at_words(head) for head in weights.unbind(1)], 1)
        maps = heads.mean(1)  # (B, heads, 4, N) -> (B, 4, N)
        return {
            "color": color,
            "shape": shape,
            "mass": (maps * self.covered).sum(-1).mean().item(),
            "bits": entropy(maps).mean().item(),
            "bits_head": entropy(heads).mean().item(),
        }

    @torch.inference_mode()
    def hide(self, encoder, decoder):
        """Right colours and shapes where the object is hidden while its word is said
        ("only"), and everywhere else but there ("else"). Recurrent decoders alone."""
        if not isinstance(decoder, RecurrentDecoder):
            return {}
        inputs, targets = self.words[:, :-1], self.words[:, 1:]  # (B, T)
        with eval_mode(encoder), eval_mode(decoder):
            cells, places = encoder(self.images)  # (B, N, D), (N, P)
            hidden = [encoder(images)[0] for images in self.without]
            found = {}
            for number, kind in enumerate(("color", "shape", "color", "shape")):
                said = self.said[:, number, None]  # (B, 1)
                there = torch.arange(inputs.shape[1]) == said  # (B, T)
                blank = hidden[number // 2]  # (B, N, D)
                for way, when in (("only", there), ("else", ~there)):
                    logits = say(decoder, cells, blank, when, places, inputs)
                    right = logits[there].argmax(-1) == targets[there]  # (B,)
                    found.setdefault(f"{kind}_{way}", []).append(right.float().mean())
        return {name: round(sum(both).item() / 2, 4) for name, both in found.items()}


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


def entropy(weights):
    """Bits of weights (..., N)."""
    return torch.special.entr(weights).sum(-1) / torch.log(torch.tensor(2.0))
