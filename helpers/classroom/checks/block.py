"""Check of notebook 04: a transformer block, with the shipped weights in it."""

from functools import lru_cache, partial

import torch
from torch import nn

from helpers.captioning.captioners import load_captioner
from helpers.captioning.models import DecoderLayer
from helpers.classroom.checks.judge import Check, Fault, random

ROLES = "words ask, cells answer: query x, key and value cells"


class BlockCheck(Check):
    """A check of a class: what its objects answer with the shipped weights in them.

    Each case is a layer's number, x (B, T, D) and cells (B, N, D).
    """

    def run(self, make):
        return super().run(lambda *inputs: with_shipped_weights(make, *inputs))


def with_shipped_weights(make, layer, x, cells):
    """x after the shipped layer of that number, in the learner's code.

    What else an object returns, as attention weights, is not judged.
    """
    shipped = shipped_layers()[layer]
    block = make(x.shape[-1], shipped.self_attention.heads)
    block.load_state_dict(shipped.state_dict())
    block.eval()
    roles = partial(require_roles, x)
    block.cross_attention.register_forward_pre_hook(roles, with_kwargs=True)
    with torch.inference_mode():
        answer = block(x, cells)
    return answer[0] if isinstance(answer, tuple) else answer


def require_roles(x, layer, inputs, named):
    """Raise a Fault if something else than the words x is the query."""
    query = inputs[0] if inputs else named.get("query", x)
    if query.shape != x.shape:
        raise Fault(ROLES)


@lru_cache(maxsize=1)
def shipped_layers():
    return load_captioner("transformer").decoder.layers


def block(body):
    """A class like the shipped layer, whose forward is `body`, right or not."""

    class Attempt(DecoderLayer):
        def forward(self, x, cells):
            return body(self, x, cells)

    return Attempt


def looked(layer, query, key, value=None, mask=None, split=None, root=None):
    """What an attention layer read; NaN where a mask leaves a query with nothing."""
    split = split or layer.split
    q = split(layer.query_layer(query))  # (B, A, T, D/A)
    k = split(layer.key_layer(key))  # (B, A, N, D/A)
    v = split(layer.value_layer(key if value is None else value))
    scores = q @ k.mT / (root or q.shape[-1] ** 0.5)  # (B, A, T, N)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))  # (B, A, T, N)
    return layer.output_layer((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


def causal(x):
    return torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()  # (T, T)


def in_steps(
    look=looked,
    mask=causal,
    order=(0, 1, 2),
    norms=(0, 1, 2),
    keep=(1, 1, 1),
    base=lambda x, y: x,
    key=lambda x, y: y,
    value=lambda x, y: y,
    source=lambda self, cells: cells,
    after=False,
):
    """A block, right as it stands; each argument is a part that may go wrong."""

    def forward(self, x, cells):
        norm = [*self.norms, nn.Identity()]  # number 3: none
        for number in order:
            before = nn.Identity() if after else norm[norms[number]]
            y = before(x)  # (B, T, D)
            if number == 0:
                allowed = mask(x) if mask else None
                pair = key(x, y), value(x, y)
                read = look(self.self_attention, y, *pair, allowed)
            elif number == 1:
                read = look(self.cross_attention, y, source(self, cells))
            else:
                read = self.feed_forward(y)
            x = keep[number] * base(x, y) + read  # (B, T, D)
            x = norm[number](x) if after else x
        return x

    return block(forward)


def only_cells(self, x, cells):
    y = self.norms[1](x)
    x = x + looked(self.cross_attention, y, cells)
    return x + self.feed_forward(self.norms[2](x))


def turned_around(self, x, cells):
    """The cells ask the words: the wrong number of rows."""
    y = self.norms[0](x)
    x = x + looked(self.self_attention, y, y, mask=causal(x))
    return looked(self.cross_attention, cells, self.norms[1](x))


check_block = BlockCheck(
    "attempt(width, heads) -> a module; module(x (B, T, D), cells (B, N, D)) -> x.",
    DecoderLayer,
    {
        "layer 0, 2 captions of 7 words, 15 cells": (
            0,
            random(2, 7, 128),
            random(2, 15, 128, seed=1),
        ),
        "layer 1, 3 captions of 4 words, 6 cells": (
            1,
            random(3, 4, 128, seed=2),
            random(3, 6, 128, seed=3),
        ),
    },
    {
        "no mask in the self-attention: a word sees the word that it is to say": (
            in_steps(mask=None)
        ),
        "the mask is upside down: word t may look at words 0 to t, `tril`": (
            in_steps(mask=lambda x: causal(x).T),
            in_steps(mask=lambda x: ~causal(x)),
        ),
        "a word may look at itself, too: keep the diagonal of the mask": (
            in_steps(mask=lambda x: causal(x).tril(-1))
        ),
        "one head over the whole width: cut the width into heads first": (
            in_steps(look=partial(looked, split=lambda x: x[:, None]))
        ),
        "divide the scores by the root of a head's width, D/A": (
            in_steps(look=partial(looked, root=1)),
            in_steps(look=partial(looked, root=128**0.5)),
        ),
        "a residual is missing: x = x + part(norm(x)), all three times": (
            *(in_steps(keep=keep) for keep in ((0, 1, 1), (1, 0, 1), (1, 1, 0))),
            in_steps(keep=(0, 0, 0)),
        ),
        "the residual adds x as it was, not the normed x": in_steps(
            base=lambda x, y: y
        ),
        "norm first: the norm stands before each part, not after the sum": (
            in_steps(after=True)
        ),
        "a norm is missing: each part has one of its own before it": (
            *(in_steps(norms=norms) for norms in ((3, 1, 2), (0, 3, 2), (0, 1, 3))),
            in_steps(norms=(3, 3, 3)),
        ),
        "three norms, one for each part: you use one of them again": (
            in_steps(norms=(0, 0, 0)),
            in_steps(norms=(0, 0, 2)),
            in_steps(norms=(0, 1, 1)),
            in_steps(norms=(1, 0, 2)),
        ),
        "in self-attention key and value are the normed words, too": (
            in_steps(value=lambda x, y: x),
            in_steps(key=lambda x, y: x),
            in_steps(key=lambda x, y: x, value=lambda x, y: x),
        ),
        "the cells stay as they come: the norm is for the query": (
            in_steps(source=lambda self, cells: self.norms[1](cells))
        ),
        "first the words, then the cells": in_steps(order=(1, 0, 2)),
        "the feed-forward network comes last, and it must be there": (
            in_steps(order=(0, 1)),
            in_steps(order=(2, 0, 1)),
            in_steps(order=(0, 2, 1)),
        ),
        "the self-attention is missing": block(only_cells),
        "the cross-attention is missing: the words must look at the cells": (
            in_steps(order=(0, 2))
        ),
        ROLES: block(turned_around),
    },
)
