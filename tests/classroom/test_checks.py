"""The checks of the exercises: right answers pass, and each mistake is named."""

import math

import pytest
import torch
from einops import einsum, rearrange, reduce
from PIL import Image
from torch.nn.functional import scaled_dot_product_attention
from torchvision.transforms import v2

from helpers.captioning import coverage, rank_accuracy
from helpers.classroom import checks
from helpers.maps import Geometry

ALL = {name: getattr(checks, name) for name in dir(checks) if name.startswith("check_")}
MISTAKES = [
    pytest.param(check, words, wrong, id=f"{name}-{words}"[:90])
    for name, check in ALL.items()
    for words, mistake in check.mistakes.items()
    for wrong in (mistake if isinstance(mistake, tuple) else (mistake,))
]


@pytest.mark.parametrize(("check", "words", "wrong"), MISTAKES)
def test_each_mistake_that_a_check_knows_is_named_in_its_own_words(check, words, wrong):
    assert check.verdict(wrong) == f"Not yet: {words}"


@pytest.mark.parametrize("name", ALL)
def test_a_check_has_several_cases_that_are_not_alike(name):
    check = ALL[name]
    assert check.verdict(check.right) == "Correct."
    assert check.__doc__.startswith("attempt(") and "->" in check.__doc__
    assert len(check.cases) >= 2 and len(check.mistakes) >= 5
    # who answers all cases as the first one has not used the arguments
    first = next(iter(check.cases.values()))
    assert check.verdict(lambda *inputs: check.right(*first)) != "Correct."


def covered(heat, mask):
    """Which cells (N,) a mask covers by half or more."""
    return coverage(mask, heat.shape).flatten() >= 0.5


@torch.inference_mode()
def occlusion_from_holes(model, images, words, t):
    """All cells at once, each in an image of its own."""
    B, _, H, W = images.shape
    N, rows = H * W // 64, torch.arange(B)
    holes = torch.eye(N).view(N, 1, 1, H // 8, W // 8)
    keep = 1 - torch.kron(holes, torch.ones(1, 1, 1, 8, 8))  # (N, 1, 1, H, W)
    pictures = [images, *(images * one for one in keep)]
    logits = [model(x, words[:, :-1])[0] for x in pictures]  # (B, T, V) each
    scores = [x[rows, t, words[rows, t + 1]] for x in logits]  # (B,) each
    drops = [scores[0] - score for score in scores[1:]]
    return torch.stack(drops, 1).view(B, H // 8, W // 8)


def asserts(weights):
    assert weights.shape[-1] == 16
    assert (weights.sum(-1) - 1).abs().max() < 0.01
    return weights


def guards(weights, layout, word="sum", allowed=0.01):
    if weights.shape[-1] != layout.length:
        raise ValueError(f"{weights.shape[-1]} keys, the layout has {layout.length}")
    if not (weights.sum(-1) - 1).abs().max() < allowed:
        raise ValueError(word)
    return weights


def sums(weights, allowed=1e-4):
    return (weights.sum(-1) - 1).abs() < allowed


def hits(heat, mask, allowed, lowest=0, end=1):
    """The pointing game, right as it stands: see `checks.check_is_hit`."""
    row, column = divmod(int(heat.argmax()), heat.shape[1])
    y, x = (int((n + 0.5) * s) for n, s in [(row, len(mask) / len(heat)), (column, 8)])
    rows, columns = (slice(max(lowest, n - allowed), n + allowed + end) for n in (y, x))
    return bool(mask[rows, columns].any())


# What learners write, in their own forms: the check, the attempt, a part of the words.
WRONG = [
    # a single bad row in a good batch, wide tolerances, constants
    (
        checks.check_looks_like_attention,
        lambda w: bool(sums(w).any() and (w >= 0).all()),
        "one bad row in a batch got through: `.all()`, not `.any()`",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: bool(sums(w, 0.4).all() and (w >= 0).all()),
        "to within 1e-4: you allow more",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: torch.allclose(w.sum(0), torch.ones(()), atol=1e-4) and w.min() >= 0,
        "the keys are on the last axis: sum(dim=-1), not sum(0)",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: bool(sums(w).all() and w.min() > 0),
        "a weight of exactly 0 is allowed",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: False,
        "your function says False to everything",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: w.sum(-1) == 1,
        "6 answers, not one: end the comparison with `.all()` (for weights (2, 3, 5)",
    ),
    (
        checks.check_looks_like_attention,
        lambda w: w.sum(-1) == 1 and w.min() >= 0,
        "several answers: end it with `.all()` (for weights (2, 3, 5)",
    ),
    (checks.check_looks_like_attention, lambda w: None, "Is there a return?"),
    (checks.check_looks_like_attention, lambda w: "yes", "says 'yes' to everything"),
    (checks.check_count_keys, lambda H, W, s: (H // 8) * (W // 8), "`stride`"),
    (checks.check_count_keys, lambda H, W, s: 228, "says 228 to everything"),
    (checks.check_key_of, lambda r, c, h, w: 8, "says 8 to everything"),
    (checks.check_key_of, lambda r, c, h, w: r * 5 + c, "expected 14, got 10"),
    (
        checks.check_key_of,
        lambda r, c, h, w: (h - r - 1) * w + c,
        "rows count from the top",
    ),
    (checks.check_key_of, lambda r, c, h, w: c * w + r, "row and column are swapped"),
    (checks.check_cell_of, lambda k, h, w: (2, 3), "says (2, 3) to everything"),
    (
        checks.check_square_of,
        lambda r, c, s: (c * s, (c + 1) * s, r * s, (r + 1) * s),
        "the order is left, top, right, bottom",
    ),
    # two things where one is asked for
    (
        checks.check_softmax,
        lambda s: (s, s.softmax(-1)),
        "you return 2 things, a tuple: only number 1 of them, [1], please",
    ),
    (
        checks.check_dot_attention,
        lambda q, k, v: (
            scaled_dot_product_attention(q, k, v),
            (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1),
        ),
        "only number 0 of them, [0], please",
    ),
    (
        checks.check_split_heads,
        lambda x, heads: x.chunk(heads, -1),
        "you return 3 things, a tuple: one tensor, please, of shape (2, 3, 5, 4)",
    ),
    (checks.check_softmax, lambda s: f"{s}", "expected numbers, got 'tensor(["),
    # scores
    (
        checks.check_additive_scores,
        lambda q, k, v: torch.tanh(q.unsqueeze(1) * k) @ v,
        "q + k, not q times k",
    ),
    (
        checks.check_additive_scores,
        lambda q, k, v: torch.einsum("bd,bnd->bn", q, k),
        "q + k, not q times k",
    ),
    (checks.check_read, lambda w, x: (w[..., None] * x).sum(0), "not over the images"),
    (
        checks.check_dot_scores,
        lambda q, k: torch.einsum("bd,bnd->bn", q, k) / math.sqrt(q.size(0)),
        "d is the width of the query, its last axis, not the number of images",
    ),
    (
        checks.check_dot_scores,
        lambda q, k: torch.einsum("bd,cnd->bcn", q, k) / q.shape[-1] ** 0.5,
        "query with every image",
    ),
    (checks.check_dot_scores, lambda q, k: torch.einsum("bd,bnd->bn", q, k) / 2, "4"),
    (
        checks.check_dot_attention,
        lambda q, k, v: (q @ k.mT).softmax(-1) / math.sqrt(q.size(-1)) @ v,
        "scale the scores before the softmax, not the weights after it",
    ),
    (
        checks.check_dot_attention,
        lambda q, k, v: (q @ k.mT / math.sqrt(q.size(0))).softmax(-1) @ v,
        "not the number of images",
    ),
    (checks.check_entropy, lambda w: -(w * w.log2()).sum(-1), "clamp the weights"),
    # heads
    (checks.check_reduce_heads, lambda w: w.amax(dim=(0, 1)), "not the largest"),
    (
        checks.check_reduce_heads,
        lambda w: w.max(dim=1).values.mean(dim=0),
        "not the largest",
    ),
    (
        checks.check_merge_heads,
        lambda x: x.transpose(1, 2).reshape(2, 5, 12),
        "RuntimeError: shape '[2, 5, 12]' is invalid",
    ),
    (checks.check_causal_mask, lambda T: torch.ones(T, T).tril(), "dtype=torch.bool"),
    (
        checks.check_to_maps,
        lambda x, p, h, w: reduce(x[..., p:], "B L A T (h w) -> B T h w", "max", h=h),
        "mean, not the largest",
    ),
    (
        checks.check_image_share,
        lambda w, layout: layout.to_grid(w).sum((-2, -1)).max(0).values,
        "mean of the heads, not the largest",
    ),
    # 05 and 06
    (checks.check_keys_that_are_no_cells, lambda N, H, W, s: None, "None"),
    (checks.check_read_numbers, lambda a, b: "another axis", "to everything"),
    (
        checks.check_lays_out_right,
        lambda lay, h, w: (
            tuple(lay(torch.arange(h * w)).shape) == (h, w)
            and bool(lay(torch.arange(h * w))[0, 1] == 1)
        ),
        "two in the middle may change places",
    ),
    (
        checks.check_lays_out_right,
        lambda lay, h, w: all(
            lay(torch.eye(h * w)[k])[k // w, k % w] for k in range(h * w)
        ),
        "another shape is False, and no error",
    ),
    (
        checks.check_share_one_map,
        lambda maps: bool((maps.amax(0) - maps.amin(0)).max() <= 1e-3 * maps.max()),
        "one word alone shares its map with nobody",
    ),
    (
        checks.check_share_one_map,
        lambda maps: bool((maps.amax(0) - maps.amin(0)).max() <= 0.1 * maps.max()),
        "you allow more",
    ),
    (
        checks.check_may_be_stretched,
        lambda box, size: (
            0.9 < (box[2] - box[0]) / (box[3] - box[1]) * size[0] / size[1] < 1.1
        ),
        "proportions do not tell",
    ),
    (
        checks.check_may_be_stretched,
        lambda box, size: box == (0, 0, size[1], size[0]),
        "to within one pixel",
    ),
    # 07
    (
        checks.check_seen_box,
        lambda H, W, s, ch, cw: (
            (W - cw * min(H, W) / s) / 2,
            (W + cw * min(H, W) / s) / 2,
            (H - ch * min(H, W) / s) / 2,
            (H + ch * min(H, W) / s) / 2,
        ),
        "the order is left, top, right, bottom",
    ),
    (checks.check_seen_box, lambda *sizes: (60.0, 20.0, 340.0, 220.0), "to everything"),
    (checks.check_guard, lambda w, layout: asserts(w), "not assert"),
    (checks.check_guard, lambda w, layout: guards(w, layout, "bad"), "in the message"),
    (
        checks.check_guard,
        lambda w, layout: guards(w, layout, allowed=1e-3),
        "right weights in half precision were stopped",
    ),
    (
        checks.check_guard,
        lambda w, layout: guards(w, layout, allowed=0.1),
        "you allow more",
    ),
    # 08 to 10
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
        checks.check_rank_accuracy,
        lambda heat, mask: (
            covered(heat, mask)[heat.flatten().argsort()[-3:]].double().mean()
        ),
        "that is K",
    ),
    (
        checks.check_hide_at,
        lambda hidden, t, T: (
            (torch.arange(T) == t[:, None])[..., None] & hidden[:, None]
        ),
        "what MAY be looked at",
    ),
    (
        checks.check_occlusion,
        lambda model, images, words, t: [
            [model(images, words[:, :-1])[0][0, 0, 0]] * 4,
        ],
        "expected shape (3, 2, 4)",
    ),
    (
        checks.check_best_head,
        lambda weights, covered: (weights * covered).sum(-1).argmax(),
        "divmod",
    ),
    (checks.check_best_head, lambda weights, covered: None, "returned None"),
    (checks.check_follows, lambda before, after, down, right: None, "returned None"),
]


@pytest.mark.parametrize(("check", "attempt", "text"), WRONG)
def test_a_mistake_in_a_learners_own_form_is_named(check, attempt, text, capsys):
    check(attempt)
    said = capsys.readouterr().out
    assert said.startswith("Not yet: ") and text in said


# Right answers in another form than the solution's.
RIGHT = [
    (checks.check_count_keys, lambda H, W, s: H * W / s**2),
    (
        checks.check_looks_like_attention,
        lambda w: (
            torch.isclose(w.sum(-1), torch.ones(()), atol=1e-4, rtol=0).all()
            & (w.amin() >= 0)
        ),
    ),
    (
        checks.check_looks_like_attention,
        lambda w: not (w < 0).any() and sums(w).numpy().all(),
    ),
    (checks.check_key_of, lambda r, c, h, w: torch.arange(h * w).view(h, w)[r, c]),
    (checks.check_cell_of, lambda k, h, w: [k // w, k - w * (k // w)]),
    (
        checks.check_unflatten,
        lambda x, h, w: rearrange(x, "B (h w) D -> B D h w", h=h, w=w),
    ),
    (
        checks.check_unflatten,
        lambda x, h, w: x.permute(0, 2, 1).reshape(len(x), -1, h, w),
    ),
    (checks.check_unflatten, lambda x, h, w: x.unflatten(1, (h, w)).movedim(-1, 1)),
    (
        checks.check_square_of,
        lambda r, c, s: s * torch.tensor([c, r, c + 1, r + 1]),
    ),
    (checks.check_softmax, lambda s: s.exp() / s.exp().sum(2, keepdim=True)),
    (checks.check_softmax, lambda s: (s - s.logsumexp(-1, keepdim=True)).exp_()),
    (checks.check_softmax, lambda s: s.exp_().div_(s.sum(-1, keepdim=True))),
    (
        checks.check_additive_scores,
        lambda q, k, v: torch.einsum("bnd,d->bn", torch.tanh(q.unsqueeze(1) + k), v),
    ),
    (
        checks.check_additive_scores,
        lambda q, k, v: ((q[:, None] + k).tanh() * v).sum(2),
    ),
    (checks.check_read, lambda w, x: torch.einsum("bn,bnd->bd", w, x)),
    (checks.check_read, lambda w, x: torch.bmm(w[:, None], x).squeeze(1)),
    (checks.check_read, lambda w, x: einsum(w, x, "B N, B N D -> B D")),
    (checks.check_read, lambda w, x: torch.stack([w[b] @ x[b] for b in range(len(w))])),
    (
        checks.check_dot_scores,
        lambda q, k: torch.bmm(k, q.unsqueeze(2)).squeeze(2) / math.sqrt(k.size(2)),
    ),
    (
        checks.check_dot_scores,
        lambda q, k: (q[:, None] * k).sum(-1) * q.size(1) ** -0.5,
    ),
    (
        checks.check_dot_scores,
        lambda q, k: einsum(q / q.size(1) ** 0.5, k, "b d, b n d -> b n"),
    ),
    (checks.check_dot_attention, scaled_dot_product_attention),
    (
        checks.check_dot_attention,
        lambda q, k, v: torch.bmm(
            torch.baddbmm(q.new_zeros(1), q, k.mT, alpha=q.size(2) ** -0.5).softmax(2),
            v,
        ),
    ),
    (
        checks.check_dot_attention,
        lambda q, k, v: torch.einsum(
            "btn,bnd->btd",
            torch.einsum("btd,bnd->btn", q, k).div(q.shape[2] ** 0.5).softmax(-1),
            v,
        ),
    ),
    (
        checks.check_dot_attention,
        lambda q, k, v: scaled_dot_product_attention(
            q[:, None], k[:, None], v[:, None]
        ).squeeze(1),
    ),
    (checks.check_entropy, lambda w: -torch.xlogy(w, w).sum(-1) / math.log(2)),
    (checks.check_entropy, lambda w: torch.special.entr(w).sum(-1) / math.log(2)),
    (checks.check_entropy, lambda w: -(w * w.log2()).nan_to_num().sum(1)),
    (checks.check_entropy, lambda w: -(w * (w + 1e-9).log2()).sum(1)),
    (
        checks.check_split_heads,
        lambda x, heads: torch.stack(x.chunk(heads, dim=-1), dim=1),
    ),
    (
        checks.check_split_heads,
        lambda x, heads: rearrange(x, "B T (A d) -> B A T d", A=heads),
    ),
    (
        checks.check_split_heads,
        lambda x, heads: x.view(*x.shape[:2], heads, -1).permute(0, 2, 1, 3),
    ),
    (checks.check_merge_heads, lambda x: torch.cat(x.unbind(1), dim=-1)),
    (checks.check_merge_heads, lambda x: rearrange(x, "B A T d -> B T (A d)")),
    (checks.check_causal_mask, lambda T: torch.arange(T)[:, None] >= torch.arange(T)),
    (
        checks.check_causal_mask,
        lambda T: ~torch.ones(T, T, dtype=torch.bool).triu(diagonal=1),
    ),
    (checks.check_reduce_heads, lambda w: w.mean(0).mean(0)),
    (
        checks.check_reduce_heads,
        lambda w: w.flatten(0, 1).sum(0) / w[..., 0, 0].numel(),
    ),
    (checks.check_reduce_heads, lambda w: reduce(w, "L A T N -> T N", "mean")),
    (checks.check_state_beside_cells, lambda s, N: s[-1].unsqueeze(1).repeat(1, N, 1)),
    (checks.check_state_beside_cells, lambda s, N: torch.stack([s[-1]] * N, dim=1)),
    (
        checks.check_lays_out_right,
        lambda lay, h, w: (
            lay(torch.arange(h * w)).shape == (h, w)
            and all(lay(torch.eye(h * w)[k])[divmod(k, w)] == 1 for k in range(h * w))
        ),
    ),
    (
        checks.check_lays_out_right,
        lambda lay, h, w: (
            lay(torch.arange(h * w)).tolist()
            == [[r * w + c for c in range(w)] for r in range(h)]
        ),
    ),
    (
        checks.check_share_one_map,
        lambda maps: (
            len(maps) > 1 and (maps - maps[:1]).abs().max() <= 1e-3 * maps.max()
        ),
    ),
    (
        checks.check_may_be_stretched,
        lambda box, size: (
            abs(box[0]) <= 1
            and abs(box[1]) <= 1
            and abs(box[2] - size[1]) <= 1
            and abs(box[3] - size[0]) <= 1
        ),
    ),
    (
        checks.check_to_maps,
        lambda x, p, h, w: torch.stack(
            [m.reshape(-1, h, w) for m in x.mean(2).mean(1)[..., p:]]
        ),
    ),
    (checks.check_guard, guards),
    (checks.check_guard, lambda w, layout: guards(w, layout, "Sum is not 1")),
    (
        checks.check_guard,
        lambda w, layout: guards(w.float(), layout, allowed=5e-3).to(w.dtype),
    ),
    (checks.check_is_hit, hits),
    (
        checks.check_soft_mean,
        lambda w: torch.nn.functional.normalize(w.sqrt().sum((1, 2)), p=1, dim=-1),
    ),
    (
        checks.check_rank_accuracy,
        lambda heat, mask: (
            covered(heat, mask)[heat.flatten().argsort(descending=True)]
            .double()[: int(covered(heat, mask).sum())]
            .mean()
        ),
    ),
    (checks.check_rank_accuracy, rank_accuracy),
    (
        checks.check_hide_at,
        lambda hidden, t, T: (
            ~(torch.nn.functional.one_hot(t, T).bool()[..., None] & hidden[:, None])
        ),
    ),
    (checks.check_occlusion, occlusion_from_holes),
    (
        checks.check_find_image,
        lambda ids, image, h, w: torch.where(ids == image)[0].reshape(h, w),
    ),
    (
        checks.check_image_share,
        lambda w, layout: w[..., layout.index.flatten()].sum(-1).mean(0),
    ),
    (
        checks.check_best_head,
        lambda w, covered: torch.unravel_index((w @ covered).argmax(), w.shape[:2]),
    ),
]


@pytest.mark.parametrize(("check", "attempt"), RIGHT)
def test_a_right_answer_in_any_form_is_correct(check, attempt, capsys):
    check(attempt)
    assert capsys.readouterr().out == "Correct.\n"


@pytest.mark.parametrize("name", ALL)
def test_a_stub_is_not_attempted_and_an_error_is_shown(name, capsys):
    def stub(*inputs):
        raise NotImplementedError

    def broken(*inputs):
        raise KeyError("oh")

    for attempt in (
        stub,
        broken,
        lambda *_: None,
        lambda *_: torch.full((7, 7), math.nan),
    ):
        ALL[name](attempt)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Not attempted yet."
    assert said[1].startswith("Not yet: your function raised KeyError: 'oh'")
    assert all(line.startswith("Not yet: ") for line in said[1:]) and len(said) == 4


def test_a_function_that_writes_into_its_inputs_spoils_no_other_case():
    def spoil(weights):
        weights.zero_()
        return weights.sum(-1)

    assert checks.check_entropy.verdict(spoil).startswith("Not yet: ")
    check = checks.check_entropy
    assert check.verdict(check.right) == "Correct."


WIDE, SQUARE = Image.new("RGB", (168, 96)), Image.new("RGB", (480, 480))


@pytest.mark.parametrize(
    ("transform", "picture", "whole"),
    [
        (v2.Resize((96, 96)), WIDE, True),  # squashed: other proportions, nothing lost
        (v2.Resize(64), WIDE, True),
        (v2.CenterCrop(96), WIDE, False),
        (v2.Compose([v2.Resize(256), v2.CenterCrop(224)]), SQUARE, False),
        (v2.Compose([v2.Resize(224), v2.CenterCrop(224)]), SQUARE, True),
        (v2.Pad((0, 36)), WIDE, False),
    ],
)
def test_a_map_may_be_stretched_where_the_processor_lost_nothing(
    transform, picture, whole
):
    geometry = Geometry.record(transform, picture)
    assert checks.check_may_be_stretched.right(geometry.box, geometry.size) is whole
