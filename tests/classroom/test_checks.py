"""The checks of the exercises: right answers pass, and each mistake is named."""

import math
from copy import deepcopy

import pytest
import torch
from einops import einsum, rearrange, reduce
from PIL import Image
from torch import nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention
from torchvision.transforms import v2

from helpers.captioning import MultiHeadAttention, coverage, rank_accuracy
from helpers.classroom import checks
from helpers.maps import Geometry

ALL = {name: getattr(checks, name) for name in checks.__all__}


@pytest.mark.parametrize("name", ALL)
def test_each_mistake_that_a_check_knows_is_named_in_its_own_words(name):
    rights, mistakes = ALL[name].known
    assert ALL[name].say(rights) == "Correct."
    for words, wrong in mistakes:
        assert ALL[name].say(wrong) == f"Not yet: {words}"


@pytest.mark.parametrize("name", ALL)
def test_a_check_has_several_cases_that_are_not_alike(name):
    check, (rights, mistakes) = ALL[name], ALL[name].known
    assert check.__doc__.startswith("attempt(") and "->" in check.__doc__
    assert len(rights) >= 2 and len({words for words, _ in mistakes}) >= 5
    # who answers all cases as the first one has not used the arguments
    assert check.say(rights[:1] * len(rights)) != "Correct."


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


def put_end_to_end(first, second, W):
    """W [first; second], the two being broadcast to each other."""
    both = [
        x.expand(*torch.broadcast_shapes(first.shape[:-1], second.shape[:-1]), -1)
        for x in (first, second)
    ]
    return torch.cat(both, -1) @ W.T


def one_step(decoder, word, state, cells, places):
    """The decoder step with einsum, squeeze and the layers of the attention."""
    word, layers = decoder.embedding(word), decoder.attention
    asked = layers.query_layer(torch.hstack([state, word])).unsqueeze(1)
    scores = layers.score_layer(torch.tanh(layers.key_layer(cells) + asked)).squeeze(-1)
    weights = torch.softmax(scores, dim=1)
    context = torch.einsum("bn,bnd->bd", weights, cells)
    where = torch.einsum("bn,np->bp", weights, places)
    state = decoder.gru(torch.hstack([word, where]), state)
    return [decoder.logits(torch.hstack([state, context])), state, weights]


def one_loop(model, batches, held_out, optimizer):
    """The training loop with other means than the solution's."""
    losses, found, best = [], [], (math.inf, None)
    model.train()

    def loss(images, words):
        logits = model(images, words[:, :-1])[0].mT  # (B, V, T)
        each = cross_entropy(logits, words[:, 1:], reduction="none")
        return each[words[:, 1:] != 0].mean()

    for batch in batches:
        optimizer.zero_grad(set_to_none=False)
        now = loss(*batch)
        now.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1)
        optimizer.step()
        losses.append(now.detach())
        with torch.inference_mode():
            found.append(loss_in_evaluation(model, loss, held_out))
        if found[-1] < best[0]:
            best = found[-1], deepcopy(model.state_dict())
    model.load_state_dict(best[1])
    return losses, torch.stack(found)


def loss_in_evaluation(model, loss, held_out):
    model.eval()
    value = loss(*held_out)
    model.train()
    return value


# What learners write, in their own forms, and a part of what they are told.
WRONG = {
    checks.check_looks_like_attention: {
        "one bad row in a batch got through: `.all()`, not `.any()`": (
            lambda w: bool(sums(w).any() and (w >= 0).all())
        ),
        "to within 1e-4: you allow more": (
            lambda w: bool(sums(w, 0.4).all() and (w >= 0).all())
        ),
        "the keys are on the last axis: sum(dim=-1), not sum(0)": (
            lambda w: (
                torch.allclose(w.sum(0), torch.ones(()), atol=1e-4) and w.min() >= 0
            )
        ),
        "a weight of exactly 0 is allowed": (
            lambda w: bool(sums(w).all() and w.min() > 0)
        ),
        "your function says False to everything": (lambda w: False),
        "6 answers, not one: end the comparison with `.all()` (for weights (2, 3, 5)": (
            lambda w: w.sum(-1) == 1
        ),
        "several answers: end it with `.all()` (for weights (2, 3, 5)": (
            lambda w: w.sum(-1) == 1 and w.min() >= 0
        ),
        "Is there a return?": (lambda w: None),
        "says 'yes' to everything": (lambda w: "yes"),
        "allclose is stricter unless told: atol=1e-4": (
            lambda w: torch.allclose(w.sum(-1), torch.ones(())) and w.min() >= 0
        ),
    },
    checks.check_count_keys: {
        "`stride`": (lambda H, W, s: (H // 8) * (W // 8)),
        "says 228 to everything": (lambda H, W, s: 228),
        "// instead of /": (lambda H, W, s: H / s * W / s),
        "both sides shrink": (lambda H, W, s: H * W / s),
    },
    checks.check_square_of: {
        "order: left, top, right, bottom": (
            lambda r, c, s: (c * s, (c + 1) * s, r * s, (r + 1) * s)
        ),
    },
    checks.check_dot_attention: {
        "only number 0 of them, [0], please": (
            lambda q, k, v: (
                scaled_dot_product_attention(q, k, v),
                (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1),
            )
        ),
        "expected numbers, got 'ten": (lambda q, k, v: f"{q}"),
        "scale the scores before the softmax, not the weights after it": (
            lambda q, k, v: (q @ k.mT).softmax(-1) / math.sqrt(q.size(-1)) @ v
        ),
        "not the number of images": (
            lambda q, k, v: (q @ k.mT / math.sqrt(q.size(0))).softmax(-1) @ v
        ),
    },
    checks.check_additive_scores: {
        "the first Q columns of W belong to the query": (
            lambda q, k, W, v: put_end_to_end(k[:, None], q[:, :, None], W).tanh() @ v
        ),
        "expected shape (2, 3, 5), got (2, 3)": (
            lambda q, k, W, v: put_end_to_end(q, k[:, : q.shape[1]], W).tanh() @ v
        ),
    },
    checks.check_decoder_step: {
        "attention takes prepared cells: decoder.attention.prepare(cells)": (
            lambda decoder, word, state, cells, places: decoder.attention(
                torch.cat([state, decoder.embedding(word)], dim=-1)[:, None], cells
            )
        ),
        "return 3 things, logits, state, weights; you return one": (
            lambda decoder, *rest: one_step(decoder, *rest)[0]
        ),
        "in this order, please: logits, state, weights": (
            lambda *inputs: one_step(*inputs)[::-1]
        ),
        "logits: the shape is right, but the largest difference is": (
            lambda decoder, word, *rest: one_step(
                decoder, word.new_zeros(len(word)), *rest
            )
        ),
        "your function raised RuntimeError": (
            lambda decoder, word, state, cells, places: one_step(
                decoder, word, state, cells, cells.mean(1)
            )
        ),
    },
    checks.check_fit: {
        "return two lists of floats, the losses and the checks": (
            lambda *inputs: one_loop(*inputs)[0]
        ),
        "return floats: loss.item(); a tensor keeps the whole graph alive": (
            lambda *inputs: ([torch.ones((), requires_grad=True)], one_loop(*inputs)[1])
        ),
        "losses: expected shape (4,), got (3,)": (
            lambda model, batches, *rest: one_loop(model, batches[:-1], *rest)
        ),
        "nothing is learned": (
            lambda model, batches, held_out, optimizer: one_loop(
                model, batches, held_out, torch.optim.SGD(model.parameters(), lr=0.0)
            )
        ),
    },
    checks.check_entropy: {
        "clamp the weights": (lambda w: -(w * w.log2()).sum(-1)),
    },
    checks.check_to_maps: {
        "mean, not the largest": (
            lambda x, p, h, w: reduce(
                x[..., p:], "B L A T (h w) -> B T h w", "max", h=h
            )
        ),
    },
    checks.check_keys_that_are_no_cells: {
        "None": (lambda N, H, W, s: None),
    },
    checks.check_read_numbers: {
        "to everything": (lambda a, b: "another axis"),
    },
    checks.check_lays_out_right: {
        "two in the middle may change places": (
            lambda lay, h, w: (
                tuple(lay(torch.arange(h * w)).shape) == (h, w)
                and bool(lay(torch.arange(h * w))[0, 1] == 1)
            )
        ),
        "another shape is False, and no error": (
            lambda lay, h, w: all(
                lay(torch.eye(h * w)[k])[k // w, k % w] for k in range(h * w)
            )
        ),
    },
    checks.check_share_one_map: {
        "one word alone shares its map with nobody": (
            lambda maps: bool((maps.amax(0) - maps.amin(0)).max() <= 1e-3 * maps.max())
        ),
        "you allow more": (
            lambda maps: bool((maps.amax(0) - maps.amin(0)).max() <= 0.1 * maps.max())
        ),
    },
    checks.check_may_be_stretched: {
        "proportions do not tell": (
            lambda box, size: (
                0.9 < (box[2] - box[0]) / (box[3] - box[1]) * size[0] / size[1] < 1.1
            )
        ),
        "to within one pixel": (lambda box, size: box == (0, 0, size[1], size[0])),
    },
    checks.check_seen_box: {
        "order: left, top, right, bottom": (
            lambda H, W, s, ch, cw: (
                (W - cw * min(H, W) / s) / 2,
                (W + cw * min(H, W) / s) / 2,
                (H - ch * min(H, W) / s) / 2,
                (H + ch * min(H, W) / s) / 2,
            )
        ),
        "to everything": (lambda *sizes: (60.0, 20.0, 340.0, 220.0)),
    },
    checks.check_guard: {
        "raise ValueError with sum in it, not: AssertionError": (
            lambda w, layout: asserts(w)
        ),
        "raise ValueError with sum in it, not: ValueError: bad": (
            lambda w, layout: guards(w, layout, "bad")
        ),
        "right weights in half precision were stopped": (
            lambda w, layout: guards(w, layout, allowed=1e-3)
        ),
        "you allow more": (lambda w, layout: guards(w, layout, allowed=0.1)),
    },
    checks.check_is_hit: {
        "begins below 0 is empty": (
            lambda heat, mask, allowed: hits(heat, mask, allowed, lowest=-9)
        ),
        "mind the end of a slice": (
            lambda heat, mask, allowed: hits(heat, mask, allowed, end=0)
        ),
    },
    checks.check_rank_accuracy: {
        "that is K": (
            lambda heat, mask: (
                covered(heat, mask)[heat.flatten().argsort()[-3:]].double().mean()
            )
        ),
    },
    checks.check_hide_at: {
        "what MAY be looked at": (
            lambda hidden, t, T: (
                (torch.arange(T) == t[:, None])[..., None] & hidden[:, None]
            )
        ),
    },
    checks.check_occlusion: {
        "expected shape (3, 2, 4)": (
            lambda model, images, words, t: [
                [model(images, words[:, :-1])[0][0, 0, 0]] * 4,
            ]
        ),
    },
    checks.check_best_head: {
        "divmod": (lambda weights, covered: (weights * covered).sum(-1).argmax()),
        "returned None": (lambda weights, covered: None),
    },
    checks.check_follows: {
        "returned None": (lambda before, after, down, right: None),
    },
}


@pytest.mark.parametrize("check", WRONG, ids=lambda check: check.answers.__name__)
def test_a_mistake_in_a_learners_own_form_is_named(check):
    for text, attempt in WRONG[check].items():
        said = check.verdict(attempt)
        assert said.startswith("Not yet: ") and text in said


# Right answers in another form than the solution's.
RIGHT = {
    checks.check_additive_scores: [
        (
            lambda q, k, W, v: (
                put_end_to_end(q[:, :, None], k[:, None], W).tanh().mul(v).sum(-1)
            )
        ),
        (
            lambda q, k, W, v: einsum(
                torch.tanh(
                    (q @ W[:, : q.shape[-1]].T).unsqueeze(2)
                    + (k @ W[:, -k.shape[-1] :].T).unsqueeze(1)
                ),
                v,
                "B T N D, D -> B T N",
            )
        ),
    ],
    checks.check_decoder_step: [
        one_step,
    ],
    checks.check_fit: [
        one_loop,
    ],
    checks.check_looks_like_attention: [
        (
            lambda w: (
                torch.isclose(w.sum(-1), torch.ones(()), atol=1e-4, rtol=0).all()
                & (w.amin() >= 0)
            )
        ),
        (lambda w: not (w < 0).any() and sums(w).numpy().all()),
    ],
    checks.check_unflatten: [
        (lambda x, h, w: rearrange(x, "B (h w) D -> B D h w", h=h, w=w)),
        (lambda x, h, w: x.permute(0, 2, 1).reshape(len(x), -1, h, w)),
        (lambda x, h, w: x.unflatten(1, (h, w)).movedim(-1, 1)),
    ],
    checks.check_square_of: [
        (lambda r, c, s: s * torch.tensor([c, r, c + 1, r + 1])),
    ],
    checks.check_dot_attention: [
        scaled_dot_product_attention,
        (
            lambda q, k, v: torch.bmm(
                torch.baddbmm(q.new_zeros(1), q, k.mT, alpha=q.size(2) ** -0.5).softmax(
                    2
                ),
                v,
            )
        ),
        (
            lambda q, k, v: torch.einsum(
                "btn,bnd->btd",
                torch.einsum("btd,bnd->btn", q, k).div(q.shape[2] ** 0.5).softmax(-1),
                v,
            )
        ),
        (
            lambda q, k, v: scaled_dot_product_attention(
                q[:, None], k[:, None], v[:, None]
            ).squeeze(1)
        ),
    ],
    checks.check_entropy: [
        (lambda w: -torch.xlogy(w, w).sum(-1) / math.log(2)),
        (lambda w: -(w * w.log2()).nan_to_num().sum(1)),
        (lambda w: -(w * (w + 1e-9).log2()).sum(1)),
    ],
    checks.check_looked_at: [
        (lambda x, h, w: x.mean(1).mean(1).view(-1, h, w)),
        (lambda x, h, w: reduce(x, "B A m (h w) -> B h w", "mean", h=h)),
        (lambda x, h, w: (x.sum((1, 2)) / x[0, :, :, 0].numel()).reshape(len(x), h, w)),
    ],
    checks.check_state_beside_cells: [
        (lambda s, N: s[-1].unsqueeze(1).repeat(1, N, 1)),
        (lambda s, N: torch.stack([s[-1]] * N, dim=1)),
    ],
    checks.check_lays_out_right: [
        (
            lambda lay, h, w: (
                lay(torch.arange(h * w)).shape == (h, w)
                and all(
                    lay(torch.eye(h * w)[k])[divmod(k, w)] == 1 for k in range(h * w)
                )
            )
        ),
        (
            lambda lay, h, w: (
                lay(torch.arange(h * w)).tolist()
                == [[r * w + c for c in range(w)] for r in range(h)]
            )
        ),
    ],
    checks.check_share_one_map: [
        (
            lambda maps: (
                len(maps) > 1 and (maps - maps[:1]).abs().max() <= 1e-3 * maps.max()
            )
        ),
    ],
    checks.check_may_be_stretched: [
        (
            lambda box, size: (
                abs(box[0]) <= 1
                and abs(box[1]) <= 1
                and abs(box[2] - size[1]) <= 1
                and abs(box[3] - size[0]) <= 1
            )
        ),
    ],
    checks.check_to_maps: [
        (
            lambda x, p, h, w: torch.stack(
                [m.reshape(-1, h, w) for m in x.mean(2).mean(1)[..., p:]]
            )
        ),
    ],
    checks.check_guard: [
        guards,
        (lambda w, layout: guards(w, layout, "Sum is not 1")),
        (lambda w, layout: guards(w.float(), layout, allowed=5e-3).to(w.dtype)),
    ],
    checks.check_is_hit: [
        hits,
    ],
    checks.check_soft_mean: [
        (lambda w: torch.nn.functional.normalize(w.sqrt().sum((1, 2)), p=1, dim=-1)),
    ],
    checks.check_rank_accuracy: [
        (
            lambda heat, mask: (
                covered(heat, mask)[heat.flatten().argsort(descending=True)]
                .double()[: int(covered(heat, mask).sum())]
                .mean()
            )
        ),
        rank_accuracy,
    ],
    checks.check_hide_at: [
        (
            lambda hidden, t, T: (
                ~(torch.nn.functional.one_hot(t, T).bool()[..., None] & hidden[:, None])
            )
        ),
    ],
    checks.check_occlusion: [
        occlusion_from_holes,
    ],
    checks.check_find_image: [
        (lambda ids, image, h, w: torch.where(ids == image)[0].reshape(h, w)),
    ],
    checks.check_best_head: [
        (lambda w, covered: torch.unravel_index((w @ covered).argmax(), w.shape[:2])),
    ],
}


class Skeleton(nn.Module):
    """The parts of a block by the names of the exercise; each form is a subclass."""

    def __init__(self, width, heads):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads, dropout=0.2)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x, cells):
        y = self.norms[0](x)
        x = x + self.attend(self.self_attention, y, y, causal=True)
        x = x + self.attend(self.cross_attention, self.norms[1](x), cells)
        return x + self.feed_forward(self.norms[2](x))

    def project(self, layer, query, key):
        return layer.query_layer(query), layer.key_layer(key), layer.value_layer(key)


def hide_later(scores, causal):
    return scores + torch.full_like(scores, -math.inf).triu(1) if causal else scores


class Fused(Skeleton):
    def attend(self, layer, query, key, causal=False):
        parts = self.project(layer, query, key)
        q, k, v = (
            part.unflatten(2, (layer.heads, -1)).transpose(1, 2) for part in parts
        )
        read = scaled_dot_product_attention(q, k, v, is_causal=causal)
        return layer.output_layer(read.transpose(1, 2).flatten(2))


class Chunked(Skeleton):
    def attend(self, layer, query, key, causal=False):
        parts = self.project(layer, query, key)
        read = []
        for q, k, v in zip(
            *(part.chunk(layer.heads, -1) for part in parts), strict=True
        ):
            scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.shape[-1])
            read.append(torch.bmm(hide_later(scores, causal).softmax(-1), v))
        return layer.output_layer(torch.cat(read, -1))


class Einsum(Skeleton):
    def attend(self, layer, query, key, causal=False):
        parts = self.project(layer, query, key)
        q, k, v = (rearrange(p, "B T (A d) -> B A T d", A=layer.heads) for p in parts)
        scores = einsum(q, k, "B A T d, B A N d -> B A T N") * q.shape[-1] ** -0.5
        read = einsum(
            hide_later(scores, causal).softmax(-1), v, "b a t n, b a n d -> b t a d"
        )
        return layer.output_layer(read.flatten(2))


@pytest.mark.parametrize("form", [Fused, Chunked, Einsum])
def test_a_block_in_any_form_is_correct(form):
    assert checks.check_block.verdict(form) == "Correct."


def test_a_block_is_told_what_is_wrong_with_it():
    class Stub(Skeleton):
        def forward(self, x, cells):
            raise NotImplementedError

    class NoHeads(Skeleton):  # one softmax over the whole width
        def attend(self, layer, query, key, causal=False):
            q, k, v = self.project(layer, query, key)
            scores = q @ k.mT / q.shape[-1] ** 0.5
            return layer.output_layer(hide_later(scores, causal).softmax(-1) @ v)

    class Swapped(Skeleton):
        def forward(self, x, cells):
            return x + self.cross_attention(cells, self.norms[1](x), x)[0]

    class SwappedByName(Skeleton):
        def forward(self, x, cells):
            return x + self.cross_attention(key=x, value=x, query=cells)[0]

    class Unlike(nn.Linear):
        pass

    assert checks.check_block.verdict(Stub) == "Not attempted yet."
    assert "one head" in checks.check_block.verdict(NoHeads)
    for swapped in (Swapped, SwappedByName):
        assert "words ask, cells answer" in checks.check_block.verdict(swapped)
    assert "norms.0.weight is missing" in checks.check_block.verdict(Unlike)


@pytest.mark.parametrize("check", RIGHT, ids=lambda check: check.answers.__name__)
def test_a_right_answer_in_any_form_is_correct(check):
    for attempt in RIGHT[check]:
        assert check.verdict(attempt) == "Correct."


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


def in_bits(weights):
    return torch.special.entr(weights).sum(-1) / math.log(2)


def test_a_function_that_writes_into_its_inputs_spoils_no_other_case():
    def spoil(weights):
        weights.zero_()
        return weights.sum(-1)

    assert checks.check_entropy.verdict(spoil).startswith("Not yet: ")
    right = checks.check_entropy.verdict(
        lambda w: torch.special.entr(w).sum(-1) / math.log(2)
    )
    assert right == "Correct."


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
    right, _ = checks.check_may_be_stretched.answers(geometry.box, geometry.size)
    assert right is whole
