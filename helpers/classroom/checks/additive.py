"""Exercises of notebook 02: additive scores, and one step of the decoder."""

from typing import NamedTuple

import torch

from helpers.captioning import load_captioner
from helpers.classroom.checks.compare import Fault
from helpers.classroom.checks.judge import either, exercise, randoms


@exercise(
    randoms((2, 3, 4), (2, 5, 6), (7, 10), (7,)),
    randoms((3, 2, 5), (3, 6, 4), (8, 9), (8,)),
)
def check_additive_scores(query, keys, W, v):
    """attempt(query (B, T, Q), keys (B, N, K), W (D, Q + K), v (D,)) -> scores
    (B, T, N)."""
    Q, K = query.shape[-1], keys.shape[-1]
    asked, offered = (query @ W[:, :Q].T)[:, :, None], (keys @ W[:, Q:].T)[:, None]
    other = (query @ W[:, K:].T)[:, :, None] + (keys @ W[:, :K].T)[:, None]
    inner, product = asked + offered, asked * offered  # (B, T, N, D)
    hidden = inner.tanh()  # (B, T, N, D)
    scores, swapped = hidden @ v, other.tanh() @ v  # (B, T, N)
    return scores, {
        "where is the tanh? Without it the query cannot change the map": inner @ v,
        "the first Q columns of W belong to the query, the others to the keys": swapped,
        "the tanh comes before v": [(inner @ v).tanh(), (inner * v).tanh().sum(-1)],
        "that is (B, T, N, D): take the dot product with v": [hidden, hidden * v],
        "v is missing: it weighs the channels": [hidden.sum(-1), hidden.mean(-1)],
        "scores, please: before the softmax": scores.softmax(-1),
        "one row per word: (B, T, N), not (B, N, T)": scores.mT,
        "additive: W_q q + W_k k, not times": [product.tanh() @ v, product @ v],
        "tanh of the sum, not the sum of two tanh": (asked.tanh() + offered.tanh()) @ v,
        "a tanh, not another curve": [inner.relu() @ v, inner.sigmoid() @ v],
        "no root of D here: that belongs to the dot product": scores / len(v) ** 0.5,
    }


class Step(NamedTuple):
    logits: torch.Tensor
    state: torch.Tensor
    weights: torch.Tensor


def inputs_of(B, N):
    """The shipped decoder, and a word, a state, cells and places for it."""
    decoder = load_captioner("additive").decoder
    return decoder, torch.arange(3, 3 + B), *randoms((B, 128), (B, N, 128), (N, 64))


def take_step(attempt, B, N):
    """What an attempt answers with the shipped decoder."""
    decoder, *inputs = inputs_of(B, N)
    decoder.attention.register_forward_pre_hook(demand_prepared)
    return attempt(decoder, *inputs)


def demand_prepared(attention, inputs):
    """Say what to do with plain cells, before the attention trips over them."""
    if len(inputs) > 1 and isinstance(inputs[1], torch.Tensor):
        raise Fault("attention takes prepared cells: decoder.attention.prepare(cells)")


def returned_wrongly(right, old, scores):
    """Mistakes of a step that goes right up to its end."""
    logits, new, weights = right
    return {
        "return the new state: the next word needs it": (logits, old, weights),
        "return the weights, not the scores: after the softmax": (logits, new, scores),
        "return logits as they are: no softmax over the words": either(
            (logits.softmax(-1), new, weights), (logits.log_softmax(-1), new, weights)
        ),
    }


def cat(*parts):
    return torch.cat(parts, dim=-1)


@exercise((2, 35), (3, 20), call=take_step)
@torch.inference_mode()
def check_decoder_step(B, N):
    """attempt(decoder, word (B,), state (B, D), cells (B, N, D), places (N, P)) ->
    logits (B, V), state (B, D), weights (B, N), with the shipped weights."""
    decoder, word, old, cells, places = inputs_of(B, N)
    word, layers = decoder.embedding(word), decoder.attention  # (B, D)

    def look(*query, bend=torch.tanh):
        asked, keys = layers.query_layer(cat(*query))[:, None], layers.key_layer(cells)
        return layers.score_layer(bend(asked + keys))[..., 0]  # (B, N)

    def finish(scores, *read, axis=-1, state=old):
        weights = scores.softmax(axis)  # (B, N)
        new = decoder.gru(cat(*(read or (word, weights @ places))), state)  # (B, D)
        logits = decoder.logits(cat(new, (weights[:, None] @ cells)[:, 0]))  # (B, V)
        return Step(logits, new, weights)

    def said(*known):
        return decoder.logits(cat(*known)), new, weights

    scores, no_tanh = look(old, word), look(old, word, bend=torch.nn.Identity())
    _, new, weights = right = finish(scores)
    context, where = (weights[:, None] @ cells)[:, 0], weights @ places
    peak, average = places[weights.argmax(-1)], places.mean(0).expand(B, -1)
    return right, {
        "the query is [state; word], in this order": finish(look(word, old)),
        "the GRU reads [word; where], in this order": finish(scores, where, word),
        "the GRU needs the old state, too": finish(scores, word, where, state=None),
        "the logits come from the new state: the GRU first": said(old, context),
        "the logits read [state; context]": [said(context, new), said(context, old)],
        "the softmax runs over the cells, not the images": finish(scores, axis=0),
        "where is the tanh? The query cannot change the map": finish(no_tanh),
        "all places count, each with its weight": finish(scores, word, peak),
        "weigh the places: that is their average": finish(scores, word, average),
        **returned_wrongly(right, old, scores),
    }
