"""Exercises of notebook 07: mending a program step by step."""

import math

import torch

from helpers.classroom.checks.judge import either, exercise, random
from helpers.maps.token_layout import TokenLayout


@exercise(
    (random(2, 3, 4, 6, 17).softmax(-1), 2, 3, 5),
    (random(3, 2, 5, 7, 9).softmax(-1), 1, 4, 2),
)
def check_to_maps(weights, prefix, h, w):
    """attempt(weights (B, L, A, T, prefix + h*w), prefix, h, w) -> (B, T, h, w)."""
    x = weights[..., prefix:].unflatten(-1, (h, w))  # (B, L, A, T, h, w)
    maps = x.mean((1, 2))  # (B, T, h, w)
    turned = maps.flatten(-2).unflatten(-1, (w, h))  # (B, T, w, h)
    first = weights[..., : h * w].unflatten(-1, (h, w))  # (B, L, A, T, h, w)
    shares = maps / maps.sum((-2, -1), keepdim=True)  # (B, T, h, w)
    return maps, {
        "the tokens stand in front: cut off the first ones": first.mean((1, 2)),
        "mean, not sum": x.sum((1, 2)),
        "mean, not the largest": [x.amax((1, 2)), x.amax(2).mean(1), x.mean(2).amax(1)],
        "one layer or head alone: average over all": either(
            *(x[:, layer].mean(1) for layer in (-1, 0)), x[:, :, 0].mean(1), x[:, 0, 0]
        ),
        "(h, w), in this order": [turned, maps.mT],
        "row by row: split into (h w), not (w h)": turned.mT,
        "keep all words: (B, T, h, w)": [maps[:, 0], maps.mean(1)],
        "keep all images: (B, T, h, w)": [maps[0], maps.mean(0)],
        "axes are B, L, A, T: average over L and A": [x.mean((0, 1)), x.mean((2, 3))],
        "the mean alone: what the tokens got is not shared out": shares,
    }


@exercise((240, 400, 120, 100, 140), (600, 300, 100, 90, 60), (512, 512, 256, 224, 224))
def check_seen_box(H, W, short, ch, cw):
    """attempt(H, W, short, ch, cw) -> (left, top, right, bottom) in the photo."""
    scale = min(H, W) / short  # pixels of the photo for one of the input

    def box(scale, height=ch, width=cw, H=H, W=W):
        """A box of this size, scaled, in the middle of a photo."""
        y, x = (H - scale * height) / 2, (W - scale * width) / 2
        return x, y, W - x, H - y

    x, y, X, Y = right = box(scale)
    resized = box(1, H=H / scale, W=W / scale)
    return right, {
        "those are pixels of the resized picture: scale them up": resized,
        "a pixel of the input is more than one of the photo: scale the crop": box(1),
        "an input pixel is min(H, W) / short pixels of the photo": box(1 / scale),
        "the shorter side counts": [box(side / short) for side in (max(H, W), H, W)],
        "(ch, cw): the height of the crop stands first": box(scale, cw, ch),
        "x first: left, top, right, bottom": (y, x, Y, X),
        "order: left, top, right, bottom": [(x, X, y, Y), (y, Y, x, X), (y, X, Y, x)],
        "right and bottom, not width and height": (x, y, X - x, Y - y),
        "the crop is cut out of the middle": (0, 0, X - x, Y - y),
        "that is the whole photo: the crop cuts off what is around it": (0, 0, W, H),
    }


def most(sums):
    return (sums - 1).abs().max()


def guard(weights, length, allowed, miss, nan):
    """The weights, or the error to raise; what follows `weights` may go wrong."""
    if length is not None and weights.shape[-1] != length:
        return ValueError(f"{weights.shape[-1]} {length}")
    gap = miss(weights.sum(-1))
    return ValueError("sum") if gap > allowed or (nan and gap.isnan()) else weights


LAYOUT, GOOD = TokenLayout.from_grid(3, 5, prefix=1), random(2, 4, 16).softmax(-1)
HALF = torch.full((2, 16), 1.0038 / 16)  # bfloat16 rounds each down, to 1 / 16
HALF[:, 0] += 1 - HALF[0].sum()  # so that these rows sum to 0.9961 and not to 1
SUMS = torch.ones(2, 4, 1)
SUMS[1, 2] = 0.8
BROKEN = GOOD.clone()
BROKEN[0, 1] = torch.nan


@exercise(
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
    }
)
def check_guard(weights, layout):
    """attempt(weights, layout) -> weights, or ValueError that says what is wrong."""

    def wrong(length=layout.length, allowed=0.01, miss=most):
        """A mistake, made with and without a thought of NaN."""
        return [guard(weights, length, allowed, miss, nan) for nan in (True, False)]

    right, nan = wrong()
    below = wrong(miss=lambda sums: (sums - 1).max())
    cells = wrong(length=layout.index.numel())
    return right, {
        "your function lets everything through": weights,
        "return the weights that came in": True if right is weights else right,
        "rows that sum to 2 got through": wrong(allowed=math.inf),
        "to within 0.01: right weights in half precision were stopped": either(
            *wrong(allowed=1e-3), *wrong(allowed=1e-5)
        ),
        "to within 0.01: you allow more": [*wrong(allowed=0.1), *wrong(allowed=0.4)],
        "one bad row in a batch got through: the largest miss counts": either(
            *wrong(miss=lambda sums: (sums - 1).abs().min()),
            *wrong(miss=lambda sums: (sums - 1).abs().float().mean(), allowed=0.03),
            *wrong(miss=lambda sums: (sums.float().mean() - 1).abs(), allowed=0.03),
        ),
        "rows that sum to less than 1 got through: take .abs()": below,
        "NaN got through: all that is asked of NaN is False. `if not miss < 0.01`": nan,
        "15 keys got through a layout of 16": wrong(length=None),
        "the class token is a key, too: compare with layout.length": cells,
    }
