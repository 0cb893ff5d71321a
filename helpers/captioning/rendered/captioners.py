"""Two captioners of rendered scenes: our own, and one of a published architecture.

Ours is convolutions, then the course's transformer. The other is Hugging Face's
VisionEncoderDecoderModel: a ViT (Dosovitskiy et al. 2021) that a GPT-2 (Radford et al.
2019) looks at through cross-attention, the architecture of many captioners on the hub,
unmodified, in small. HOME is a folder as its `save_pretrained` writes it: its layers
and heads are in config.json, the words in tokenizer.json. transformers is imported only
when it is needed.
"""

import torch
from PIL import Image
from torch import nn
from torchvision.transforms.v2.functional import pil_to_tensor

from helpers.captioning.captioners import WIDTH, Captioner, as_caption, said
from helpers.captioning.checkpoints import DATA, RENDERED, find_weights, load_weights
from helpers.captioning.models import Encoder, convolution, position_code
from helpers.captioning.words import RENDERED_VOCABULARY
from helpers.maps.pictures import as_rgb

INPUT_SIZE = (64, 96)  # pixels: what both captioners take, 8 x 12 cells
HOME = (DATA / RENDERED[1]).parent


class WideEncoder(Encoder):
    """As `Encoder`, but a cell sees 14 x 14 pixels: its own 8 x 8, and 3 on every side,
    and one layer more thinks about what it sees."""

    def __init__(self, width):
        super().__init__(width)
        self.layers = nn.Sequential(
            *convolution(3, 32, kernel=4, stride=2, padding=1),
            *convolution(32, 64, kernel=4, stride=2, padding=1),
            *convolution(64, width, kernel=2, stride=2, padding=0),
            *convolution(width, width, kernel=1, stride=1, padding=0),
        )


class RenderedCaptioner(Captioner):
    """The transformer variant for rendered scenes; a picture is resized to 64 x 96."""

    def __init__(self):
        super().__init__("transformer", RENDERED_VOCABULARY)
        self.variant = "convolutions + transformer"
        self.encoder = WideEncoder(WIDTH)

    @staticmethod
    def to_input(image):
        """A PIL image as the model takes it: (3, 64, 96) in -1..1."""
        picture = as_rgb(image).resize(INPUT_SIZE[::-1], Image.Resampling.BILINEAR)
        return pil_to_tensor(picture) / 127.5 - 1  # (3, H, W)


def load_rendered(folder=DATA):
    """The shipped `RenderedCaptioner`; raises what `load_captioner` raises."""
    captioner = RenderedCaptioner()
    load_weights(captioner, RENDERED[0], folder)
    return captioner.eval()


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

    def __init__(self, model, processor):
        super().__init__()
        self.model, self.processor = model, processor

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
        weights = torch.stack(run.cross_attentions, 1)  # (B, L, A, T, 1 + N)
        rows = zip(ids[:, 1:].tolist(), weights[..., 1:], strict=True)
        words, size = RENDERED_VOCABULARY, pixels.shape[-2:]
        return [as_caption(said(row, words), own, size) for row, own in rows]


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
    return PublishedCaptioner(model, processor).eval()
