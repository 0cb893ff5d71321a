"""The checks of the exercises: right answers pass, likely mistakes are named."""

import pytest
import torch

from helpers import checks


def asserts(weights):
    assert weights.shape[-1] == 16
    assert (weights.sum(-1) - 1).abs().max() < 1e-3
    return weights


def guards(weights, layout, word):
    if weights.shape[-1] != layout.length:
        raise ValueError(f"{weights.shape[-1]} keys, the layout has {layout.length}")
    if (weights.sum(-1) - 1).abs().max() > 1e-3:
        raise ValueError(word)
    return weights


def hits(heat, mask, allowed, lowest=0, end=1):
    """The pointing game, right as it stands: see `checks.check_is_hit`."""
    row, column = divmod(int(heat.argmax()), heat.shape[1])
    y, x = 8 * row + 4, 8 * column + 4
    rows, columns = (slice(max(lowest, n - allowed), n + allowed + end) for n in (y, x))
    return bool(mask[rows, columns].any())


CASES = [
    (checks.check_count_keys, lambda H, W, s: H * W // s, "both sides shrink"),
    (checks.check_looks_like_attention, lambda w: True, "True to everything"),
    (
        checks.check_looks_like_attention,
        lambda w: ((w.sum(-1) - 1).abs() < 1e-4).all() and w.min() > 0,
        "a weight of exactly 0 is allowed",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: ((w.sum(-1) - 1).abs() < 1e-4).all(),
        "a negative weight got through",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: abs(w.sum() - 1) < 1e-4 and w.min() >= 0,
        "sum(dim=-1)",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: (w.sum(-1) == 1).all() and w.min() >= 0,
        "allow for rounding",
    ),
    (checks.check_looks_like_attention, lambda w: w.min() >= 0, "the rows sum to?"),
    (
        checks.check_looks_like_attention,
        lambda w: False,
        "for one row that sums to 1 your function said False",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: w.sum(-1) == 1,
        "several answers: end it with `.all()` (for weights (2, 3, 5)",
    ),
    (checks.check_looks_like_attention, lambda w: None, "Is there a return?"),
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
    (checks.check_softmax, lambda s: s / s.sum(-1, keepdim=True), "exponentiate first"),
    (checks.check_additive_scores, lambda q, k, v: (q[:, None] + k) @ v, "tanh?"),
    (checks.check_read, lambda w, v: w[..., None] * v, "not yet summed"),
    (checks.check_read, lambda w, v: w @ v, "the weights of every image"),
    (checks.check_dot_scores, lambda q, k: (k @ q[..., None])[..., 0], "square root"),
    (checks.check_dot_scores, lambda q, k: q @ k.mT, "query with every image"),
    (checks.check_dot_scores, lambda q, k: q @ k.mT / 2, "query with every image"),
    (
        checks.check_dot_scores,
        lambda q, k: torch.einsum("bd,cnd->bcn", q, k) / 2,
        "query with every image",
    ),
    (
        checks.check_dot_scores,
        lambda q, k: (torch.einsum("bd,bnd->bn", q, k) / 2).softmax(-1),
        "before the softmax",
    ),
    (
        checks.check_dot_attention,
        lambda q, k, v: q @ k.mT / 2 @ v,
        "softmax is missing",
    ),
    (
        checks.check_entropy,
        lambda w: (w * w.clamp_min(1e-12).log2()).sum(-1),
        "the sign",
    ),
    (
        checks.check_entropy,
        lambda w: -(w * w.clamp_min(1e-12).log()).sum(-1),
        "those are nats",
    ),
    (checks.check_entropy, lambda w: -(w * w.log2()).sum(-1), "clamp the weights"),
    (checks.check_entropy, lambda w: -(w * w.log()).sum(-1), "clamp the weights"),
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
    (
        checks.check_causal_mask,
        lambda T: torch.ones(T, T).tril(),
        "dtype=torch.bool, not torch.float32",
    ),
    (checks.check_reduce_heads, lambda w: w.sum((0, 1)), "take the mean"),
    (
        checks.check_keys_that_are_no_cells,
        lambda N, H, W, s: N - (H // s) * (W // s),
        "raise ValueError",
    ),
    (
        checks.check_keys_that_are_no_cells,
        lambda N, H, W, s: N - H * W / s**2,
        "part of a cell is no cell",
    ),
    (checks.check_keys_that_are_no_cells, lambda N, H, W, s: None, "None"),
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
        checks.check_lays_out_right,
        lambda lay, h, w: all(
            lay(torch.eye(h * w)[k])[k // w, k % w] for k in range(h * w)
        ),
        "(for keys laid out as (5, 3))",
    ),
    (
        checks.check_lays_out_right,
        lambda lay, h, w: lay(torch.arange(h * w)).flatten()[1] == 1,
        "for keys laid out as (5, 3) your function said True",
    ),
    (
        checks.check_share_one_map,
        lambda maps: torch.equal(maps[0], maps[1]) and torch.equal(maps[0], maps[-1]),
        "rounding",
    ),
    (
        checks.check_share_one_map,
        lambda maps: torch.allclose(maps[0], maps[1], atol=1e-6),
        "compare all words",
    ),
    (
        checks.check_share_one_map,
        lambda maps: maps.std(0).max() < 1e-3,
        "of the largest weight, not of 1",
    ),
    (
        checks.check_same_proportions,
        lambda grid, size: grid[1] / grid[0] == size[1] / size[0],
        "10 percent",
    ),
    (
        checks.check_same_proportions,
        lambda grid, size: abs(grid[1] / grid[0] - size[1] / size[0]) < 0.1,
        "of the ratio, not 0.1",
    ),
    (
        checks.check_same_proportions,
        lambda grid, size: grid[1] / grid[0] > 0.9 * size[1] / size[0],
        "too wide",
    ),
    (
        checks.check_same_proportions,
        lambda grid, size: grid[1] / grid[0] < 1.1 * size[1] / size[0],
        "too narrow",
    ),
    (
        checks.check_same_proportions,
        lambda grid, size: abs(grid[1] / grid[0] - size[0] / size[1]) < 0.1,
        "the height stands first in both",
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
    (checks.check_guard, lambda weights, layout: weights, "lets everything through"),
    (checks.check_guard, lambda weights, layout: asserts(weights), "not assert"),
    (checks.check_guard, lambda w, layout: guards(w, layout, "bad"), "in the message"),
    (
        checks.check_is_hit,
        lambda heat, mask, allowed: False,
        "for a mask on the peak your function said False",
    ),
    (
        checks.check_is_hit,
        lambda heat, mask, allowed: hits(heat, mask, allowed, lowest=-9),
        "begins below 0 is empty",
    ),
    (
        checks.check_is_hit,
        lambda heat, mask, allowed: hits(heat, mask, allowed, end=0),
        "mind the end of a slice",
    ),
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
    (
        checks.check_right_object,
        lambda heat, masks: False,
        "for most of the mass on object 0 your function said False",
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
    (
        checks.check_best_head,
        lambda weights, covered: (weights * covered).sum(-1).argmax(),
        "divmod",
    ),
    (checks.check_best_head, lambda weights, covered: None, "returned None"),
    (checks.check_follows, lambda before, after, down, right: None, "returned None"),
    (
        checks.check_follows,
        lambda before, after, down, right: torch.equal(
            after, before.roll((down, right), (0, 1))
        ),
        "where the peaks are",
    ),
    (
        checks.check_follows,
        lambda before, after, down, right: bool((before != after).any()),
        "one map stayed",
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
    assert said[1].startswith("Not yet: your function raised KeyError: 'oh'")
    assert all(line.startswith("Not yet: ") for line in said[1:])
    assert not any("Correct" in line for line in said)


def test_a_guard_may_begin_its_message_with_a_capital_letter(capsys):
    checks.check_guard(lambda w, layout: guards(w, layout, "Sum is not 1"))
    assert capsys.readouterr().out == "Correct.\n"
