"""Teacher forcing: make a captioner say given words, and see where it looks meanwhile.

Williams and Zipser 1989, "A Learning Algorithm for Continually Running Fully Recurrent
Neural Networks".
"""

import torch

from helpers.captioning.captioners import as_caption, to_input
from helpers.captioning.models import eval_mode
from helpers.captioning.words import END, PAD, START, WORD_ID

LONGEST = 10  # start, 8 words, end
BATCH = 50  # pictures at a time: 500 at once take a gigabyte


def word_ids(captions, ids=WORD_ID):
    """Lists of words as ids (B, 10), long: the start, the words, the end, padding.

    ids: the vocabulary, a dict with one id a word. Raises ValueError for a caption of
    more than 8 words, KeyError for a word that the vocabulary does not have.
    """
    table = torch.full((len(captions), LONGEST), ids[PAD])  # (B, 10)
    for row, words in zip(table, captions, strict=True):
        whole = [START, *words, END]
        if len(whole) > LONGEST:
            raise ValueError(f"{len(words)} words: a caption has {LONGEST - 2} at most")
        row[: len(whole)] = torch.tensor([ids[word] for word in whole])
    return table


@torch.inference_mode()
def force(captioner, scenes):
    """Let a captioner say the words of scenes of one size: (logits, weights).

    logits (B, T, V): scores of every next word; weights as the captioner returns them,
    (B, T, N) or (B, L, A, T, N). Step t writes word t; the last step writes the end.
    The captioner looks in evaluation mode, whatever its mode is.
    """
    images = torch.stack([to_input(scene.image) for scene in scenes])  # (B, 3, H, W)
    words = word_ids([scene.words for scene in scenes])  # (B, T + 1)
    with eval_mode(captioner):
        return in_batches(captioner, images, words[:, :-1])


def in_batches(function, *tensors):
    """The results (B, ...) of a function of tensors (B, ...), BATCH rows at a time."""
    parts = zip(*(x.split(BATCH) for x in tensors), strict=True)
    results = [function(*part) for part in parts]
    return tuple(torch.cat(pieces) for pieces in zip(*results, strict=True))


def as_captions(scenes, weights):
    """The scenes' own words, each with its map: a list of Captions.

    weights: (B, T, N) or (B, L, A, T, N); what belongs to no word is cut off.
    """
    pairs = zip(scenes, weights, strict=True)
    return [as_caption(scene.words, own, scene.masks.shape[1:]) for scene, own in pairs]


def features_and_gradients(model, layer, images, words, t):
    """The output of a layer of a captioner, and the gradient of a word's score there.

    layer: a module of the model that is called once, and returns (B, D, h, w) or
    (B, N, D). images: (B, 3, H, W). words: ids (B, T + 1), the start first. t: the
    number of the word from 0, one for all images, or one for each (B,).
    -> features (B, N, D), gradients (B, N, D).
    """
    kept = []

    def one_batch(images, words, t):
        kept.clear()
        logits, _ = model(images, words[:, :-1])  # (B, T, V)
        rows = torch.arange(len(images))
        score = logits[rows, t, words[rows, t + 1]].sum()
        pair = [x.detach() for x in (*kept, *torch.autograd.grad(score, kept))]
        return [x.flatten(2).transpose(1, 2) if x.dim() == 4 else x for x in pair]

    hook = layer.register_forward_hook(lambda _, inputs, output: kept.append(output))
    try:
        t = torch.as_tensor(t).expand(len(images))  # (B,)
        return in_batches(one_batch, images, words, t)
    finally:
        hook.remove()
