"""Exercises of notebook 01: cells and keys, and attention over them as a module."""

from typing import NamedTuple

import torch

from helpers.captioning import DotProductAttention, load_captioner
from helpers.classroom.checks.judge import exercise, load, random


@exercise((random(2, 15, 4), 3, 5), (random(3, 8, 5), 4, 2))
def check_unflatten(cells, h, w):
    """attempt(cells (B, N, D), h, w) -> feature map (B, D, h, w)."""
    right = cells.mT.unflatten(2, (h, w))  # (B, D, h, w)
    turned = cells.mT.unflatten(2, (w, h))  # (B, D, w, h)
    return right, {
        "the shape is right and the content is not: reshape alone mixes cells with "
        "channels. Move the channels to axis 1 first": cells.reshape(right.shape),
        "that is w rows of h cells": [turned, right.mT],
        "keys are counted row by row: split N into (h, w), and swap no more": turned.mT,
        "the channels belong on axis 1: (B, D, h, w)": cells.unflatten(1, (h, w)),
        "now split N into (h, w)": cells.mT,
    }


@exercise((1, 4, 8), (3, 0, 16))
def check_square_of(row, column, stride):
    """attempt(row, column, stride) -> (left, top, right, bottom) in pixels."""
    x, y = column * stride, row * stride
    X, Y = x + stride, y + stride
    return (x, y, X, Y), {
        "x goes with the column, y with the row": (y, x, Y, X),
        "right and bottom are the first pixels outside": (x, y, X - 1, Y - 1),
        "order: left, top, right, bottom": [(x, X, y, Y), (y, Y, x, X), (y, X, Y, x)],
        "right and bottom, not width and height": (x, y, stride, stride),
        "in pixels: a cell is `stride` pixels wide": (column, row, column + 1, row + 1),
        "right and bottom are a stride further, not a pixel": (x, y, x + 1, y + 1),
    }


class Attended(NamedTuple):
    context: torch.Tensor
    weights: torch.Tensor


SHIPPED = (256, 128, 128)  # sizes of the attention in the dot-product captioner


def layers_of(*sizes):
    """The right module, with the weights that an attempt is given."""
    if sizes == SHIPPED:
        return load_captioner("dot-product").decoder.attention
    layers = DotProductAttention(*sizes)
    for seed, values in enumerate(layers.parameters()):
        values.data = random(*values.shape, seed=seed)
    return layers


def inputs_of(B, T, N, query_dim, key_dim):
    """A query (B, T, query_dim) and cells (B, N, key_dim)."""
    return random(B, T, query_dim, seed=8), random(B, N, key_dim, seed=9)


@torch.inference_mode()
def attend(module_class, B, T, N, *sizes):
    """What an attempt answers with the given weights in its layers."""
    module = module_class(*sizes)
    load(module, layers_of(*sizes).state_dict())
    return module.eval()(*inputs_of(B, T, N, *sizes[:2]))


@exercise((2, 3, 5, 6, 7, 4), (4, 1, 6, 5, 3, 8), (2, 3, 35, *SHIPPED), call=attend)
@torch.inference_mode()
def check_attention_module(B, T, N, query_dim, key_dim, width):
    """attempt(query_dim, key_dim, width) -> an nn.Module: query (B, T, query_dim) and
    cells (B, N, key_dim) -> context (B, T, key_dim), weights (B, T, N)."""
    query, cells = inputs_of(B, T, N, query_dim, key_dim)
    layers = layers_of(query_dim, key_dim, width)
    keys, values = layers.prepare(cells)  # (B, N, width), (B, N, key_dim)
    products = layers.query_layer(query) @ keys.mT  # (B, T, N)
    scores = products / width**0.5  # (B, T, N)

    def read(weights):
        return Attended(weights @ values, weights)

    def over(divisor):
        return read((products / divisor).softmax(-1))

    context, weights = right = over(width**0.5)
    total = scores.sum(-1, keepdim=True)  # (B, T, 1)
    shared = scores.flatten(1).softmax(-1).view_as(scores)  # (B, T, N)
    return right, {
        "divide the scores by the root of `width` before the softmax": over(1),
        "the root of `width`, not `width` itself": over(width),
        "the root of `width`, not of the length of a query": over(query_dim**0.5),
        "the root of `width`, not of the length of a cell": over(key_dim**0.5),
        "the softmax runs over the cells, not the queries": read(scores.softmax(1)),
        "the softmax runs over the cells, not the images": read(scores.softmax(0)),
        "each query has its own softmax, over its cells alone": read(shared),
        "where is the softmax? Scores are no weights": read(scores),
        "dividing by the sum is not softmax: exponentiate first": read(scores / total),
        "return the weights, not the scores": (context, scores),
        "read the values: the cells after value_layer": (weights @ cells, weights),
    }
