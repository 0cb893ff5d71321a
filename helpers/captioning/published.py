"""A captioner of a published architecture: Hugging Face's VisionEncoderDecoderModel.

A ViT (Dosovitskiy et al. 2021) that a GPT-2 (Radford et al. 2019) looks at through
cross-attention: the architecture of many captioners on the hub, unmodified, in small.
transformers is imported only here, and only when it is needed.
"""

import torch

from helpers.captioning.models import position_code
from helpers.captioning.rendered_scenes import RENDERED_ID, RENDERED_VOCABULARY
from helpers.captioning.scenes import END, PAD, START

WIDTH, HEADS, PATCH = 128, 4, 8
ENCODER_LAYERS, DECODER_LAYERS = 3, 2


def build_published(size):
    """The model with random weights, for pictures of size (H, W), multiples of 8."""
    from transformers import (
        GPT2Config,
        GPT2LMHeadModel,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTModel,
    )

    marks = {
        "bos_token_id": RENDERED_ID[START],
        "eos_token_id": RENDERED_ID[END],
        "pad_token_id": RENDERED_ID[PAD],
    }
    encoder = ViTConfig(
        image_size=size,
        patch_size=PATCH,
        hidden_size=WIDTH,
        num_hidden_layers=ENCODER_LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=2 * WIDTH,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    decoder = GPT2Config(
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
        **marks,
    )
    model = VisionEncoderDecoderModel(
        encoder=ViTModel(encoder), decoder=GPT2LMHeadModel(decoder)
    )
    for config in (model.config, model.generation_config):
        config.decoder_start_token_id = RENDERED_ID[START]
        config.eos_token_id, config.pad_token_id = RENDERED_ID[END], RENDERED_ID[PAD]
    model.generation_config.max_length = 12
    start_from_places(model, size)
    return model


def start_from_places(model, size):
    """Let the ViT's position embeddings start as sines and cosines of row and column.

    They are trained like the rest; only their first values are chosen.
    """
    h, w = size[0] // PATCH, size[1] // PATCH
    embeddings = model.encoder.embeddings
    with torch.no_grad():
        embeddings.position_embeddings[0, 1:] = 0.1 * position_code(h, w, WIDTH)


def build_tokenizer():
    """The words of rendered scenes as a Hugging Face tokenizer, one token a word."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel(dict(RENDERED_ID), unk_token=PAD))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        bos_token=START,
        eos_token=END,
        pad_token=PAD,
        unk_token=PAD,
    )
