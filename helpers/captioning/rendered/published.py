"""A captioner of a published architecture: Hugging Face's VisionEncoderDecoderModel.

A ViT (Dosovitskiy et al. 2021) that a GPT-2 (Radford et al. 2019) looks at through
cross-attention: the architecture of many captioners on the hub, unmodified, in small.
transformers is imported only here, and only when it is needed.
"""

import torch
from torch import nn

from helpers.captioning.captioners import said
from helpers.captioning.checkpoints import DATA, RENDERED, find_weights
from helpers.captioning.models import position_code
from helpers.captioning.rendered.scenes import RENDERED_ID, RENDERED_VOCABULARY
from helpers.captioning.scenes import END, PAD, START
from helpers.maps.caption import Caption
from helpers.maps.pictures import as_rgb
from helpers.maps.token_layout import TokenLayout

WIDTH, HEADS, PATCH = 128, 4, 8
ENCODER_LAYERS, DECODER_LAYERS = 3, 2
MARKS = {
    "bos_token_id": RENDERED_ID[START],
    "eos_token_id": RENDERED_ID[END],
    "pad_token_id": RENDERED_ID[PAD],
}


def build_published(size):
    """The model with random weights, for pictures of size (H, W), multiples of 8."""
    import transformers

    encoder = transformers.ViTConfig(
        image_size=size,
        patch_size=PATCH,
        hidden_size=WIDTH,
        num_hidden_layers=ENCODER_LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=2 * WIDTH,
    )
    decoder = transformers.GPT2Config(
        vocab_size=len(RENDERED_VOCABULARY),
        n_positions=16,
        n_embd=WIDTH,
        n_layer=DECODER_LAYERS,
        n_head=HEADS,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        is_decoder=True,
        add_cross_attention=True,
        **MARKS,
    )
    model = transformers.VisionEncoderDecoderModel(
        encoder=transformers.ViTModel(encoder),
        decoder=transformers.GPT2LMHeadModel(decoder),
    )
    for config in (model.config, model.generation_config):
        config.update({**MARKS, "decoder_start_token_id": RENDERED_ID[START]})
    model.generation_config.max_new_tokens = 12
    # Let the position embeddings start as sines and cosines of row and column; they are
    # trained like the rest.
    h, w = size[0] // PATCH, size[1] // PATCH
    places = model.encoder.embeddings.position_embeddings.data  # (1, 1 + N, D)
    places[0, 1:] = 0.1 * position_code(h, w, WIDTH)
    return model


def build_tokenizer():
    """The words of rendered scenes as a Hugging Face tokenizer, one token a word."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel(dict(RENDERED_ID), unk_token=PAD))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks = {"bos_token": START, "eos_token": END, "pad_token": PAD, "unk_token": PAD}
    return PreTrainedTokenizerFast(tokenizer_object=words, **marks)


def save_published(model, size, folder):
    """Write the Hugging Face folder: model, tokenizer, image processor.

    The weights are stored as 16-bit floats, half the size; `from_pretrained` makes
    32-bit ones of them, as the config says.
    """
    from safetensors.torch import load_file, save_file
    from transformers import ViTImageProcessor

    model.save_pretrained(folder)
    file = folder / "model.safetensors"
    half = {name: tensor.half() for name, tensor in load_file(file).items()}
    save_file(half, file, metadata={"format": "pt"})
    build_tokenizer().save_pretrained(folder)
    size = {"height": size[0], "width": size[1]}
    ViTImageProcessor(size=size).save_pretrained(folder)


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
        layout = layout_of(pixels)
        captions = []
        for own, row in zip(weights, ids[:, 1:].tolist(), strict=True):
            words = said(row, RENDERED_VOCABULARY)
            grids = layout.to_grid(own[:, :, : len(words)])  # (L, A, T, h, w)
            captions.append(Caption(words, grids.mean((0, 1)), grids.flatten(-2)))
        return captions


def layout_of(pixels):
    """The TokenLayout for pixels (B, 3, H, W): a class token, then the patches."""
    H, W = pixels.shape[-2:]
    return TokenLayout.from_grid(H // PATCH, W // PATCH, prefix=1)


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
