"""The module of notebook 01: forms that learners write, and what they hear."""

import math

import pytest
import torch
from einops import einsum
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from helpers.classroom import checks

check = checks.check_attention_module


class Layers(nn.Module):
    def __init__(self, query_dim, key_dim, width):
        super().__init__()
        self.query_layer = nn.Linear(query_dim, width)
        self.key_layer = nn.Linear(key_dim, width)
        self.value_layer = nn.Linear(key_dim, key_dim)

    def projected(self, query, cells):
        return self.query_layer(query), self.key_layer(cells), self.value_layer(cells)


class Einsum(Layers):
    def forward(self, query, cells):
        q, k, v = self.projected(query, cells)
        scores = torch.einsum("btd,bnd->btn", q, k) / math.sqrt(q.shape[-1])
        weights = torch.softmax(scores, dim=2)
        return einsum(weights, v, "b t n, b n d -> b t d"), weights


class Batched(Layers):
    def forward(self, query, cells):
        q, k, v = self.projected(query, cells)
        scores = torch.bmm(q * q.shape[-1] ** -0.5, k.transpose(1, 2))
        weights = nn.Softmax(dim=-1)(scores)
        return [torch.bmm(weights, v), weights]


class Fused(Layers):
    def forward(self, query, cells):
        q, k, v = self.projected(query, cells)
        cell = torch.eye(k.shape[1]).expand(len(k), -1, -1)  # values that name the keys
        weights = scaled_dot_product_attention(q, k, cell)
        return scaled_dot_product_attention(q, k, v), weights


class OneByOne(Layers):
    def forward(self, query, cells):
        found = []
        for q, k, v in zip(*self.projected(query, cells), strict=True):
            weights = (q @ k.T / k.shape[1] ** 0.5).softmax(-1)
            found.append((weights @ v, weights))
        contexts, weights = zip(*found, strict=True)
        return torch.stack(contexts), torch.stack(weights)


@pytest.mark.parametrize("module", [Einsum, Batched, Fused, OneByOne])
def test_every_right_form_passes(module):
    assert check.verdict(module) == "Correct."


class NoBias(Batched):
    def __init__(self, query_dim, key_dim, width):
        super().__init__(query_dim, key_dim, width)
        self.key_layer = nn.Linear(key_dim, width, bias=False)


class NoValues(Batched):
    def __init__(self, query_dim, key_dim, width):
        super().__init__(query_dim, key_dim, width)
        del self.value_layer


class NarrowValues(Batched):
    def __init__(self, query_dim, key_dim, width):
        super().__init__(query_dim, key_dim, width)
        self.value_layer = nn.Linear(key_dim, width)


class FourLayers(Batched):
    def __init__(self, query_dim, key_dim, width):
        super().__init__(query_dim, key_dim, width)
        self.output = nn.Linear(key_dim, key_dim)


class Unscaled(Layers):
    def forward(self, query, cells):
        q, k, v = self.projected(query, cells)
        weights = (q @ k.mT).softmax(-1)
        return weights @ v, weights


class Whole(Layers):
    def forward(self, query, cells):
        q, k, v = self.projected(query, cells)
        return (q @ k.mT).softmax(-1) @ v


class Plain:
    def __init__(self, query_dim, key_dim, width):
        pass


class Stub(nn.Module):
    def __init__(self, query_dim, key_dim, width):
        super().__init__()
        raise NotImplementedError


class HalfDone(Layers):
    def forward(self, query, cells):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (NoBias, "key_layer.bias is missing"),
        (NoValues, "value_layer.weight is missing from your module, which has query_"),
        (NarrowValues, "value_layer.weight should have shape (7, 7), yours has (4, 7)"),
        (FourLayers, "your module has output.weight, for which there are no weights"),
        (Unscaled, "divide the scores by the root of `width`"),
        (Whole, "return 2 things, context, weights; you return one"),
        (Plain, "must be an nn.Module"),
        (Stub, "Not attempted yet."),
        (HalfDone, "Not attempted yet."),
    ],
)
def test_what_does_not_fit_is_named(module, words):
    assert words in check.verdict(module)
