"""Weights of models that hide them: what was captured is what the model used."""

import logging
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import timm
import torch
import transformers
from torch import nn
from torchvision.models import SwinTransformer, VisionTransformer

from helpers.captioning import Captioner
from helpers.inspection import caption_attentions, capture_attention
from tests.inspection.tiny import SMALL, vit_gpt2

logging.disable(logging.WARNING)  # transformers warns of empty attentions
VIT = {**SMALL, "image_size": 32, "patch_size": 16}
IMAGES = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
IDS = torch.tensor([[0, 5, 6, 7], [0, 8, 9, 5], [0, 6, 6, 9]])
WIDE = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))


def captioner(seed=0):
    ids = {"bos_token_id": 0, "eos_token_id": 1}
    encoder = transformers.ViTConfig(**VIT)
    return vit_gpt2(encoder, seed=seed, vocab_size=20, initializer_range=0.8, **ids)


def layer(kind, **options):
    return kind(32, 4, 64, batch_first=True, **options)


MODELS = {
    "torch encoder": (
        lambda: nn.TransformerEncoder(layer(nn.TransformerEncoderLayer), 2),
        (torch.rand(2, 10, 32),),
        {"self": [(2, 4, 10, 10)] * 2},
    ),
    "torch decoder": (
        lambda: nn.TransformerDecoder(layer(nn.TransformerDecoderLayer), 1),
        (torch.rand(2, 6, 32), torch.rand(2, 15, 32)),
        {"self": [(2, 4, 6, 6)], "cross": [(2, 4, 6, 15)]},
    ),
    "torchvision ViT": (
        lambda: VisionTransformer(32, 16, 2, 2, 8, 8),
        (IMAGES,),
        {"self": [(3, 2, 5, 5)] * 2},
    ),
    "torchvision Swin": (
        lambda: SwinTransformer([4, 4], 16, [2, 2], [2, 4], [7, 7]),
        (WIDE,),
        {"self": [(24, 2, 49, 49)] * 2 + [(8, 4, 49, 49)] * 2},
    ),
    "timm ViT": (
        lambda: timm.models.VisionTransformer(
            32, 16, embed_dim=32, depth=2, num_heads=4
        ),
        (IMAGES,),
        {"self": [(3, 4, 5, 5)] * 2},
    ),
    "transformers ViT": (
        lambda: transformers.ViTModel(transformers.ViTConfig(**VIT)),
        (IMAGES,),
        {"self": [(3, 4, 5, 5)] * 2},
    ),
    "ViT and GPT-2": (
        captioner,
        (IMAGES, IDS),
        {"self": [(3, 4, 5, 5)] * 2 + [(3, 2, 4, 4)] * 2, "cross": [(3, 2, 4, 5)] * 2},
    ),
    "BLIP": (
        lambda: transformers.BlipForConditionalGeneration(
            transformers.BlipConfig(
                text_config={**SMALL, "vocab_size": 50, "encoder_hidden_size": 32},
                vision_config=VIT,
            )
        ),
        (IMAGES, IDS),
        {"self": [(3, 4, 5, 5)] * 2 + [(3, 4, 4, 4)] * 2, "cross": [(3, 4, 4, 5)] * 2},
    ),
    "ours, additive": (
        lambda: Captioner("additive"),
        (torch.rand(2, 3, 64, 80), IDS[:2]),
        {"cross": [(2, 1, 1, 80)] * 4},
    ),
    "ours, transformer": (
        lambda: Captioner("transformer"),
        (torch.rand(2, 3, 64, 80), IDS[:2]),
        {"self": [(2, 4, 4, 4)] * 2, "cross": [(2, 4, 4, 80)] * 2},
    ),
}


def run(model, inputs):
    """The output's first tensor."""
    if isinstance(model, transformers.VisionEncoderDecoderModel):
        return model(pixel_values=inputs[0], decoder_input_ids=inputs[1]).logits
    if isinstance(model, transformers.BlipForConditionalGeneration):
        return model(pixel_values=inputs[0], input_ids=inputs[1]).logits
    output = model(*inputs)
    return output if isinstance(output, torch.Tensor) else output[0]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("grad", [False, True], ids=["inference", "gradients"])
def test_every_layer_is_captured_and_the_output_is_as_before(name, grad):
    torch.manual_seed(0)
    build, inputs, shapes = MODELS[name]
    model = build().eval()
    with torch.set_grad_enabled(grad):
        before = run(model, inputs)
        with capture_attention(model) as captured:
            during = run(model, inputs)
        after = run(model, inputs)
    torch.testing.assert_close(during, before, atol=1e-4, rtol=1e-3)
    assert torch.equal(after, before), "nothing is left behind"
    for kind in ("self", "cross"):
        found = [tuple(w.shape) for w in captured.of(kind).values()]
        assert found == shapes.get(kind, [])
    for weights in captured.weights.values():
        sums = weights.sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-5, rtol=0)


@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
def test_they_are_the_weights_that_transformers_returns(implementation):
    torch.manual_seed(0)
    model = captioner()
    with torch.inference_mode(), capture_attention(model) as captured:
        model.set_attn_implementation(implementation)
        run(model, (IMAGES, IDS))
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        out = model(pixel_values=IMAGES, decoder_input_ids=IDS, output_attentions=True)
    for ours, theirs in zip(
        captured.of("cross").values(), out.cross_attentions, strict=True
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)
    ours = list(captured.of("self").values())
    theirs = [*out.encoder_attentions, *out.decoder_attentions]
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_what_the_caller_asked_for_is_what_the_caller_gets():
    attention = nn.MultiheadAttention(32, 4, batch_first=True).eval()
    q, k = torch.rand(2, 6, 32), torch.rand(2, 15, 32)
    with capture_attention(attention) as captured:
        _, mean = attention(q, k, k)
        _, nothing = attention(q, k, k, need_weights=False)
        _, heads = attention(q, k, k, average_attn_weights=False)
    assert mean.shape == (2, 6, 15) and nothing is None and heads.shape == (2, 4, 6, 15)
    for weights in captured.weights.values():
        assert torch.equal(weights, heads)
    assert len(captured.weights) == 3 and set(captured.kinds.values()) == {"cross"}


def test_nothing_stays_behind_after_an_exception():
    hooks = nn.modules.module
    before = len(hooks._global_forward_hooks), len(hooks._global_forward_pre_hooks)
    model = captioner()
    with pytest.raises(ZeroDivisionError), capture_attention(model):
        run(model.eval(), (IMAGES, IDS))
        raise ZeroDivisionError
    after = len(hooks._global_forward_hooks), len(hooks._global_forward_pre_hooks)
    assert after == before
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_a_model_without_attention_is_not_passed_over_in_silence():
    model = nn.Sequential(nn.Linear(3, 2), nn.Softmax(-1))
    with pytest.raises(RuntimeError, match="Sequential ran"):
        with capture_attention(model):
            model(torch.rand(4, 5, 3))
    with pytest.raises(TypeError, match="list"):
        with capture_attention([]):
            pass


def generate(model, beams, **options):
    return model.generate(
        pixel_values=IMAGES,
        max_new_tokens=7,
        num_beams=beams,
        output_attentions=True,
        return_dict_in_generate=True,
        decoder_start_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        **options,
    )


@pytest.mark.parametrize("beams", [1, 3])
def test_generated_attention_is_that_of_teacher_forcing(beams):
    model = captioner(seed=8)  # its beams change places, and one caption ends early
    model.set_attn_implementation("eager")
    generated = generate(model, beams)
    crossed = False
    for row in range(3):
        layers = caption_attentions(generated, row=row, end=1)
        ids = generated.sequences[row : row + 1, : len(layers[0])]
        if not ids.numel():  # the end came at once
            assert layers[0].shape == (0, 2, 5)
            continue
        with torch.inference_mode():
            out = model(
                pixel_values=IMAGES[row : row + 1],
                decoder_input_ids=ids,
                output_attentions=True,
            )
        for ours, theirs in zip(layers, out.cross_attentions, strict=True):
            assert ours.shape == (ids.shape[1], 2, 5)
            torch.testing.assert_close(
                ours, theirs[0].transpose(0, 1), atol=1e-3, rtol=1e-2
            )
        if beams > 1:
            crossed |= len(generated.beam_indices[row, : len(ids[0])].unique()) > 1
    assert crossed == (beams > 1), "the beams of this model change places"


def test_missing_attention_and_missing_rows_are_named():
    model = captioner()  # sdpa: no weights
    with pytest.raises(ValueError, match="no cross_attentions"):
        caption_attentions(generate(model, 1))
    model.set_attn_implementation("eager")
    with pytest.raises(IndexError, match="row 3 of 3"):
        caption_attentions(generate(model, 1), row=3)


class SoftAlign(nn.Module):
    """Show, attend and tell (Xu et al. 2015), in a class that no name gives away."""

    def __init__(self, as_column):
        super().__init__()
        self.as_column = as_column
        self.score = nn.Linear(32, 1)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, cells, state):
        scores = self.score(torch.tanh(cells + state[:, None]))  # (B, N, 1)
        if self.as_column:
            weights = self.softmax(scores)  # (B, N, 1)
        else:
            weights = self.softmax(scores.squeeze(2)).unsqueeze(2)  # (B, N, 1)
        return (weights * cells).sum(dim=1), weights[..., 0]  # (B, D), (B, N)


class Speaker(nn.Module):
    """A recurrent decoder; captions that have ended leave the batch."""

    def __init__(self, as_column):
        super().__init__()
        self.look = SoftAlign(as_column)
        self.cell = nn.GRUCell(32, 32)
        self.words = nn.Linear(32, 7)
        self.maps = []

    def forward(self, cells, lengths):
        state = cells.mean(1)  # (B, D)
        for t in range(max(lengths)):
            b = sum(length > t for length in lengths)
            context, weights = self.look(cells[:b], state[:b])
            state = self.cell(context, state[:b])  # (b, D)
            self.maps.append(weights)
            self.words(state).softmax(-1)  # over words: no attention
        return state


@pytest.mark.parametrize("as_column", [False, True], ids=["(B, N)", "(B, N, 1)"])
def test_a_recurrent_decoder_gives_a_map_a_word(as_column):
    model = Speaker(as_column)
    cells = torch.rand(3, 15, 32)
    with torch.no_grad(), capture_attention(model) as captured:
        model(cells, [5, 4, 2])
    assert [tuple(w.shape) for w in captured.weights.values()] == [
        (b, 1, 1, 15) for b in (3, 3, 2, 2, 1)
    ]
    assert set(captured.kinds.values()) == {"cross"}
    joined = captured.joined("look")  # (B, A, T, N)
    assert joined.shape == (3, 1, 5, 15)
    assert torch.equal(captured.joined(list(captured.weights)[2]), joined)
    for t, weights in enumerate(model.maps):
        assert torch.equal(joined[: len(weights), 0, t], weights)
        assert not joined[len(weights) :, 0, t].any()
    with pytest.raises(KeyError, match="no layer 'eyes'; there are look"):
        captured.joined("eyes")


def test_experts_and_words_are_no_places():
    class Router(nn.Linear):
        def forward(self, x):
            return super().forward(x).softmax(-1)

    class AttentionSpeaker(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(32, 4, batch_first=True)
            self.router, self.words = Router(32, 3), nn.Linear(32, 7)

        def forward(self, x):
            x = self.attention(x, x, x)[0]
            chosen = self.router(x).topk(2).values  # (B, T, 2)
            x = (x[:, :, None] * chosen[..., None]).sum(2)
            return self.words(x).softmax(-1)

    model = AttentionSpeaker()
    with capture_attention(model) as captured:
        model(torch.rand(2, 5, 32))
    assert list(captured.weights) == ["attention"]
    assert captured.kinds == {"attention": "self"}


def test_a_query_that_may_look_at_nothing_changes_no_output():
    class Fused(nn.Module):
        def forward(self, q, k, mask, *more):
            return nn.functional.scaled_dot_product_attention(q, k, k, mask, 0.0, *more)

    q, k = torch.rand(2, 4, 5, 8), torch.rand(2, 4, 9, 8)
    mask = torch.ones(5, 9, dtype=torch.bool)
    mask[2] = False
    model = Fused()
    with capture_attention(model) as captured:
        during = model(q, k, mask)
        causal = model(q, k, None, True)  # is_causal by its position
        single = model(q[0, 0], k[0, 0], None)
    torch.testing.assert_close(during, model(q, k, mask))
    torch.testing.assert_close(causal, model(q, k, None, True))
    torch.testing.assert_close(single, model(q[0, 0], k[0, 0], None))
    first, second, third = captured.weights.values()
    assert not first[:, :, 2].any() and not second[0, 0].triu(1).any()
    assert third.shape == (1, 1, 5, 9)

    whole = layer(nn.TransformerEncoderLayer).eval()
    x, mask = torch.rand(2, 6, 32), torch.zeros(6, 6, dtype=torch.bool)
    mask[1] = True
    before = whole(x, src_mask=mask)
    with capture_attention(whole) as captured:
        during = whole(x, src_mask=mask)
    torch.testing.assert_close(during, before, atol=1e-4, rtol=1e-3)
    assert not captured.weights["self_attn"][:, :, 1].any()


def test_weights_are_those_before_dropout():
    attention = nn.MultiheadAttention(32, 4, dropout=0.5).train()
    x = torch.rand(6, 2, 32)
    torch.manual_seed(0)
    before = attention(x, x, x)
    torch.manual_seed(0)
    with capture_attention(attention) as captured:
        during = attention(x, x, x)
    for one, other in zip(before, during, strict=True):
        torch.testing.assert_close(one, other)
    sums = captured.weights["MultiheadAttention"].sum(-1)
    torch.testing.assert_close(sums, torch.ones_like(sums))


@pytest.mark.filterwarnings("ignore")  # torch.jit is on its way out
def test_a_compiled_model_runs_uncompiled_and_hidden_ones_are_named():
    block = layer(nn.TransformerEncoderLayer).eval()
    x = torch.rand(2, 6, 32)
    with capture_attention(torch.compile(block, backend="eager")) as captured:
        block(x)
    assert [w.shape for w in captured.weights.values()] == [(2, 4, 6, 6)]
    with (
        pytest.raises(RuntimeError, match="did not run"),
        capture_attention(captioner()),
    ):
        block(x)  # another model
    with pytest.raises(RuntimeError, match="no attention was seen"):
        traced = torch.jit.trace(
            layer(nn.TransformerEncoderLayer), x, check_trace=False
        )
        with capture_attention(traced):
            traced(x)


def test_other_threads_are_not_heard():
    block = layer(nn.TransformerEncoderLayer).eval()
    x = torch.rand(2, 6, 32)
    with pytest.raises(RuntimeError, match="another thread"):
        with capture_attention(block), ThreadPoolExecutor() as pool:
            pool.submit(block, x).result()
    with capture_attention(block) as captured, ThreadPoolExecutor() as pool:
        others = [pool.submit(block, x) for _ in range(20)]
        for _ in range(20):
            block(x)
        assert all(other.result().shape == x.shape for other in others)
    assert len(captured.weights) == 20
    assert all(name.startswith("self_attn") for name in captured.weights)


class PairAttention(nn.Module):
    """What comes in first is no tensor; a mask as wide as the keys comes second."""

    def __init__(self, heads=4):
        super().__init__()
        self.heads = heads

    def forward(self, x, mask=None):
        x = x[0] if isinstance(x, tuple) else x
        q = x.unflatten(-1, (self.heads, -1))  # (B, T, A, d)
        weights = torch.einsum("btad,bnad->btan", q, q).softmax(-1)  # (B, T, A, N)
        return torch.einsum("btan,bnad->btad", weights, q).flatten(2)  # (B, T, D)


def test_heads_behind_the_queries_and_masks_are_told_apart():
    model, x = PairAttention(), torch.rand(2, 8, 8)
    x = x[:, :6]
    with capture_attention(model) as captured:
        model(x, torch.zeros(2, 6, 8))
        model((x, None))
    first, second = captured.weights.values()
    assert first.shape == (2, 4, 6, 6) and set(captured.kinds.values()) == {"self"}
    assert torch.equal(first, second)


class Named(nn.Module):
    """All arguments by their names, the first one too."""

    def __init__(self, fused):
        super().__init__()
        self.fused = fused
        self.q, self.k = nn.Linear(12, 12), nn.Linear(12, 12)

    def forward(self, x, y):
        q, k = (one.unflatten(-1, (3, 4)) for one in (self.q(x), self.k(y)))
        q = torch.transpose(input=q, dim0=1, dim1=2)  # (B, A, T, d)
        k = torch.permute(input=k, dims=(0, 2, 1, 3))  # (B, A, N, d)
        if self.fused:
            attend = nn.functional.scaled_dot_product_attention
            return attend(key=k, query=q, value=k, scale=1.0)
        weights = nn.functional.softmax(input=q @ k.mT, dim=-1)  # (B, A, T, N)
        dropped = nn.functional.dropout(input=weights, p=0.3, training=self.training)
        return torch.matmul(input=dropped, other=k)  # (B, A, T, d)


@pytest.mark.parametrize("fused", [False, True])
def test_arguments_by_name_are_heard_as_those_by_place(fused):
    torch.manual_seed(0)
    model, inputs = Named(fused).train(), (torch.rand(2, 5, 12), torch.rand(2, 7, 12))
    q, k = (
        layer(x).unflatten(-1, (3, 4)).transpose(1, 2)  # (B, A, T or N, d)
        for layer, x in zip((model.q, model.k), inputs, strict=True)
    )
    torch.manual_seed(1)
    before = model(*inputs)
    torch.manual_seed(1)
    with capture_attention(model) as captured:
        during = model(*inputs)
    assert torch.equal(before, during)
    torch.testing.assert_close(captured.weights["Named"], (q @ k.mT).softmax(-1))
    assert captured.kinds == {"Named": "cross"}


class Stumbles(nn.Module):
    def forward(self, x):
        raise ArithmeticError


@pytest.mark.filterwarnings("error")
def test_a_layer_that_fails_is_left_behind():
    class Goes(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.attention = Stumbles(), PairAttention()

        def forward(self, x):
            try:
                return self.first(x)
            except ArithmeticError:
                return self.attention(x)

    model = Goes()
    with capture_attention(model) as captured:
        model(torch.rand(2, 6, 8))
    assert list(captured.weights) == ["attention"]


class Projected(nn.Module):
    """q (B, T, D), k and v (B, N, D), and what a subclass does with them."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(24, 24) for _ in range(3))

    def forward(self, x, y):
        return self.attend(self.q(x), self.k(y), self.v(y))


class TwoSoftmaxes(Projected):
    """Efficient attention (Shen et al. 2018), of three heads."""

    def attend(self, *qkv):
        q, k, v = (x.unflatten(-1, (3, 8)).transpose(1, 2) for x in qkv)
        return q.softmax(-1) @ (k.softmax(-2).mT @ v)  # (B, A, T, d)


class OneHead(Projected):
    def attend(self, q, k, v):
        return q.softmax(-1) @ (k.softmax(1).mT @ v)  # (B, T, D)


class Channels(Projected):
    """XCA (El-Nouby et al. 2021): channels attend to channels."""

    def attend(self, q, k, v):
        return ((k.mT @ k).softmax(-1) @ v.mT).mT  # (B, N, D)


class Beside(nn.Module):
    """A decoder behind an encoder that is heard."""

    def __init__(self, kind):
        super().__init__()
        self.encoder = nn.MultiheadAttention(24, 3, batch_first=True)
        self.decoder = kind()

    def forward(self, x, y):
        return self.decoder(x, y + self.encoder(y, y, y)[0])


def listen(kind):
    """What was captured of a decoder of that kind, and what was warned of."""
    torch.manual_seed(0)
    model, inputs = Beside(kind).eval(), (torch.randn(2, 7, 24), torch.randn(2, 11, 24))
    with torch.inference_mode(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = model(*inputs)
        with capture_attention(model) as captured:
            during = model(*inputs)
    assert torch.equal(before, during)
    shapes = {name: tuple(w.shape) for name, w in captured.weights.items()}
    assert shapes.pop("encoder") == (2, 3, 11, 11)
    return shapes, [str(one.message) for one in caught]


@pytest.mark.parametrize("kind", [TwoSoftmaxes, OneHead, Channels])
def test_attention_without_weights_over_places_is_named_beside_another(kind):
    shapes, said = listen(kind)
    assert not shapes
    (warning,) = said
    assert "linear attention" in warning and warning.endswith(": decoder")


class Codebook(nn.Module):
    """Every place becomes a mean of codes: no attention."""

    def __init__(self):
        super().__init__()
        self.codes = nn.Parameter(torch.randn(6, 24))

    def forward(self, x, y):
        return (y @ self.codes.T).softmax(-1) @ self.codes  # (B, N, D)


def test_other_softmaxes_over_parameters_are_passed_over():
    assert listen(Codebook) == ({}, [])


class Nearest(Projected):
    """The three nearest keys of each query."""

    def forward(self, x, y):
        nearest = torch.cdist(x, y).topk(3, largest=False).indices  # (B, T, 3)
        k, v = self.pick(self.k(y), nearest), self.pick(self.v(y), nearest)
        weights = torch.einsum("btd,btkd->btk", self.q(x), k).softmax(-1)
        return torch.einsum("btk,btkd->btd", weights, v)

    def pick(self, x, places):
        return x[torch.arange(len(x))[:, None, None], places]  # (B, T, 3, D)


class NearestOfOneList(Nearest):
    """The images end to end, as point clouds are."""

    def pick(self, x, places):
        first = x.shape[1] * torch.arange(len(x))[:, None, None]
        picked = x.flatten(0, 1)[(places + first).view(-1), :]  # (B * T * 3, D)
        return picked.view(*places.shape, -1)  # (B, T, 3, D)


class BestScores(Projected):
    def attend(self, q, k, v):
        scores, places = (q @ k.mT).sort(-1, descending=True)  # (B, T, N)
        weights, places = scores[..., :3].softmax(-1), places[..., :3, None]
        return (weights[..., None] * v[:, None].take_along_dim(places, 2)).sum(2)


@pytest.mark.parametrize("kind", [Nearest, NearestOfOneList, BestScores])
def test_keys_that_were_picked_are_said_to_be_no_places(kind):
    shapes, said = listen(kind)
    assert [shape[-1] for shape in shapes.values()] == [3]
    (warning,) = said
    assert "picked, not places" in warning and warning.endswith(": decoder")


class TopP(Projected):
    """Keys that hold little are masked: those that are left stay where they were."""

    def attend(self, q, k, v):
        scores = q @ k.mT  # (B, T, N)
        most, places = scores.softmax(-1).sort(-1, descending=True)
        little = most.cumsum(-1) - most > 0.7  # (B, T, N)
        little = torch.zeros_like(little).scatter(-1, places, little)
        most.amax().sort()  # of a single number
        return scores.masked_fill(little, -torch.inf).softmax(-1) @ v


class Scattered(Projected):
    def attend(self, q, k, v):
        scores = q @ k.mT  # (B, T, N)
        best, places = scores.topk(3)  # (B, T, 3)
        return torch.zeros_like(scores).scatter(-1, places, best.softmax(-1)) @ v


@pytest.mark.parametrize("kind", [TopP, Scattered])
def test_keys_in_their_places_are_not_called_picked(kind):
    assert listen(kind) == ({"decoder": (2, 1, 7, 11)}, [])


def test_tokens_that_were_picked_once_are_a_sequence_of_their_own():
    class Pruned(Projected):
        def forward(self, x, y):
            best = y.norm(dim=-1).topk(5).indices[..., None]  # (B, 5, 1)
            y = y.take_along_dim(best, 1)  # (B, 5, D)
            return (self.q(y) @ self.k(y).mT).softmax(-1) @ self.v(y)

    assert listen(Pruned) == ({"decoder": (2, 1, 5, 5)}, [])
