"""A captioner of a published architecture: Hugging Face's VisionEncoderDecoderModel.

A ViT (Dosovitskiy et al. 2021) that a GPT-2 (Radford et al. 2019) looks at through
cross-attention: the architecture of many captioners on the hub, unmodified, in small.
HOME is a folder as `save_pretrained` writes it: the architecture in config.json, one
token a word in tokenizer.json. transformers is imported only when it is needed.
"""

import torch
from torch import nn

from helpers.captioning.captioners import said
from helpers.captioning.checkpoints import DATA, RENDERED, find_weights
from helpers.captioning.models import position_code
from helpers.captioning.words import RENDERED_VOCABULARY
from helpers.maps.caption import Caption
from helpers.maps.pictures import as_rgb
from helpers.maps.token_layout import TokenLayout

HOME = (DATA / RENDERED[1]).parent


def build_published():
    """The model with random weights."""
    import transformers

    config = transformers.AutoConfig.from_pretrained(HOME)
    model = transformers.VisionEncoderDecoderModel(config)
    kind = transformers.GenerationConfig
    model.generation_config = kind.from_pretrained(HOME)
    # Let the position embeddings start as sines and cosines of row and column; they are
    # trained like the rest.
    h, w = (side // config.encoder.patch_size for side in config.encoder.image_size)
    places = model.encoder.embeddings.position_embeddings.data  # (1, 1 + N, D)
    places[0, 1:] = 0.1 * position_code(h, w, places.shape[-1])
    return model


def save_published(model, folder):
    """Write the Hugging Face folder: model, tokenizer, image processor.

    The weights are stored as 16-bit floats, half the size; `from_pretrained` makes
    32-bit ones of them, as the config says.
    """
    import transformers
    from safetensors.torch import load_file, save_file

    for kind in (transformers.AutoTokenizer, transformers.AutoImageProcessor):
        kind.from_pretrained(HOME).save_pretrained(folder)
    model.save_pretrained(folder)
    file = folder / "model.safetensors"
    half = {name: tensor.half() for name, tensor in load_file(file).items()}
    save_file(half, file, metadata={"format": "pt"})


class PublishedCaptioner(nn.Module):
    """The shipped folder behind the interface of `Captioner`: captions with maps."""

    variant = "ViT + GPT-2"

    def __init__(self, model, processor, tokenizer):
        super().__init__()
        self.model, self.processor, self.tokenizer = model, processor, tokenizer

    def caption(self, image):
        """Caption one PIL image. See `captions`."""
        return self.captions([image])[0]

    @torch.inference_mode()
    def captions(self, images):
        """Caption PIL images of any mode and size: a list of `Caption`s, in order.

        A map is the mean of layers and heads, and sums to the share of the weight that
        lies on the cells: the class token is no cell. weights: (L, A, T, N), N cells.
        """
        pictures = [as_rgb(image) for image in images]
        pixels = self.processor(pictures, return_tensors="pt")["pixel_values"]
        ids = self.model.generate(pixel_values=pixels)  # (B, T + 2), greedy
        return self.look(pixels, ids)

    def look(self, pixels, ids):
        """Where the model looks while it says ids (B, T): a list of `Caption`s."""
        run = self.model(
            pixel_values=pixels, decoder_input_ids=ids[:, :-1], output_attentions=True
        )
        weights = torch.stack(run.cross_attentions, 1)  # (B, L, A, T, N + 1)
        patch = self.model.encoder.config.patch_size
        h, w = (side // patch for side in pixels.shape[-2:])
        layout = TokenLayout.from_grid(h, w, prefix=1)  # a class token, then the cells
        captions = []
        for own, row in zip(weights, ids[:, 1:].tolist(), strict=True):
            words = said(row, RENDERED_VOCABULARY)
            grids = layout.to_grid(own[:, :, : len(words)])  # (L, A, T, h, w)
            captions.append(Caption(words, grids.mean((0, 1)), grids.flatten(-2)))
        return captions


def load_published(folder=DATA):
    """The captioner that was trained on rendered scenes: a `PublishedCaptioner`.

    folder: where the manifest lies. The model comes in evaluation mode, with attention
    that returns its weights. Raises what `load_captioner` raises for a file that is
    missing or damaged.
    """
    return read_published(find_weights(RENDERED[1], folder).parent)


def read_published(home):
    """The captioner in a Hugging Face folder, whatever the manifest says of it."""
    import transformers

    kind = transformers.VisionEncoderDecoderModel
    model = kind.from_pretrained(home, attn_implementation="eager")
    processor = transformers.AutoImageProcessor.from_pretrained(home)
    tokenizer = transformers.AutoTokenizer.from_pretrained(home)
    return PublishedCaptioner(model, processor, tokenizer).eval()
