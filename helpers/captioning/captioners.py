"""Three captioners, one interface: `load_captioner("additive").caption(image)`."""

import torch
from PIL import Image
from torch import nn
from torchvision.transforms.v2.functional import pil_to_tensor

from helpers.captioning import models
from helpers.captioning.attention import AdditiveAttention, DotProductAttention
from helpers.captioning.checkpoints import DATA, VARIANTS, load_weights
from helpers.captioning.words import END, START, VOCABULARY, WORD_ID
from helpers.maps.caption import Caption
from helpers.maps.pictures import as_rgb

REDUCTION = "mean over layers and heads"  # how the transformer's weights become maps
WIDTH, HEADS, LAYERS = 128, 4, 2
SIDES = LOW, HIGH = 64, 224  # pixels: the shortest and the longest that it takes
LONGEST_SHAPE = HIGH / LOW  # 3.5 times as long as wide
USUAL_SIDE = 112
LONGEST_CAPTION = 12


def to_input(image):
    """A PIL image as the model takes it: (3, H, W) in -1..1, H and W multiples of 8.

    The whole picture is kept, so a map covers all of it. A picture whose sides are
    multiples of 8 from 64 to 224 goes in as it is; any other is resized to about 112 x
    112 pixels, its shape kept as far as multiples of 8 allow. Raises TypeError for
    what is no PIL image, ValueError for a picture without pixels or one more than 3.5
    times as long as wide.
    """
    picture = as_rgb(image)
    W, H = picture.size
    if max(H, W) > LONGEST_SHAPE * min(H, W):
        raise ValueError(
            f"a picture of {W} x {H} pixels is too long and narrow for this model: "
            f"crop it to at most {LONGEST_SHAPE} times as long as wide"
        )
    if H % models.STRIDE or W % models.STRIDE or min(H, W) < LOW or max(H, W) > HIGH:
        scale = USUAL_SIDE / (H * W) ** 0.5
        cells = [round(side * scale / models.STRIDE) for side in (W, H)]
        size = [min(max(LOW, models.STRIDE * n), HIGH) for n in cells]
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    return pil_to_tensor(picture) / 127.5 - 1  # (3, H, W)


class Captioner(nn.Module):
    """An encoder and a decoder with one of three attentions, 0.4 M parameters.

    variant: "additive", "dot-product" or "transformer". vocabulary: the words, by id.
    Raises ValueError for another variant.
    """

    to_input = staticmethod(to_input)  # (3, H, W)

    def __init__(self, variant, vocabulary=VOCABULARY):
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant must be one of {VARIANTS}, got {variant!r}")
        self.variant, self.vocabulary = variant, vocabulary
        self.encoder = models.Encoder(WIDTH)
        V = len(vocabulary)
        if variant == "transformer":
            self.decoder = models.TransformerDecoder(WIDTH, HEADS, LAYERS, V)
        elif variant == "additive":
            attention = AdditiveAttention(2 * WIDTH, WIDTH, WIDTH // 2)
            self.decoder = models.RecurrentDecoder(attention, WIDTH, V)
        else:
            attention = DotProductAttention(2 * WIDTH, WIDTH, WIDTH)
            self.decoder = models.RecurrentDecoder(attention, WIDTH, V)

    def forward(self, images, words):
        """images (B, 3, H, W) in -1..1, word ids (B, T) -> logits (B, T, V), weights.

        The weights are (B, T, N), or (B, L, A, T, N) for the transformer.
        """
        return self.decoder(*self.encoder(images), words)

    def caption(self, image):
        """Caption one PIL image, always with the likeliest word. See `captions`."""
        return self.captions([image])[0]

    @torch.inference_mode()
    def captions(self, images):
        """Caption PIL images of any mode and size: a list of Captions, in order.

        Raises what `to_input` raises.
        """
        inputs, captions = [self.to_input(image) for image in images], {}
        with models.eval_mode(self):  # else batch norm would mix the pictures
            for shape in {x.shape for x in inputs}:  # one batch for each size
                alike = [i for i, x in enumerate(inputs) if x.shape == shape]
                found = self._caption_batch(torch.stack([inputs[i] for i in alike]))
                captions.update(zip(alike, found, strict=True))
        return [captions[i] for i in range(len(inputs))]

    def _caption_batch(self, images):
        """images (B, 3, H, W) -> a list of B Captions."""
        device = next(self.parameters()).device
        encoded = self.encoder(images.to(device))  # cells (B, N, D), places (N, P)
        words = torch.full((len(images), 1), WORD_ID[START], device=device)  # (B, 1)
        for _ in range(LONGEST_CAPTION):
            logits, weights = self.decoder(*encoded, words)  # (B, T, V), (B, ..., T, N)
            likeliest = logits[:, -1:].argmax(dim=-1)  # (B, 1)
            words = torch.cat([words, likeliest], dim=1)  # (B, T + 1)
            if (words == WORD_ID[END]).any(dim=1).all():
                break
        rows = zip(words[:, 1:].tolist(), weights.cpu(), strict=True)
        size = images.shape[-2:]
        return [as_caption(said(ids, self.vocabulary), w, size) for ids, w in rows]


def said(ids, vocabulary):
    """The words of ids up to the end, which is no word: a list of str."""
    words = [vocabulary[i] for i in ids]
    return words[: words.index(END)] if END in words else words


def as_caption(words, weights, size):
    """The Caption of T words: from weights (T, N), or (L, A, T, N), of which the maps
    are the mean of layers and heads. Weights of more steps are cut off. size: (H, W).
    """
    weights = weights[..., : len(words), :]  # (..., T, N)
    maps = weights if weights.dim() == 2 else weights.mean(dim=(0, 1))  # (T, N)
    grid = [side // models.STRIDE for side in size]
    return Caption(words, maps.unflatten(-1, grid), weights)


def load_captioner(variant, folder=DATA):
    """Load a shipped captioner: "additive", "dot-product" or "transformer".

    folder: where the checkpoints and their manifest.json lie. The captioner comes in
    evaluation mode, on the CPU. Raises ValueError for another variant or for a file
    that is damaged or not of this model, FileNotFoundError for a missing one.
    """
    captioner = Captioner(variant)
    load_weights(captioner, variant, folder)
    return captioner.eval()
