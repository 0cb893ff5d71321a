"""Captioners as people have them: small ones with random weights to learn the shapes,
and the way to load a pretrained one.

Needs transformers, which comes with the extra `models`.
"""

from dataclasses import dataclass

import torch
import transformers
from safetensors import SafetensorError

from helpers.geometry import Geometry
from helpers.pictures import as_rgb

WORDS = "a the man woman dog on with in front of near blue white sits stands".split()
SPECIAL = ["[PAD]", "[START]", "[END]", "[UNK]"]
PAD, START, END, UNKNOWN = range(4)
# Weights of the usual size (0.02) make all beams alike; these are larger.
SPREAD = 0.5
VISION = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "image_size": 224,
    "patch_size": 16,
}


def tiny_captioner(seed=1100):
    """A ViT that GPT-2 looks at, as in nlpconnect/vit-gpt2-image-captioning.

    Random weights, 2 layers each; 224 x 224 pixels, 1 class token and 14 x 14 patches.
    With the usual seed its beams change places while it writes.
    """
    torch.manual_seed(seed)
    decoder = transformers.GPT2Config(
        vocab_size=len(SPECIAL) + len(WORDS),
        n_embd=32,
        n_layer=2,
        n_head=2,
        add_cross_attention=True,
        bos_token_id=START,
        eos_token_id=END,
        initializer_range=SPREAD,
    )
    both = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        transformers.ViTConfig(**VISION, initializer_range=SPREAD),
        decoder,
        decoder_start_token_id=START,
        pad_token_id=PAD,
        eos_token_id=END,
    )
    return finish(transformers.VisionEncoderDecoderModel(both))


def tiny_blip(seed=91):
    """BLIP, as in Salesforce/blip-image-captioning-base (Li et al. 2022).

    Random weights, 2 layers each; 224 x 224 pixels, 1 class token and 14 x 14 patches.
    """
    torch.manual_seed(seed)
    text = {
        "vocab_size": len(SPECIAL) + len(WORDS),
        "hidden_size": 32,
        "encoder_hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "bos_token_id": START,
        "sep_token_id": END,
        "eos_token_id": END,
        "pad_token_id": PAD,
        "initializer_range": SPREAD,
    }
    config = transformers.BlipConfig(
        text_config=text, vision_config={**VISION, "initializer_range": SPREAD}
    )
    return finish(transformers.BlipForConditionalGeneration(config))


def finish(model):
    """Ready to generate whole words, in evaluation mode."""
    writer = getattr(model, "text_decoder", model)  # in BLIP, a part of the model
    writer.generation_config.update(
        bos_token_id=START,
        eos_token_id=END,
        pad_token_id=PAD,
        suppress_tokens=[PAD, START, UNKNOWN],
    )
    return model.eval()


def tiny_tokenizer():
    """Whole words, with the special tokens in front."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    ids = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    words = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="[PAD]",
        bos_token="[START]",
        eos_token="[END]",
        unk_token="[UNK]",
    )


def save_tiny(folder, model):
    """Save a tiny model with its tokenizer and image processor, for `load_real`."""
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    transformers.ViTImageProcessor().save_pretrained(folder)


@dataclass(frozen=True)
class RealCaptioner:
    """A captioner of transformers with all that belongs to it."""

    model: torch.nn.Module
    processor: object
    tokenizer: object

    def read(self, image):
        """A PIL image as the model takes it, (1, 3, H, W), and its Geometry."""
        picture = as_rgb(image)
        pixels = self.processor(picture, return_tensors="pt")["pixel_values"]
        return pixels, geometry_of(self.processor, picture.size[::-1])

    @torch.inference_mode()
    def generate(self, pixels, beams=1, longest=20):
        """What the model's own `generate` returns for pixels (1, 3, H, W).

        It holds the attentions that the model is ready to give. longest: in tokens.
        """
        return self.model.generate(
            pixel_values=pixels,
            num_beams=beams,
            max_new_tokens=longest,
            output_attentions=True,
            return_dict_in_generate=True,
        )

    def words(self, ids):
        """Token ids -> their texts, one a token."""
        return [self.tokenizer.decode([i]).strip() for i in ids]


def load_real(name):
    """A captioner from a folder, or by name from the Hugging Face hub.

    name: for instance "nlpconnect/vit-gpt2-image-captioning" or
    "Salesforce/blip-image-captioning-base", or a folder that `save_pretrained` wrote.
    The model comes in evaluation mode, with attention that returns its weights. Raises
    OSError for a name that is neither here nor on the hub, ValueError for a model of
    another kind and for damaged weights.
    """
    config = transformers.AutoConfig.from_pretrained(name)
    kinds = {
        "vision-encoder-decoder": transformers.VisionEncoderDecoderModel,
        "blip": transformers.BlipForConditionalGeneration,
    }
    if config.model_type not in kinds:
        raise ValueError(
            f"{name} is a {config.model_type} model, this loads {', '.join(kinds)}: "
            "load it with transformers and go on with capture_attention"
        )
    try:
        model = kinds[config.model_type].from_pretrained(
            name, attn_implementation="eager"
        )
    except SafetensorError as error:
        raise ValueError(f"the weights of {name} are damaged ({error})") from error
    return RealCaptioner(
        model.eval(),
        transformers.AutoImageProcessor.from_pretrained(name),
        transformers.AutoTokenizer.from_pretrained(name),
    )


def geometry_of(processor, size):
    """How an image processor of transformers makes its input from a picture (H, W).

    Raises ValueError for one that does anything but squash, or resize and crop.
    """
    given = {
        k: dict(v) for k in ("size", "crop_size") if (v := getattr(processor, k, 0))
    }
    wanted, cropped = given.get("size", {}), getattr(processor, "do_center_crop", False)
    if getattr(processor, "do_pad", False):
        raise ValueError(f"{type(processor).__name__} pads: use Geometry.letterbox")
    if not cropped and {"height", "width"} <= wanted.keys():
        return Geometry.squash(size)
    if cropped and "shortest_edge" in wanted:
        shape = processor.crop_size["height"], processor.crop_size["width"]
        return Geometry.resize_and_crop(size, wanted["shortest_edge"], shape)
    raise ValueError(
        f"{type(processor).__name__} with size {wanted}: give the box by hand, "
        "Geometry(size, box)"
    )


def tiny_vlm(seed=0):
    """A language model with image tokens in its prompt: Qwen2-VL (Wang et al. 2024).

    Random weights, 2 layers; 14 x 14 pixels a patch, and 2 x 2 patches a token.
    """
    torch.manual_seed(seed)
    text = {
        "vocab_size": 64,
        "bos_token_id": START,
        "eos_token_id": END,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 64,
        "initializer_range": SPREAD,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [2, 1, 1],
        },
    }
    vision = {
        "embed_dim": 32,
        "hidden_size": 32,
        "depth": 2,
        "num_heads": 4,
        "patch_size": 14,
        "initializer_range": SPREAD,
    }
    config = transformers.Qwen2VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=60,
        vision_start_token_id=61,
        vision_end_token_id=62,
        video_token_id=63,
    )
    model = transformers.Qwen2VLForConditionalGeneration(config)
    return finish(model)
