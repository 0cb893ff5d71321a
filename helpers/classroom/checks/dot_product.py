"""Exercises of notebook 03: attention, how wide a map is, and the training loop."""

import math
from copy import deepcopy
from functools import lru_cache, partial
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from helpers.captioning import load_captioner, training_batch
from helpers.classroom.checks.compare import Fault
from helpers.classroom.checks.judge import either, exercise, random, randoms


@exercise(
    randoms((2, 3, 4), (2, 5, 4), (2, 5, 6)), randoms((3, 2, 8), (3, 7, 8), (3, 7, 5))
)
def check_dot_attention(query, key, value):
    """attempt(query (B, T, d), key (B, N, d), value (B, N, D)) -> context (B, T, D)."""
    products, d = query @ key.mT, query.shape[-1]  # (B, T, N)
    scores = products / d**0.5
    weights = scores.softmax(-1)

    def divided(by):
        return (products / by).softmax(-1) @ value

    return weights @ value, {
        "the softmax is missing": [scores @ value, products @ value],
        "the softmax runs over the keys": [scores.softmax(n) @ value for n in (1, 0)],
        "divide the scores by sqrt(d)": divided(1),
        "divide the scores by sqrt(d), do not multiply": divided(d**-0.5),
        "by the square root of d, not by d": divided(d),
        **{
            f"d is the width of query and key, not {other}": divided(n**0.5)
            for other, n in {
                "the number of images": len(query),
                "the number of words": query.shape[1],
                "the number of keys": key.shape[1],
                "that of the values": value.shape[-1],
            }.items()
        },
        "take d from the query, query.shape[-1]: it is not always 4": divided(2),
        "scale the scores before the softmax, not the weights after it": either(
            products.softmax(-1) / d**0.5 @ value, weights / d**0.5 @ value
        ),
        "those are the weights: use them to read the values": weights,
        "read the values with the weights, not the keys": weights @ key,
    }


PEAKS = torch.tensor([[0.5, 0.25, 0.25, 0.0, 0.0], [0, 0, 1, 0, 0], [0.2] * 5])


@exercise(
    {
        "weights without a 0": [random(2, 7).softmax(-1)],
        "weights of which some are 0": [PEAKS],  # 1.5, 0 and 2.3 bits
    }
)
def check_entropy(weights):
    """attempt(weights (B, N)) -> entropy in bits, (B,)."""
    logs = weights.clamp_min(1e-12).log2()  # (B, N)
    each, unmasked = -weights * logs, weights * weights.log2()
    bits, even = each.sum(-1), math.log2(weights.shape[-1])  # (B,)
    return bits, {
        "0 * log2(0) is NaN: clamp the weights to at least 1e-12 first": either(
            -unmasked.sum(-1), -(weights * weights.log()).sum(-1), unmasked.sum(-1)
        ),
        "the sign: log2 of a number below 1 is negative": -bits,
        "those are nats: use log2": bits * math.log(2),
        "those are decimal digits: use log2": bits * math.log10(2),
        "the sum over the keys, not their mean": each.mean(-1),
        "one number per row: sum the last axis": [each.sum(0), each.sum(), bits.mean()],
        "in bits, please: not in shares of those of an even map": bits / even,
        "that is a number of cells: the bits are its log2": 2**bits,
        "weigh the logarithms by the weights": -logs.sum(-1),
    }


SIZE = (64, 72)  # (H, W) in pixels


class Fit(NamedTuple):
    losses: torch.Tensor
    checks: torch.Tensor
    best: torch.Tensor  # the loss on the held-out scenes with the weights that stayed


@lru_cache
def material(B, steps, bad):
    """A model without its last layer, batches, held-out scenes and an optimizer. The
    last `bad` batches have other scenes' captions, so the last weights are not best."""
    model = load_captioner("dot-product")
    for parameter in model.decoder.logits.parameters():
        parameter.data.zero_()
    batches = [training_batch(B, seed, SIZE) for seed in range(steps)]
    batches[-bad:] = [(images, words.roll(1, 0)) for images, words in batches[-bad:]]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return model, batches, training_batch(B + 1, 10**9, SIZE), optimizer


def fitted(loop, *sizes):
    """What a training loop returns, and the weights that it leaves in the model."""
    model, batches, held_out, optimizer = deepcopy(material(*sizes))
    answer = loop(model, batches, held_out, optimizer)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Fault("return two lists of floats, the losses and the checks")
    if any(getattr(x, "requires_grad", False) for part in answer for x in part):
        raise Fault("return floats: loss.item(); a tensor keeps the whole graph alive")
    losses, checks = (torch.tensor([float(x) for x in part]) for part in answer)
    with torch.inference_mode():
        best = loss_of(model.eval(), *held_out)
    return Fit(losses, checks, best)


def loss_of(model, images, words, read=slice(-1), target=slice(1, None), ignore=0):
    """The loss of a batch. read, target: which words go in, and which come out."""
    logits, _ = model(images, words[:, read])  # (B, T, V)
    targets = words[:, target].flatten()  # (B * T,)
    return cross_entropy(logits.flatten(0, 1), targets, ignore_index=ignore)


def loop(
    model, batches, held_out, optimizer, wrong=(), loss=loss_of, check_loss=loss_of
):
    """The training loop, right as it stands. wrong: what is left out of it, or "check
    first", "by loss", "highest"."""
    losses, checks = [], []

    def do(step, action):
        if step not in wrong:
            action()

    @torch.inference_mode()
    def check():
        do("eval", model.eval)
        checks.append(check_loss(model, *held_out).item())
        do("train again", model.train)

    do("train", model.train)
    for batch in batches:
        if "check first" in wrong:
            check()
        now = loss(model, *batch)
        do("zero_grad", optimizer.zero_grad)
        now.backward()
        do("clip", lambda: clip_grad_norm_(model.parameters(), 1.0))
        do("step", optimizer.step)
        losses.append(now.item())
        if "check first" not in wrong:
            check()
        seen = losses if "by loss" in wrong else checks
        if seen[-1] == (max(seen) if "highest" in wrong else min(seen)):
            state = model.state_dict()
            kept = state if "copy" in wrong else deepcopy(state)
    model.load_state_dict(kept)
    return losses, checks


@exercise((2, 4, 2), (3, 5, 1), call=fitted)
def check_fit(B, steps, bad):
    """attempt(model, batches, held_out, optimizer) -> losses, checks, two lists of
    floats; the model keeps its best weights."""

    def fit(*wrong, **parts):
        return fitted(partial(loop, wrong=wrong, **parts), B, steps, bad)

    def fit_to(**words):
        loss = partial(loss_of, **words)
        return fit(loss=loss, check_loss=loss)

    return fit(), {
        "compare with the NEXT word: words[:, :-1] goes in, words[:, 1:] is the "
        "target": either(
            fit_to(read=slice(None), target=slice(None)),
            fit_to(target=slice(-1)),
            fit_to(read=slice(-2), target=slice(2, None)),
        ),
        "padding is not a word to learn: ignore_index=0": either(
            fit_to(ignore=-100),  # the id of no word
            fit(loss=partial(loss_of, ignore=-100)),
        ),
        "gradients add up: zero_grad() before every backward": fit("zero_grad"),
        "nothing is learned: step() after every backward": fit("step"),
        "clip the norm of the gradients to 1, before the step": fit("clip"),
        "check in evaluation mode, model.eval(): batch norm must not learn from the "
        "held-out scenes": fit("eval"),
        "model.train() again after every check": fit("train again"),
        "train in training mode: model.train() before the first step": either(
            fit("train"), fit("train", "train again")
        ),
        "the weights that stay are the last, not the best. Put the best back, and "
        "clone what you keep: state_dict() hands out the tensors themselves, and they "
        "go on changing": fit("copy"),
        "the best is the lowest held-out loss, not the highest": fit("highest"),
        "choose the best by the check, not the loss": fit("by loss"),
        "check after the step, not before it": fit("check first"),
    }
