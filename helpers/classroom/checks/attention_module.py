"""Check of notebook 01: attention over a batch as a module, given trained weights."""

import math
from functools import partial
from typing import NamedTuple

import torch
from torch import nn

from helpers.captioning import load_captioner
from helpers.classroom.checks.judge import Check, Fault, random

LAYERS = ("query_layer", "key_layer", "value_layer")


class Attended(NamedTuple):
    context: torch.Tensor
    weights: torch.Tensor


class Attention(nn.Module):
    """The right module; keywords replace one of its parts, to make each mistake."""

    def __init__(self, query_dim, key_dim, width, **parts):
        super().__init__()
        self.query_layer = nn.Linear(query_dim, width)
        self.key_layer = nn.Linear(key_dim, width)
        self.value_layer = nn.Linear(key_dim, key_dim)
        self.parts = parts

    def forward(self, query, cells):
        q, k = self.query_layer(query), self.key_layer(cells)  # (B, T, d), (B, N, d)
        values = self.parts.get("values", lambda cells: self.value_layer(cells))
        root = self.parts.get("root", lambda query, k, cells: math.sqrt(k.shape[-1]))
        softmax = self.parts.get("softmax", lambda scores: scores.softmax(-1))
        result = self.parts.get("result", lambda context, scores, weights: None)
        scores = q @ k.mT / root(query, k, cells)  # (B, T, N)
        weights = softmax(scores)  # (B, T, N)
        context = weights @ values(cells)  # (B, T, key_dim)
        return result(context, scores, weights) or (context, weights)


class ModuleCheck(Check):
    """A Check of classes: each is built, given weights, and called on the inputs."""

    def run(self, function):
        return super().run(partial(attend, function))


def attend(module_class, state, query, cells):
    """What an attempt makes of a query and cells, with these weights in its layers."""
    width, query_dim = state["query_layer.weight"].shape
    module = module_class(query_dim, cells.shape[-1], width)
    if not isinstance(module, nn.Module):
        raise Fault("the class must be an nn.Module: `class Attention(nn.Module)`")
    load(module, state)
    module.eval()
    with torch.inference_mode():
        found = module(query, cells)
    alone = isinstance(found, tuple | list) and len(found) == 2
    return Attended(*found) if alone else found


def load(module, state):
    """Load the weights, or raise a Fault that says which layer does not fit them."""
    own = module.state_dict()
    layers = dict.fromkeys(name.split(".")[0] for name in own)
    missing = [name for name in LAYERS if name not in layers]
    if missing:
        names = ", ".join(layers) or "none"
        raise Fault(f"there is no {missing[0]} in your module; its layers: {names}")
    for name, wanted in state.items():
        if name not in own:
            raise Fault(
                f"{name} is missing: nn.Linear has a bias unless told otherwise"
            )
        if own[name].shape != wanted.shape:
            raise Fault(
                f"{name} should have shape {tuple(wanted.shape)}, yours has "
                f"{tuple(own[name].shape)}: see what each layer takes and gives"
            )
    extra = [name for name in layers if name not in LAYERS]
    if extra:
        raise Fault(f"three layers are enough: {extra[0]} has no weights to be loaded")
    module.load_state_dict(state)


def shipped(B, T, N):
    """The attention of the shipped dot-product captioner, and inputs for it."""
    state = load_captioner("dot-product").decoder.attention.state_dict()
    cells = nn.functional.layer_norm(random(B, N, 128, seed=1), [128])
    return state, random(B, T, 256), cells


def small(B, T, N, query_dim, key_dim, width):
    """Weights in which no two sizes are alike, and inputs for them."""
    layers = Attention(query_dim, key_dim, width)
    state = {
        name: random(*value.shape, seed=seed)
        for seed, (name, value) in enumerate(layers.state_dict().items())
    }
    return state, random(B, T, query_dim, seed=8), random(B, N, key_dim, seed=9)


def mistake(**parts):
    return partial(Attention, **parts)


check_attention_module = ModuleCheck(
    "attempt(query_dim, key_dim, width) -> an nn.Module: query (B, T, query_dim) and "
    "cells (B, N, key_dim) -> context (B, T, key_dim), weights (B, T, N).",
    Attention,
    lambda: {
        "small weights, 2 images, 3 queries, 5 cells": small(2, 3, 5, 6, 7, 4),
        "small weights, 4 images, 1 query, 6 cells": small(4, 1, 6, 5, 3, 8),
        "the shipped weights, 2 images, 3 queries, 35 cells": shipped(2, 3, 35),
    },
    {
        "divide the scores by the root of `width` before the softmax": mistake(
            root=lambda query, k, cells: 1
        ),
        "the root of `width`, not `width` itself": mistake(
            root=lambda query, k, cells: k.shape[-1]
        ),
        "the root of `width`, the length of a key, not that of the query": mistake(
            root=lambda query, k, cells: math.sqrt(query.shape[-1])
        ),
        "the root of `width`, the length of a key, not that of a cell": mistake(
            root=lambda query, k, cells: math.sqrt(cells.shape[-1])
        ),
        "the softmax runs over the cells, the last axis, not over the queries": mistake(
            softmax=lambda scores: scores.softmax(1)
        ),
        "the softmax runs over the cells, the last axis, not over the images": mistake(
            softmax=lambda scores: scores.softmax(0)
        ),
        "one softmax for each query, over its own cells: not one over all": mistake(
            softmax=lambda scores: scores.flatten(1).softmax(-1).view_as(scores)
        ),
        "where is the softmax? Scores are no weights": mistake(
            softmax=lambda scores: scores
        ),
        "dividing by the sum is no softmax: exponentiate first": mistake(
            softmax=lambda scores: scores / scores.sum(-1, keepdim=True)
        ),
        "return the weights, not the scores": mistake(
            result=lambda context, scores, weights: (context, scores)
        ),
        "in this order, please: context, weights": mistake(
            result=lambda context, scores, weights: (weights, context)
        ),
        "what is read are the values: the cells after value_layer": mistake(
            values=lambda cells: cells
        ),
    },
)
