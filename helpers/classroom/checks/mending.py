"""Checks of notebook 07: mending a program step by step."""

import torch

from helpers.classroom.checks.judge import Check, random
from helpers.maps.token_layout import TokenLayout


def laid_out(reduced):
    """Maps of (B, L, A, T, h*w) that `reduced` to (B, T, h*w)."""
    return lambda x, p, h, w: reduced(x[..., p:]).unflatten(-1, (h, w))


def mean(x):
    return x.mean((1, 2))


check_to_maps = Check(
    "attempt(weights (B, L, A, T, prefix + h*w), prefix, h, w) -> (B, T, h, w).",
    laid_out(mean),
    {
        "2 keys in front of 3 x 5 cells": (random(2, 3, 4, 6, 17).softmax(-1), 2, 3, 5),
        "1 key in front of 4 x 2 cells": (random(3, 2, 5, 7, 9).softmax(-1), 1, 4, 2),
    },
    {
        "the tokens stand in front: cut off the first ones": (
            lambda x, p, h, w: mean(x[..., : h * w]).unflatten(-1, (h, w))
        ),
        "mean, not sum": laid_out(lambda x: x.sum((1, 2))),
        "mean, not the largest": (
            laid_out(lambda x: x.amax((1, 2))),
            laid_out(lambda x: x.amax(2).mean(1)),
            laid_out(lambda x: x.mean(2).amax(1)),
        ),
        "one layer or head alone: average over all": (
            laid_out(lambda x: x[:, -1].mean(1)),
            laid_out(lambda x: x[:, 0].mean(1)),
            laid_out(lambda x: x[:, :, 0].mean(1)),
            laid_out(lambda x: x[:, 0, 0]),
        ),
        "(h, w), in this order": (
            lambda x, p, h, w: mean(x[..., p:]).unflatten(-1, (w, h)),
            lambda x, p, h, w: mean(x[..., p:]).unflatten(-1, (h, w)).mT,
        ),
        "row by row: split into (h w), not (w h)": (
            lambda x, p, h, w: mean(x[..., p:]).unflatten(-1, (w, h)).mT
        ),
        "keep all words: (B, T, h, w)": (
            laid_out(lambda x: mean(x)[:, 0]),
            laid_out(lambda x: x.mean((1, 2, 3))),
        ),
        "keep all images: (B, T, h, w)": (
            laid_out(lambda x: mean(x)[0]),
            laid_out(lambda x: x.mean((0, 1, 2))),
        ),
        "axes are B, L, A, T: average over L and A": (
            laid_out(lambda x: x.mean((0, 1))),
            laid_out(lambda x: x.mean((2, 3))),
        ),
        "the mean alone: what the tokens got is not shared out": (
            laid_out(lambda x: mean(x) / mean(x).sum(-1, keepdim=True))
        ),
    },
)


def guarding(
    says="sum",
    allowed=0.01,
    miss=lambda sums: (sums - 1).abs().max(),
    nan=True,
    keys="{} {}",
    length=lambda layout: layout.length,
    error=ValueError,
):
    """A guard, right as it stands; each argument is a part that may go wrong.

    says, keys: the messages about sums and keys; None lets the weights through.
    """

    def guard(weights, layout):
        if keys is not None and length(layout) != weights.shape[-1]:
            raise error(keys.format(weights.shape[-1], length(layout)))
        gap = miss(weights.sum(-1))
        if says is not None and (gap > allowed or (nan and gap.isnan())):
            raise error(says)
        return weights

    return guard


def loose(**parts):
    """The same mistake, made with or without a thought of NaN."""
    return guarding(**parts), guarding(**parts, nan=False)


LAYOUT, GOOD = TokenLayout.from_grid(3, 5, prefix=1), random(2, 4, 16).softmax(-1)
HALF = torch.full((2, 16), 1.0038 / 16)  # bfloat16 rounds each down, to 1 / 16
HALF[:, 0] += 1 - HALF[0].sum()  # so that these rows sum to 0.9961 and not to 1
SUMS = torch.ones(2, 4, 1)
SUMS[1, 2] = 0.8
BROKEN = GOOD.clone()
BROKEN[0, 1] = torch.nan
check_guard = Check(
    "attempt(weights, layout) -> weights, or ValueError that says what is wrong.",
    guarding(),
    {
        "weights (2, 4, 16) that are right": (GOOD, LAYOUT),
        "right weights in half precision": (HALF.bfloat16(), LAYOUT),
        "rows that sum to 2": (2 * GOOD, LAYOUT),
        "rows that sum to 0.9": (0.9 * GOOD, LAYOUT),
        "rows that sum to 1.03": (1.03 * GOOD, LAYOUT),
        "eight rows of which one sums to 0.8": (SUMS * GOOD, LAYOUT),
        "rows of which one is NaN": (BROKEN, LAYOUT),
        "15 keys, and a layout of 16": (random(2, 4, 15).softmax(-1), LAYOUT),
        "17 keys, and a layout of 16": (random(2, 4, 17).softmax(-1), LAYOUT),
    },
    {
        "raise ValueError, not assert": loose(error=AssertionError),
        "your function lets everything through": lambda w, layout: w,
        "return the weights that came in": lambda w, layout: (
            guarding()(w, layout) is not None
        ),
        "rows that sum to 2 got through": guarding(says=None),
        'say "sum" in the message': loose(says="bad rows"),
        "to within 0.01: right weights in half precision were stopped": (
            *loose(allowed=1e-3),
            *loose(allowed=1e-5),
        ),
        "to within 0.01: you allow more": (*loose(allowed=0.1), *loose(allowed=0.4)),
        "one bad row in a batch got through: the largest miss counts": (
            *loose(miss=lambda sums: (sums - 1).abs().min()),
            *loose(miss=lambda sums: (sums - 1).abs().float().mean(), allowed=0.03),
            *loose(miss=lambda sums: (sums.float().mean() - 1).abs(), allowed=0.03),
        ),
        "rows that sum to less than 1 got through: take .abs()": (
            loose(miss=lambda sums: (sums - 1).max())
        ),
        "NaN got through: all that is asked of NaN is False. `if not miss < 0.01`": (
            guarding(nan=False)
        ),
        "15 keys got through a layout of 16": loose(keys=None),
        "name both numbers: 15 and 16": (
            *loose(keys="another grid"),
            *loose(keys="{} keys"),
        ),
        "the class token is a key, too: compare with layout.length": (
            loose(length=lambda layout: layout.index.numel())
        ),
    },
)
