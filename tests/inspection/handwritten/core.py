"""What every case is: a model that a learner could have written, and its inputs."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from .record import note

B, A, T, N, D = 2, 3, 5, 7, 12  # all different: equal sizes hide faults
C, ROWS, COLS = 10, 2, 4  # the feature map: its width differs from the words'
SHAPES = {
    "words": (B, T, D),
    "cells": (B, N, D),
    "regions": (B, N, C),
    "image": (B, C, ROWS, COLS),
    "words_first": (T, B, D),
    "cells_first": (N, B, D),
    "state": (B, D),
    "wide": (B, T, 192),
    "wide_cells": (B, N, 192),
    "photo": (B, 3, 16, 24),
    "map": (B, C, 4, 6),
    "points": (N, D),  # no axis of images
    "films": (B, 3, N, D),
    "sound": (B, D, 9),  # channels before time
}
TOKENS = {"tokens": (B, T), "question": (B, N), "document": (B, 3, T)}
WORDS = 11  # in the vocabulary
CASES: list["Case"] = []


@dataclass
class Case:
    """A model, its inputs and what is to be expected of a tool that listens to it."""

    name: str
    group: str
    build: Callable[[], nn.Module]
    args: tuple = ()
    named: dict = field(default_factory=dict)
    expect: str = "right"  # or another word of judge.ACCEPTED
    layer: str = "decoder.attention"  # what a refusal must name
    train: bool = False
    dtype: torch.dtype = torch.float32
    atol: float = 1e-5
    images_apart: bool = True  # the images' order alone sets the order of the maps
    rows_sum_to_one: bool = True

    def model(self) -> nn.Module:
        """Build the model, with the same weights each time."""
        torch.manual_seed(0)
        return self.build().to(self.dtype).train(self.train)

    def inputs(self, flip: bool = False) -> tuple[tuple, dict]:
        """Give arguments and named arguments; flip: the images in reverse order."""
        return tree_map(
            lambda name: draw(name, self.dtype, flip), (self.args, self.named)
        )

    def run(self, model: nn.Module, flip: bool = False):
        """Run the model as its user would, with the same dropout each time."""
        args, named = self.inputs(flip)
        torch.manual_seed(1)
        with torch.set_grad_enabled(self.train):
            return model(*args, **named)


def draw(name: str, dtype: torch.dtype = torch.float32, flip: bool = False) -> Tensor:
    """Give the input of that name; `padding` (B, N) and `word_padding` are True at
    padding."""
    if name in ("padding", "word_padding"):
        width, real = (N, (4, 6)) if name == "padding" else (T, (3, 4))
        drawn = torch.arange(width) >= torch.tensor(real)[:, None]  # (B, N)
        return drawn.flip(0) if flip else drawn
    source = torch.Generator().manual_seed(sum(map(ord, name)))
    if name in TOKENS:
        drawn = torch.randint(1, WORDS, TOKENS[name], generator=source)
        return drawn.flip(0) if flip else drawn
    drawn = torch.randn(SHAPES[name], generator=source).to(dtype)
    batch = 1 if name.endswith("_first") else 0
    return drawn.flip(batch) if flip else drawn


class Block(nn.Module):
    """A decoder block that holds the attention of the case."""

    def __init__(self, attention):
        super().__init__()
        self.attention = attention

    def forward(self, *args, **named):
        return self.attention(*args, **named)


class Captioner(nn.Module):
    """A model whose attention is called `decoder.attention`."""

    def __init__(self, attention):
        super().__init__()
        self.decoder = Block(attention)

    def forward(self, *args, **named):
        return self.decoder(*args, **named)


class Beside(nn.Module):
    """The same, beside an encoder with an ordinary softmax over the cells."""

    def __init__(self, attention):
        super().__init__()
        self.encoder = Ordinary()
        self.decoder = Block(attention)

    def forward(self, words, cells, **named):
        return self.decoder(words, self.encoder(cells), **named)


class Ordinary(nn.Module):
    """One head of self-attention, as in every tutorial."""

    def __init__(self):
        super().__init__()
        self.query, self.key = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x):
        scores = self.query(x) @ self.key(x).transpose(1, 2)  # (B, N, N)
        weights = (scores / D**0.5).softmax(-1)  # (B, N, N)
        note(self, weights, "b t n", "self")
        return weights @ x  # (B, N, D)


def case(group: str, *args, named: dict | None = None, **options):
    """Enter a module as a case; args, named: the names of its inputs, see `draw`.

    whole: the module is the model itself, not the attention of a captioner.
    beside: enter it a second time, beside an ordinary encoder.
    """
    whole, beside = options.pop("whole", False), options.pop("beside", False)

    def enter(attention, name=""):
        name = (
            name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", attention.__name__).lower()
        )
        builds = {name: attention if whole else lambda: Captioner(attention())}
        if beside:
            builds[f"{name} beside softmax"] = lambda: Beside(attention())
        for title, build in builds.items():
            CASES.append(Case(title, group, build, args, named or {}, **options))
        return attention

    return enter
