"""Sizes and models that several tests build: tiny, with random weights."""

import torch
import transformers

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
    both = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        encoder, decoder
    )
    return transformers.VisionEncoderDecoderModel(both).eval()
