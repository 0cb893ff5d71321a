"""Export the captioners for the browser: an encoder and one decoder step each, as ONNX.

The search for words stays outside: it is a loop, and here it is JavaScript's.
"""

import warnings

import torch
from torch import nn
from torch.export import Dim

from helpers.captioning import load_captioner
from helpers.captioning.models import STRIDE

EXAMPLE = (1, 3, 96, 136)  # an image to trace with: no two sizes alike
CELLS = Dim("N", min=2, max=64 * 64)


class RecurrentEncoder(nn.Module):
    """images (1, 3, H, W) -> keys, values (1, N, .), places (N, P), state (1, D)."""

    def __init__(self, captioner):
        super().__init__()
        self.encoder, self.decoder = captioner.encoder, captioner.decoder

    def forward(self, images):
        cells, places = self.encoder(images)
        keys, values = self.decoder.attention.prepare(cells)
        return keys, values, places, self.decoder.first_state[None]


class RecurrentStep(nn.Module):
    """state (1, D), word (1,), keys, values, places -> the next state, logits (1, V),
    weights (1, N)."""

    def __init__(self, captioner):
        super().__init__()
        self.decoder = captioner.decoder

    def forward(self, state, word, keys, values, places):
        decoder = self.decoder
        word = decoder.embedding(word)  # (1, D)
        state, read, weights = decoder.step(word, state, (keys, values), places)
        logits = decoder.logits(torch.cat([state, read], dim=-1))  # (1, V)
        return state, logits, weights


class TransformerEncoder(nn.Module):
    """images (1, 3, H, W) -> cells (1, N, D)."""

    def __init__(self, captioner):
        super().__init__()
        self.encoder = captioner.encoder

    def forward(self, images):
        return self.encoder(images)[0]


class TransformerStep(nn.Module):
    """cells (1, N, D), words (1, T) -> logits (1, T, V), weights (1, L, A, T, N)."""

    def __init__(self, captioner):
        super().__init__()
        self.decoder = captioner.decoder

    def forward(self, cells, words):
        return self.decoder(cells, None, words)


def export_captioner(variant, folder):
    """Write VARIANT-encoder.onnx and VARIANT-step.onnx into a folder."""
    captioner = load_captioner(variant)
    export = export_transformer if variant == "transformer" else export_recurrent
    export(
        captioner, folder / f"{variant}-encoder.onnx", folder / f"{variant}-step.onnx"
    )


def export_recurrent(captioner, encoder_file, step_file):
    encoder, step = RecurrentEncoder(captioner), RecurrentStep(captioner)
    keys, values, places, state = write_encoder(
        encoder, encoder_file, ["keys", "values", "places", "state"]
    )
    word = torch.zeros(1, dtype=torch.int32)
    names = ["state", "word", "keys", "values", "places"]
    write(
        step,
        dict(zip(names, (state, word, keys, values, places), strict=True)),
        step_file,
        ["next", "logits", "weights"],
        ({}, {}, {1: CELLS}, {1: CELLS}, {0: CELLS}),
    )


def export_transformer(captioner, encoder_file, step_file):
    encoder, step = TransformerEncoder(captioner), TransformerStep(captioner)
    cells = write_encoder(encoder, encoder_file, ["cells"])
    words = torch.zeros(1, 5, dtype=torch.int32)
    T = Dim("T", min=1, max=len(captioner.decoder.place))
    inputs = {"cells": cells, "words": words}
    write(step, inputs, step_file, ["logits", "weights"], ({1: CELLS}, {1: T}))


def write_encoder(encoder, file, output_names):
    """Write an encoder for images of any size; return what it makes of the example."""
    images = torch.zeros(EXAMPLE)
    sides = {2: STRIDE * Dim("h", min=2, max=64), 3: STRIDE * Dim("w", min=2, max=64)}
    write(encoder, {"images": images}, file, output_names, (sides,))
    return encoder(images)


def write(module, inputs, file, output_names, dynamic_shapes):
    """Write one ONNX file, with its weights in it; inputs: {name: example}."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the exporter's own code
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            file,
            input_names=list(inputs),
            output_names=output_names,
            dynamic_shapes=dynamic_shapes,
            external_data=False,
            verbose=False,
        )
