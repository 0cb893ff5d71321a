"""Whole captioners, from pixels and word numbers to logits."""

import math

import torch
from torch import nn

from .core import WORDS, A, C, D, T, case
from .record import note
from .torch_modules import by_hand

GROUP = "7a whole captioners"


d = D // A


class Cnn(nn.Module):
    """A small encoder: (B, 3, 16, 24) to a feature map (B, C, 2, 3)."""

    def __init__(self, width=C):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )

    def forward(self, images):
        return self.net(images)


class MultiHead(nn.Module):
    def __init__(self, kind, dropout=0.1):
        super().__init__()
        self.kind = kind
        self.w_q, self.w_k = nn.Linear(D, D), nn.Linear(D, D)
        self.w_v, self.w_o = nn.Linear(D, D), nn.Linear(D, D)
        self.dropout = nn.Dropout(dropout)

    def split(self, x):
        return x.view(x.size(0), -1, A, d).permute(0, 2, 1, 3)

    def forward(self, query, key, value, mask=None):
        q, k = self.split(self.w_q(query)), self.split(self.w_k(key))
        v = self.split(self.w_v(value))
        energy = torch.matmul(q, k.permute(0, 1, 3, 2)) / math.sqrt(d)
        if mask is not None:
            energy = energy.masked_fill(mask == 0, -1e10)
        attention = torch.softmax(energy, dim=-1)
        note(self, attention, "b a t n", self.kind)
        x = torch.matmul(self.dropout(attention), v)
        x = x.permute(0, 2, 1, 3).contiguous().view(x.size(0), -1, D)
        return self.w_o(x), attention


class DecoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.self_attn, self.cross_attn = MultiHead("self"), MultiHead("cross")
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(D) for _ in range(3))
        self.ff = nn.Sequential(nn.Linear(D, 20), nn.GELU(), nn.Linear(20, D))
        self.dropout = nn.Dropout(0.1)

    def forward(self, x, memory, mask):
        y = self.norm1(x)
        x = x + self.dropout(self.self_attn(y, y, y, mask)[0])
        y, attention = self.cross_attn(self.norm2(x), memory, memory)
        x = x + self.dropout(y)
        return x + self.dropout(self.ff(self.norm3(x))), attention


class PositionalEncoding(nn.Module):
    def __init__(self, width=D, length=50):
        super().__init__()
        place = torch.arange(length)[:, None]
        rate = torch.exp(torch.arange(0, width, 2) * (-math.log(1e4) / width))
        pe = torch.zeros(length, width)
        pe[:, 0::2], pe[:, 1::2] = torch.sin(place * rate), torch.cos(place * rate)
        self.register_buffer("pe", pe[None])

    def forward(self, x):
        return x + self.pe[:, : x.size(1)]


class TransformerCaptioner(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.project = Cnn(), nn.Linear(C, D)
        self.embed, self.position = nn.Embedding(WORDS, D), PositionalEncoding()
        self.layers = nn.ModuleList(DecoderLayer() for _ in range(3))
        self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, WORDS)

    def forward(self, photo, tokens):
        memory = self.project(self.encoder(photo).flatten(2).transpose(1, 2))
        x = self.position(self.embed(tokens) * math.sqrt(D))
        length = tokens.size(1)
        mask = torch.tril(torch.ones(length, length)).bool()[None, None]
        for layer in self.layers:
            x, attention = layer(x, memory, mask)
        return self.head(self.norm(x)), attention


def whole(name, build, *args, **options):
    case(GROUP, *args, whole=True, layer=options.pop("layer", ""), **options)(
        build, name
    )


whole("transformer captioner, eval", TransformerCaptioner, "photo", "tokens")


whole(
    "transformer captioner, train",
    TransformerCaptioner,
    "photo",
    "tokens",
    train=True,
    images_apart=False,
)


class WithTorchDecoder(nn.Module):
    """nn.TransformerDecoder, words first; hooks of its own look at the inputs."""

    def __init__(self):
        super().__init__()
        self.encoder, self.embed = Cnn(D), nn.Embedding(WORDS, D)
        layer = nn.TransformerDecoderLayer(D, A, 20, norm_first=True)
        self.decoder = nn.TransformerDecoder(layer, 2, nn.LayerNorm(D))
        self.head = nn.Linear(D, WORDS)
        self.head.weight = self.embed.weight
        for one in self.decoder.layers:
            one.self_attn.register_forward_pre_hook(self.look("self"))
            one.multihead_attn.register_forward_pre_hook(self.look("cross"))

    def look(self, kind):
        def hook(mha, args):
            x, y = args[0].transpose(0, 1), args[1].transpose(0, 1)
            mask = torch.ones(T, T).triu(1).bool() if kind == "self" else None
            note(mha, lambda: by_hand(mha, x, y, mask), "b a t n", kind)

        return hook

    def forward(self, photo, tokens):
        memory = self.encoder(photo).flatten(2).permute(2, 0, 1)  # (N, B, D)
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.size(1))
        out = self.decoder(self.embed(tokens).transpose(0, 1), memory, tgt_mask=mask)
        return self.head(out).transpose(0, 1)


whole("nn.TransformerDecoder captioner", WithTorchDecoder, "photo", "tokens")


class VitBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.mlp = nn.Sequential(nn.Linear(D, 24), nn.GELU(), nn.Linear(24, D))

    def attention(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, A, c // A).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = (q @ k.transpose(-2, -1)) * d**-0.5
        attn = attn.softmax(dim=-1)
        note(self, attn, "b a t n", "self")
        return self.proj((attn @ v).transpose(1, 2).reshape(b, n, c))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))
