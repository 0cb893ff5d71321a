"""Published architectures, small and with random weights: right shapes, no meaning.

Needs transformers, which comes with the extra `models`.
"""

import tomllib

import torch
import transformers

from helpers import ROOT

FILE = ROOT / "data" / "tiny.toml"

WORDS = "a the man woman dog on with in front of near blue white sits stands".split()
SPECIAL = ["[PAD]", "[START]", "[END]", "[UNK]"]
PAD, START, END, UNKNOWN = range(4)
# Weights of the usual size (0.02) make all beams alike; these are larger. Only what a
# layer of the writer adds to its words is small: the words then follow from the word
# before and its place, with room to spare, and no last digit of a sum decides them.
SPREAD, QUIET = 0.5, 0.0005
ADDS = ("c_proj.weight", "output.dense.weight", "o_proj.weight", "down_proj.weight")
WRITERS = ("decoder.", "text_decoder.", "model.language_model.")
IDS = {"bos_token_id": START, "eos_token_id": END, "pad_token_id": PAD}


def tiny_blip(seed=33):
    """BLIP, as in Salesforce/blip-image-captioning-base (Li et al. 2022).

    Random weights, 2 layers each; 224 x 224 pixels, 1 class token and 14 x 14 patches.
    """
    return build("blip", seed)


def tiny_vlm(seed=2):
    """A language model with image tokens in its prompt: Qwen2-VL (Wang et al. 2024).

    Random weights, 2 layers; 14 x 14 pixels a patch, and 2 x 2 patches a token.
    """
    return build("qwen2_vl", seed)


def build(name, seed):
    sizes = tomllib.loads(FILE.read_text(encoding="utf-8"))[name]
    config = transformers.AutoConfig.for_model(name, **sizes)
    return finish(transformers.AutoModelForImageTextToText.from_config(config), seed)


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
