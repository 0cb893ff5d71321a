"""Checks of notebook 07: mending a program step by step."""

from helpers.checks.judge import judge, random
from helpers.layout import TokenLayout


def check_to_maps(attempt):
    """attempt(weights (B, L, A, T, prefix + h*w), prefix, h, w) -> (B, T, h, w)."""
    weights, prefix, h, w = random(2, 3, 4, 6, 17).softmax(-1), 2, 3, 5
    right = weights[..., prefix:].mean((1, 2)).unflatten(-1, (h, w))
    ends = weights[..., : h * w].mean((1, 2)).unflatten(-1, (h, w))
    judge(
        attempt,
        (weights, prefix, h, w),
        right,
        [
            (ends, "the tokens stand in front: cut off the first ones"),
            (weights[..., prefix:].sum((1, 2)).unflatten(-1, (h, w)), "mean, not sum"),
            (right.transpose(2, 3), "(h, w), in this order"),
            (right[:, :, 0], "lay out all rows, not one"),
        ],
    )


def check_seen_box(attempt):
    """attempt(H, W, short, ch, cw) -> (left, top, right, bottom) in the photo."""
    H, W, short, ch, cw = 240, 400, 120, 100, 140
    judge(
        attempt,
        (H, W, short, ch, cw),
        (60.0, 20.0, 340.0, 220.0),
        [
            ((30, 10, 170, 110), "those are pixels of the resized picture: scale by 2"),
            ((20, 60, 220, 340), "x first: left, top, right, bottom"),
            ((60, 20, 280, 200), "right and bottom, not width and height"),
            ((0, 0, 280, 200), "the crop is cut out of the middle"),
        ],
    )


def check_guard(attempt):
    """attempt(weights, layout) -> weights, or ValueError that says what is wrong."""
    layout, good = TokenLayout.from_grid(3, 5, prefix=1), random(2, 4, 16).softmax(-1)

    def run(*inputs):
        found = []
        for weights in inputs:
            try:
                found.append("passed" if attempt(weights, layout) is weights else "?")
            except AssertionError:
                return ["an assert"]
            except ValueError as error:
                text = str(error).lower()
                both = "15" in text and "16" in text
                found.append("both" if both else "sum" if "sum" in text else "error")
        return found

    right = ["passed", "sum", "both"]
    judge(
        run,
        [good, 1.2 * good, random(2, 4, 15).softmax(-1)],
        right,
        [
            (["an assert"], "raise ValueError, not assert"),
            (["passed"] * 3, "your function lets everything through"),
            (["?", *right[1:]], "return the weights that came in"),
            (["passed", "passed", "both"], "rows that sum to 1.2 got through"),
            (["passed", "error", "both"], 'say "sum" in the message'),
            (["passed", "sum", "passed"], "15 keys got through a layout of 16"),
            (["passed", "sum", "error"], "name both numbers: 15 and 16"),
        ],
    )
