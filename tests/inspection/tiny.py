"""Sizes and models that several tests build: tiny, with random weights."""

import torch
import transformers

from helpers.inspection.tiny_models import END, PAD, SPECIAL, START, WORDS, finish

SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}


def vit_gpt2(encoder, decoder=None, seed=0, **options):
    """A captioner of an encoder and a decoder with cross-attention, in eval mode.

    encoder: its config. decoder: another config than that of a small GPT-2. options:
    further settings of the GPT-2.
    """
    torch.manual_seed(seed)
    gpt2 = {"n_embd": 32, "n_layer": 2, "n_head": 2, "vocab_size": 40, **options}
    decoder = decoder or transformers.GPT2Config(**gpt2, add_cross_attention=True)
    return joined(encoder, decoder).eval()


def joined(encoder, decoder, **options):
    """The model of the two configs, with random weights."""
    both = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        encoder, decoder, **options
    )
    return transformers.VisionEncoderDecoderModel(both)


def tiny_captioner(seed=94):
    """A ViT that GPT-2 looks at, as in nlpconnect/vit-gpt2-image-captioning.

    Random weights, 2 layers each; 224 x 224 pixels, 1 class token and 14 x 14 patches.
    With the usual seed its beams change places while it writes.
    """
    decoder = transformers.GPT2Config(
        vocab_size=len(SPECIAL) + len(WORDS),
        n_embd=32,
        n_layer=2,
        n_head=2,
        add_cross_attention=True,
        bos_token_id=START,
        eos_token_id=END,
        tie_word_embeddings=False,  # tied, a word makes itself the likeliest next one
    )
    encoder = transformers.ViTConfig(**SMALL, image_size=224, patch_size=16)
    special = {
        "decoder_start_token_id": START,
        "pad_token_id": PAD,
        "eos_token_id": END,
    }
    return finish(joined(encoder, decoder, **special), seed)
