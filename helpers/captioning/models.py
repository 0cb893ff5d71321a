"""The networks: one encoder, two kinds of decoder.

The encoder turns an image into cells, the decoders turn cells and the words so far into
a score for every next word, and return the attention weights that they used.
"""

from contextlib import contextmanager

import torch
from torch import nn

from helpers.captioning.attention import MultiHeadAttention, causal_mask

STRIDE = 8  # pixels from one cell to the next
POSITION_WIDTH = 64


class Encoder(nn.Module):
    """An image as a grid of N = H/8 * W/8 cells, row by row.

    width: D, the channels of a cell. A cell sees 10 x 10 pixels, its own 8 x 8 and 1
    more on every side: one that knows an object must touch it. With a wider view a map
    may peak beside the object that it reads.
    """

    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(
            *convolution(3, 24, kernel=4, stride=2, padding=1),
            *convolution(24, 64, kernel=2, stride=2, padding=0),
            *convolution(64, width, kernel=2, stride=2, padding=0),
        )
        self.position = nn.Linear(POSITION_WIDTH, width, bias=False)
        self.norm = nn.LayerNorm(width)

    def forward(self, images):
        """images (B, 3, H, W) in -1..1, H and W multiples of 8.

        -> cells (B, N, D): what is there and where; places (N, P): only where.
        """
        features = self.layers(images)  # (B, D, h, w)
        h, w = features.shape[-2:]
        cells = features.flatten(2).transpose(1, 2)  # (B, N, D)
        places = position_code(h, w, POSITION_WIDTH).to(cells)  # (N, P)
        return self.norm(cells + self.position(places)), places


def convolution(inputs, outputs, kernel, stride, padding):
    """Convolution, batch norm, ReLU."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    return layer, nn.BatchNorm2d(outputs), nn.ReLU()


def position_code(h, w, width):
    """Where each cell is: sines and cosines of its row and its column, (N, width).

    Slow waves, one turn in 6 to 63 cells: neighbours get similar codes. After Vaswani
    et al. 2017, section 3.5, in two dimensions.
    """
    rates = 0.1 * torch.logspace(0, 1, width // 4)  # radians per cell, (width/4,)
    down = torch.arange(h)[:, None] * rates  # (h, width/4)
    across = torch.arange(w)[:, None] * rates  # (w, width/4)
    rows = torch.cat([down.sin(), down.cos()], -1)[:, None]  # (h, 1, width/2)
    columns = torch.cat([across.sin(), across.cos()], -1)[None]  # (1, w, width/2)
    both = [rows.expand(h, w, -1), columns.expand(h, w, -1)]
    return torch.cat(both, -1).flatten(0, 1)  # (N, width)


class RecurrentDecoder(nn.Module):
    """A GRU that looks at the image before every word. After Xu et al. 2015, sect. 3.1.

    The query is the state and the word just said. What is read goes into the scores of
    the next word; the state is told only WHERE the decoder looked (in the paper, what
    was read), so that the content of a word comes through that word's map.
    """

    def __init__(self, attention, width, vocabulary):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.first_state = nn.Parameter(torch.zeros(width))
        self.attention = attention
        self.gru = nn.GRUCell(width + POSITION_WIDTH, width)
        self.logits = nn.Linear(2 * width, vocabulary)

    def forward(self, cells, places, words):
        """cells (B, N, D), places (N, P), words (B, T)

        -> logits (B, T, V), weights (B, T, N).
        """
        prepared = self.attention.prepare(cells)
        state = self.first_state.expand(len(cells), -1)  # (B, D)
        outputs, maps = [], []
        for word in self.embedding(words).unbind(dim=1):  # (B, D), T times
            state, context, weights = self.step(word, state, prepared, places)
            outputs.append(torch.cat([state, context], dim=-1))  # (B, 2D)
            maps.append(weights)
        return self.logits(torch.stack(outputs, 1)), torch.stack(maps, 1)

    def step(self, word, state, prepared, places):
        """Look once: word, state (B, D) -> the new state, what was read (B, D), and
        the weights (B, N)."""
        query = torch.cat([state, word], dim=-1)[:, None]  # (B, 1, 2D)
        context, weights = self.attention(query, prepared)  # (B, 1, D), (B, 1, N)
        context, weights = context[:, 0], weights[:, 0]  # (B, D), (B, N)
        where = weights @ places  # (B, P)
        state = self.gru(torch.cat([word, where], dim=-1), state)  # (B, D)
        return state, context, weights


class TransformerDecoder(nn.Module):
    """Layers of self-attention over the words and cross-attention over the cells.

    Vaswani et al. 2017, section 3.1, with the norm before each sub-layer.
    """

    def __init__(self, width, heads, layers, vocabulary, longest=16):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.place = nn.Parameter(0.1 * torch.randn(longest, width))
        self.layers = nn.ModuleList(DecoderLayer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.logits = nn.Linear(width, vocabulary)

    def forward(self, cells, places, words):
        """cells (B, N, D), words (B, T) -> logits (B, T, V), weights (B, L, A, T, N).

        places go unused: the cells know where they are. Raises ValueError for more
        words than there are positions, `longest`.
        """
        T, longest = words.shape[1], len(self.place)
        if T > longest:
            raise ValueError(
                f"{T} words, counting the start, and positions for {longest} only: cut "
                "the caption, or build the decoder with a larger `longest`"
            )
        x = self.embedding(words) + self.place[:T]  # (B, T, D)
        maps = []
        for layer in self.layers:
            x, _, weights = layer(x, cells)  # (B, T, D), weights (B, A, T, N)
            maps.append(weights)
        return self.logits(self.norm(x)), torch.stack(maps, 1)


class DecoderLayer(nn.Module):
    """Look at the earlier words, look at the image, think."""

    def __init__(self, width, heads):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.self_attention = MultiHeadAttention(width, heads)
        # The dropout with which the shipped checkpoint was trained.
        self.cross_attention = MultiHeadAttention(width, heads, dropout=0.2)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x, cells):
        """x (B, T, D), cells (B, N, D)

        -> x, the weights over the words (B, A, T, T) and over the cells (B, A, T, N).
        """
        y = self.norms[0](x)  # (B, T, D)
        earlier = causal_mask(x.shape[1], x.device)  # (T, T)
        read, self_weights = self.self_attention(y, y, y, earlier)
        x = x + read  # (B, T, D)
        read, weights = self.cross_attention(self.norms[1](x), cells, cells)
        x = x + read  # (B, T, D)
        return x + self.feed_forward(self.norms[2](x)), self_weights, weights


@contextmanager
def eval_mode(model):
    """Evaluation mode for every submodule in a `with` block; then each has its own.

    `model.train()` would not do: a submodule, such as a frozen encoder, may have been
    in evaluation mode before.
    """
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training
