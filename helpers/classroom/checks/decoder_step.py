"""Check of notebook 02: one step of the decoder, with the shipped weights in it."""

from typing import NamedTuple

import torch

from helpers.captioning import load_captioner
from helpers.classroom.checks.judge import Check, Fault, random


class Step(NamedTuple):
    logits: torch.Tensor
    state: torch.Tensor
    weights: torch.Tensor


def read(decoder, query, cells, bend=torch.tanh, over=-1):
    """Additive attention in its parts: context (B, D), scores and weights (B, N)."""
    layers = decoder.attention
    asked, keys = layers.query_layer(query)[:, None], layers.key_layer(cells)
    scores = layers.score_layer(bend(asked + keys))[..., 0]  # (B, N)
    weights = scores.softmax(over)  # (B, N)
    return (weights[:, None] @ cells)[:, 0], scores, weights


def pair(a, b):
    return torch.cat([a, b], dim=-1)


def step(
    query=lambda state, word: pair(state, word),
    where=lambda weights, places: weights @ places,
    gru=lambda gru, word, where, state: gru(pair(word, where), state),
    said=lambda new, old, context: pair(new, context),
    bend=torch.tanh,
    over=-1,
    result=lambda logits, new, old, scores, weights: (logits, new, weights),
):
    """A decoder step with one of its parts replaced."""

    def attempt(decoder, word, state, cells, places):
        word = decoder.embedding(word)  # (B, D)
        asked = query(state, word)
        context, scores, weights = read(decoder, asked, cells, bend, over)
        new = gru(decoder.gru, word, where(weights, places), state)
        logits = decoder.logits(said(new, state, context))
        return Step(*result(logits, new, state, scores, weights))

    return attempt


def demand_prepared(attention, inputs):
    """Says what to do with plain cells, before the attention trips over them."""
    if len(inputs) > 1 and isinstance(inputs[1], torch.Tensor):
        raise Fault("attention takes prepared cells: decoder.attention.prepare(cells)")


def shipped(B, N):
    """The shipped decoder, and a word, a state, cells and places for it."""
    decoder = load_captioner("additive").decoder
    decoder.attention.register_forward_pre_hook(demand_prepared)
    words = torch.arange(3, 3 + B)  # (B,)
    cells = torch.nn.functional.layer_norm(random(B, N, 128, seed=1), [128])
    return decoder, words, random(B, 128).tanh(), cells, random(N, 64, seed=2).sin()


check_decoder_step = Check(
    "attempt(decoder, word (B,), state (B, D), cells (B, N, D), places (N, P)) -> "
    "logits (B, V), state (B, D), weights (B, N), with the shipped weights.",
    step(),
    lambda: {
        "2 images, 35 cells": shipped(2, 35),
        "3 images, 20 cells": shipped(3, 20),
    },
    {
        "the query is [state; word], in this order": step(
            query=lambda state, word: pair(word, state)
        ),
        "the GRU reads [word; where], in this order": step(
            gru=lambda gru, word, where, state: gru(pair(where, word), state)
        ),
        "the GRU updates the state: hand it the old one": step(
            gru=lambda gru, word, where, state: gru(pair(word, where))
        ),
        "the logits come from the new state: the GRU first": step(
            said=lambda new, old, context: pair(old, context)
        ),
        "the logits read [state; context], in this order": (
            step(said=lambda new, old, context: pair(context, new)),
            step(said=lambda new, old, context: pair(context, old)),
        ),
        "return the new state: the next word needs it": step(
            result=lambda logits, new, old, scores, weights: (logits, old, weights)
        ),
        "return the weights, not the scores: after the softmax": step(
            result=lambda logits, new, old, scores, weights: (logits, new, scores)
        ),
        "return logits as they are: no softmax over the words": (
            step(result=lambda x, new, old, s, weights: (x.softmax(-1), new, weights)),
            step(result=lambda x, new, old, s, w: (x.log_softmax(-1), new, w)),
        ),
        "the softmax runs over the cells, the last axis, not over the images": step(
            over=0
        ),
        "where is the tanh? Without it the query cannot change the map": step(
            bend=lambda x: x
        ),
        "all places count, each with its weight, not that of the peak alone": step(
            where=lambda weights, places: places[weights.argmax(-1)]
        ),
        "weigh the places: that is their plain average": step(
            where=lambda weights, places: places.mean(0).expand(len(weights), -1)
        ),
        "in this order, please: logits, state, weights": (
            step(result=lambda logits, new, old, s, weights: (logits, weights, new)),
            step(result=lambda logits, new, old, s, weights: (weights, logits, new)),
            step(result=lambda logits, new, old, s, weights: (weights, new, logits)),
            step(result=lambda logits, new, old, s, weights: (new, logits, weights)),
            step(result=lambda logits, new, old, s, weights: (new, weights, logits)),
        ),
        "(B, N) and (B, V), please: drop the axis of size 1": (
            step(result=lambda x, new, old, s, w: (x[:, None], new, w[:, None])),
            step(result=lambda x, new, old, s, w: (x, new, w[:, None])),
            step(result=lambda x, new, old, s, w: (x[:, None], new, w)),
        ),
    },
)
