"""The checks of the exercises: right answers pass, likely mistakes are named."""

import pytest
import torch

from helpers import checks

CASES = [
    (checks.check_count_keys, lambda H, W, s: H * W // s, "both sides shrink"),
    (checks.check_looks_like_attention, lambda w: True, "True to everything"),
    (checks.check_key_of, lambda r, c, h, w: c * h + r, "column by column"),
    (checks.check_key_of, lambda r, c, h, w: r * h + c, "not h"),
    (checks.check_cell_of, lambda k, h, w: (k % w, k // w), "in this order"),
    (
        checks.check_unflatten,
        lambda x, h, w: x.reshape(len(x), -1, h, w),
        "mixes cells with channels",
    ),
    (
        checks.check_square_of,
        lambda r, c, s: (r * s, c * s, r * s + s, c * s + s),
        "x goes",
    ),
    (checks.check_softmax, lambda s: s.softmax(1), "over the words"),
    (checks.check_additive_scores, lambda q, k, v: (q[:, None] + k) @ v, "tanh?"),
    (checks.check_read, lambda w, v: w[..., None] * v, "not yet summed"),
    (checks.check_dot_scores, lambda q, k: (k @ q[..., None])[..., 0], "square root"),
    (
        checks.check_dot_attention,
        lambda q, k, v: q @ k.mT / 2 @ v,
        "softmax is missing",
    ),
    (checks.check_entropy, lambda w: (w * w.log2()).sum(-1), "the sign"),
    (
        checks.check_split_heads,
        lambda x, A: x.reshape(len(x), A, x.shape[1], -1),
        "cuts the words apart",
    ),
    (checks.check_merge_heads, lambda x: x.reshape(2, 5, 12), "words before the heads"),
    (
        checks.check_causal_mask,
        lambda T: torch.ones(T, T, dtype=torch.bool).triu(),
        "looks ahead",
    ),
    (checks.check_reduce_heads, lambda w: w.sum((0, 1)), "take the mean"),
    (
        checks.check_keys_that_are_no_cells,
        lambda N, H, W, s: N - (H // s) * (W // s),
        "raise ValueError",
    ),
    (
        checks.check_state_beside_cells,
        lambda s, N: s[0][:, None].expand(-1, N, -1),
        "[-1]",
    ),
    (checks.check_read_numbers, lambda a, b: "another axis", "expected"),
    (
        checks.check_lays_out_right,
        lambda lay, h, w: lay(torch.zeros(h * w)).shape == (h, w),
        "shape alone",
    ),
    (
        checks.check_share_one_map,
        lambda maps: torch.equal(maps[0], maps[1]) and torch.equal(maps[0], maps[-1]),
        "rounding",
    ),
    (
        checks.check_same_proportions,
        lambda grid, size: grid[1] / grid[0] == size[1] / size[0],
        "10 percent",
    ),
    (
        checks.check_to_maps,
        lambda x, p, h, w: x[..., : h * w].mean((1, 2)).unflatten(-1, (h, w)),
        "in front",
    ),
    (
        checks.check_seen_box,
        lambda H, W, s, ch, cw: (30.0, 10.0, 170.0, 110.0),
        "resized picture",
    ),
    (checks.check_guard, lambda weights, layout: weights, "expected"),
    (checks.check_is_hit, lambda heat, mask, allowed: False, "expected"),
    (
        checks.check_soft_mean,
        lambda weights: weights.sqrt().mean((1, 2)),
        "divide by its sum",
    ),
    (
        checks.check_right_object,
        lambda heat, masks: masks[0].flatten()[heat.argmax()] > 0,
        "not the peak",
    ),
    (checks.check_follow, lambda steps, rows: torch.stack(steps)[:, 0], "rows[t]"),
    (
        checks.check_find_image,
        lambda ids, image, h, w: (
            int((ids == image).nonzero()[0]) + torch.arange(h * w).view(h, w)
        ),
        "newlines are in between",
    ),
    (
        checks.check_image_share,
        lambda weights, layout: layout.to_grid(weights).sum((-2, -1)),
        "average the heads",
    ),
]


@pytest.mark.parametrize(("check", "attempt", "text"), CASES)
def test_a_likely_mistake_is_named(check, attempt, text, capsys):
    check(attempt)
    said = capsys.readouterr().out
    assert said.startswith("Not yet: ") and text in said


ALL = [getattr(checks, name) for name in dir(checks) if name.startswith("check_")]


@pytest.mark.parametrize("check", ALL)
def test_a_stub_is_not_attempted_and_an_error_is_shown(check, capsys):
    def stub(*inputs):
        raise NotImplementedError

    def broken(*inputs):
        raise KeyError("oh")

    check(stub)
    check(broken)
    check(lambda *inputs: None)
    check(lambda *inputs: torch.full((7, 7), torch.nan))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Not attempted yet."
    assert said[1] == "Not yet: your function raised KeyError: 'oh'"
    assert all(line.startswith("Not yet: ") for line in said[1:])
    assert not any("Correct" in line for line in said)
