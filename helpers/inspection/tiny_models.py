"""Published architectures, small and with random weights: right shapes, no meaning.

Needs transformers, which comes with the extra `models`.
"""

import torch
import transformers

WORDS = "a the man woman dog on with in front of near blue white sits stands".split()
SPECIAL = ["[PAD]", "[START]", "[END]", "[UNK]"]
PAD, START, END, UNKNOWN = range(4)
# Weights of the usual size (0.02) make all beams alike; these are larger. Only what a
# layer of the writer adds to its words is small: the words then follow from the word
# before and its place, with room to spare, and no last digit of a sum decides them.
SPREAD, QUIET = 0.5, 0.0005
ADDS = ("c_proj.weight", "output.dense.weight", "o_proj.weight", "down_proj.weight")
WRITERS = ("decoder.", "text_decoder.", "model.language_model.")
SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
VISION = {**SMALL, "image_size": 224, "patch_size": 16}
IDS = {"bos_token_id": START, "eos_token_id": END, "pad_token_id": PAD}


def tiny_blip(seed=33):
    """BLIP, as in Salesforce/blip-image-captioning-base (Li et al. 2022).

    Random weights, 2 layers each; 224 x 224 pixels, 1 class token and 14 x 14 patches.
    """
    text = {**SMALL, **IDS, "vocab_size": len(SPECIAL) + len(WORDS)}
    text |= {"encoder_hidden_size": 32, "sep_token_id": END}
    config = transformers.BlipConfig(text_config=text, vision_config=VISION)
    return finish(transformers.BlipForConditionalGeneration(config), seed)


def finish(model, seed):
    """Random weights, ready to generate whole words, in evaluation mode."""
    randomise(model, seed)
    writer = getattr(model, "text_decoder", model)  # in BLIP, a part of the model
    writer.generation_config.update(**IDS, suppress_tokens=[PAD, START, UNKNOWN])
    return model.eval()


@torch.no_grad()
def randomise(model, seed):
    """Draw every matrix anew, in the order in which the model holds them.

    Releases of transformers draw in different orders, and get different models.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:  # not the norms (1) and the biases (0)
            quiet = name.startswith(WRITERS) and name.endswith(ADDS)
            parameter.normal_(0, QUIET if quiet else SPREAD, generator=generator)


def tiny_tokenizer():
    """Whole words, with the special tokens in front."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    ids = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    words = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    names = dict(zip(("pad", "bos", "eos", "unk"), SPECIAL, strict=True))
    special = {f"{name}_token": token for name, token in names.items()}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=words, **special)


def save_tiny(folder, model):
    """Save a tiny model with its tokenizer and image processor, for `load_real`."""
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    transformers.ViTImageProcessor().save_pretrained(folder)


def tiny_vlm(seed=2):
    """A language model with image tokens in its prompt: Qwen2-VL (Wang et al. 2024).

    Random weights, 2 layers; 14 x 14 pixels a patch, and 2 x 2 patches a token.
    """
    turns = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
    text = {
        **SMALL,
        "vocab_size": 64,
        "num_key_value_heads": 2,
        "rope_parameters": turns,
    }
    text |= {"bos_token_id": START, "eos_token_id": END}
    vision = {"embed_dim": 32, "hidden_size": 32, "depth": 2, "num_heads": 4}
    vision |= {"patch_size": 14}
    config = transformers.Qwen2VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=60,
        vision_start_token_id=61,
        vision_end_token_id=62,
        video_token_id=63,
    )
    return finish(transformers.Qwen2VLForConditionalGeneration(config), seed)
