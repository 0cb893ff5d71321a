"""Exercises of notebook 04: what cells look at, and a transformer block."""

from functools import lru_cache, partial

import torch
from torch import nn

from helpers.captioning import load_captioner
from helpers.captioning.attention import causal_mask
from helpers.classroom.checks.compare import Fault
from helpers.classroom.checks.judge import either, exercise, load, random, randoms


@exercise(
    (random(2, 4, 15, 15).softmax(-1), 3, 5), (random(3, 2, 8, 8).softmax(-1), 4, 2)
)
def check_looked_at(weights, h, w):
    """attempt(weights (B, A, N, N), h, w) -> what a cell receives, (B, h, w)."""
    x = weights.unflatten(-1, (h, w))  # (B, A, N, h, w)
    mean, right = weights.mean(1), x.mean((1, 2))  # (B, N, N), (B, h, w)
    given = mean.mean(2).unflatten(-1, (h, w))  # (B, h, w)
    own = mean.diagonal(dim1=1, dim2=2).unflatten(-1, (h, w))  # (B, h, w)
    turned = mean.mean(1).unflatten(-1, (w, h))  # (B, w, h)
    return right, {
        "that is the mean of each row, 1 / N everywhere: columns are looked at": given,
        "the mean, not the sum: the map must sum to 1": either(
            x.sum((1, 2)), x.mean(1).sum(1), x.sum(1).mean(1)
        ),
        "mean, not the largest": [x.amax((1, 2)), x.mean(1).amax(1), x.amax(1).mean(1)],
        "that is the row of one cell: average all": [x.mean(1)[:, n] for n in (0, -1)],
        "that is the diagonal, what each cell gives itself": own,
        "that is one head alone: average over all": [x[:, a].mean(1) for a in (0, -1)],
        "the heads are still there: average over them": x.mean(2),
        "keep the images: (B, h, w)": right.mean(0),
        "(h, w), in this order": [turned, right.mT],
        "row by row: unflatten into (h, w), do not transpose (w, h)": turned.mT,
        "now lay it out: unflatten the N cells into (h, w)": mean.mean(1),
    }


ROLES = "words ask, cells answer: query x, key and value cells"


@lru_cache(maxsize=1)
def shipped_layers():
    return load_captioner("transformer").decoder.layers


@torch.inference_mode()
def run_block(block_class, number, x, cells):
    """x after the shipped layer of that number, in the attempt's code.

    What else a block returns, such as attention weights, is not judged.
    """
    shipped = shipped_layers()[number]
    block = block_class(x.shape[-1], shipped.self_attention.heads)
    load(block, shipped.state_dict())

    def require_roles(layer, inputs, named):
        query = inputs[0] if inputs else named.get("query", x)
        if query.shape != x.shape:
            raise Fault(ROLES)

    block.cross_attention.register_forward_pre_hook(require_roles, with_kwargs=True)
    answer = block.eval()(x, cells)
    return answer[0] if isinstance(answer, tuple) else answer


def attend(layer, query, key, value, mask=None, heads=None, root=None):
    """What an attention layer reads, (B, T, D); NaN where a query may look nowhere."""

    def split(x):  # (B, T, D) -> (B, A, T, D/A)
        return x.unflatten(-1, (heads or layer.heads, -1)).transpose(1, 2)

    q, k = split(layer.query_layer(query)), split(layer.key_layer(key))
    v = split(layer.value_layer(value))
    scores = q @ k.mT / (root or q.shape[-1] ** 0.5)  # (B, A, T, N)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))  # (B, A, T, N)
    return layer.output_layer((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


def parts_of(layer, cells, mask):
    """The three parts of a block, functions of x (B, T, D), each with its norm."""

    def words(x, norm=layer.norms[0], mask=mask, key=None, value=None, **sizes):
        y = norm(x)  # (B, T, D)
        pair = (y if given is None else given for given in (key, value))
        return attend(layer.self_attention, y, *pair, mask, **sizes)

    def image(x, norm=layer.norms[1], cells=cells, **sizes):
        return attend(layer.cross_attention, norm(x), cells, cells, **sizes)

    def think(x, norm=layer.norms[2]):
        return layer.feed_forward(norm(x))

    return words, image, think


def add_up(x, *parts):
    """x after the parts of a block, with a residual connection around each."""
    for part in parts:
        x = x + part(x)
    return x


def mistakes_in_attention(x, causal, words, image, think):
    def wrong(**how):
        return add_up(x, partial(words, **how), image, think)

    def wrong_heads(**how):
        return add_up(x, partial(words, **how), partial(image, **how), think)

    return {
        "no mask: in the self-attention a word sees the word to say": wrong(mask=None),
        "word t sees words 0 to t: `tril`": [wrong(mask=causal.T), wrong(mask=~causal)],
        "a word may look at itself: keep the diagonal": wrong(mask=causal.tril(-1)),
        "one head over the whole width: cut it into heads first": wrong_heads(heads=1),
        "divide the scores by the root of a head's width, D/A": either(
            wrong_heads(root=1), wrong_heads(root=x.shape[-1] ** 0.5)
        ),
        "in self-attention key and value are the normed words, too": either(
            wrong(value=x), wrong(key=x), wrong(key=x, value=x)
        ),
    }


def mistakes_around_the_parts(x, norms, words, image, think):
    (one, two, three), none = norms, nn.Identity()

    def normed(*norms):
        parts = zip((words, image, think), norms, strict=True)
        return add_up(x, *(partial(part, norm=norm) for part, norm in parts))

    def alone(part):
        return lambda x: part(x) - x  # takes the residual back

    base = after = x
    for part, norm in zip((words, image, think), norms, strict=True):
        base, after = norm(base) + part(base), norm(after + part(after, norm=none))
    return {
        "a residual is missing: x = x + part(norm(x)), all three times": either(
            add_up(x, alone(words), image, think),
            add_up(x, words, alone(image), think),
            add_up(x, words, image, alone(think)),
            add_up(x, *map(alone, (words, image, think))),
        ),
        "the residual adds x as it was, not the normed x": base,
        "norm first: the norm stands before each part, not after the sum": after,
        "a norm is missing: each part has one of its own before it": either(
            normed(none, two, three),
            normed(one, none, three),
            normed(one, two, none),
            normed(none, none, none),
        ),
        "three norms, one for each part: you use one of them again": either(
            normed(one, one, one),
            normed(one, one, three),
            normed(one, two, two),
            normed(two, one, three),
        ),
    }


@exercise(
    (0, *randoms((2, 7, 128), (2, 15, 128))),
    (1, *randoms((3, 4, 128), (3, 6, 128))),
    call=run_block,
)
@torch.inference_mode()
def check_block(number, x, cells):
    """attempt(width, heads) -> a module; module(x (B, T, D), cells (B, N, D)) -> x."""
    layer, causal = shipped_layers()[number], causal_mask(x.shape[1])  # (T, T)
    words, image, think = parts = parts_of(layer, cells, causal)
    normed = partial(image, cells=layer.norms[1](cells))
    y = layer.norms[1](x + words(x))
    return add_up(x, *parts), {
        **mistakes_in_attention(x, causal, *parts),
        **mistakes_around_the_parts(x, layer.norms, *parts),
        "the cells come as they are: norm the query": add_up(x, words, normed, think),
        "first the words, then the cells": add_up(x, image, words, think),
        "the feed-forward network comes last, and it must be there": either(
            add_up(x, words, image),
            add_up(x, think, words, image),
            add_up(x, words, think, image),
        ),
        "the self-attention is missing": add_up(x, image, think),
        "the cross-attention is missing: where are the cells?": add_up(x, words, think),
        ROLES: attend(layer.cross_attention, cells, y, y),
    }
