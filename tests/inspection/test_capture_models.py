"""Capture on published architectures in which axes are easily mistaken: tiny, random.

Values are compared with what the attention layers return themselves in eager mode;
shapes and kinds are those of the architecture.
"""

import re
import warnings

import pytest
import timm
import torch
import transformers as T
from timm.layers.halo_attn import HaloAttn
from timm.layers.lambda_layer import LambdaLayer
from timm.models.volo import OutlookAttention
from torch import nn
from transformers.models.swiftformer import modeling_swiftformer as swiftformer

from helpers.inspection import caption_attentions, capture_attention
from helpers.inspection.capture.captured import Call, Captured
from tests.inspection import tiny

B = 3
SMALL = {**tiny.SMALL, "vocab_size": 60}
SIDES = {"depths": [1, 1], "num_heads": [2, 4], "window_size": 4, "embed_dim": 16}
PYRAMID = {
    "hidden_sizes": [16, 32, 32, 32],
    "depths": [1, 1, 1, 1],
    "num_attention_heads": [1, 2, 4, 4],
}
HIERA = {
    "embed_dim": 16,
    "image_size": [64, 64],
    "depths": [1, 1, 1, 1],
    "num_heads": [1, 2, 4, 4],
}
LEVIT = {
    "hidden_sizes": [16, 32, 64],
    "num_attention_heads": [2, 2, 4],
    "depths": [1, 1, 1],
    "key_dim": [8, 8, 8],
    "image_size": 96,
}


def seeded(build):
    """The model with random weights, wide enough that no two heads look alike."""
    torch.manual_seed(0)
    model = build().eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=0.4)
    return model


def pixels(H, W):
    return torch.randn(B, 3, H, W, generator=torch.Generator().manual_seed(1))


def words(T=7):
    return torch.randint(3, 60, (B, T), generator=torch.Generator().manual_seed(2))


def returned(model, run):
    """{layer: weights} of the attention layers that return them, innermost first."""
    found, names = {}, {module: name for name, module in model.named_modules()}

    def keep(module, _, output):
        weights = output[1] if isinstance(output, tuple) and len(output) > 1 else None
        if isinstance(weights, torch.Tensor) and weights.dim() == 4:
            found.setdefault(names[module], weights)

    hooks = [m.register_forward_hook(keep) for m in model.modules()]
    run(model)
    for hook in hooks:
        hook.remove()
    return found


def captured_of(model, run):
    with torch.inference_mode(), capture_attention(model) as captured:
        run(model)
    return captured


LANGUAGE = {  # what made the queries' axis another one: a mask that came first, a list
    "GPT-Neo": lambda: T.GPTNeoModel(
        T.GPTNeoConfig(
            hidden_size=32,
            num_layers=2,
            num_heads=4,
            vocab_size=60,
            attention_types=[[["global", "local"], 1]],
            window_size=4,
        )
    ),
    "ImageGPT": lambda: T.ImageGPTModel(
        T.ImageGPTConfig(n_embd=32, n_layer=2, n_head=4, vocab_size=60)
    ),
    "Falcon": lambda: T.FalconModel(
        T.FalconConfig(**SMALL, attn_implementation="eager")
    ),
    "DiffLlama": lambda: T.DiffLlamaModel(
        T.DiffLlamaConfig(**SMALL, num_key_value_heads=2)
    ),
}


@pytest.mark.parametrize("name", LANGUAGE)
def test_words_that_look_at_each_other_are_self_attention(name):
    model = seeded(LANGUAGE[name])
    if name != "Falcon":  # takes its mode when it is built
        model.set_attn_implementation("eager")

    def run(model):
        return model(input_ids=words(), output_attentions=True).attentions

    captured = captured_of(model, run)
    with torch.inference_mode():
        expected = run(model)
    assert set(captured.kinds.values()) == {"self"}
    if not expected:
        pytest.skip(f"transformers {T.__version__} returns no weights for {name}")
    torch.testing.assert_close(list(captured.weights.values()), list(expected))


# What is as long as something else by chance: a grid as wide as the features, a kernel
# as wide as what it makes.
VISION = {
    "Swin": (lambda: T.SwinModel(T.SwinConfig(patch_size=4, **SIDES)), (48, 64)),
    "Swin v2": (
        lambda: T.Swinv2Model(T.Swinv2Config(image_size=64, patch_size=4, **SIDES)),
        (64, 64),
    ),
    "PVT": (lambda: T.PvtModel(T.PvtConfig(image_size=64, **PYRAMID)), (64, 64)),
}


@pytest.mark.parametrize("name", VISION)
def test_axes_are_not_mistaken_for_others_of_the_same_length(name):
    build, size = VISION[name]
    model = seeded(build)
    model.set_attn_implementation("eager")

    def run(model):
        return model(pixels(*size), output_attentions=True)

    captured = captured_of(model, run)
    with torch.inference_mode():
        expected = returned(model, run)
    assert set(captured.kinds.values()) == {"self"}
    assert len(captured.weights) >= 2
    for layer, weights in captured.weights.items():
        torch.testing.assert_close(
            weights, expected[layer], msg=layer, atol=1e-5, rtol=1e-4
        )


def test_windows_beside_heads_are_images():
    """Hiera's scores are (B, A, windows, T, N)."""
    model = seeded(lambda: T.HieraModel(T.HieraConfig(**HIERA)))
    captured = captured_of(model, lambda m: m(pixels(64, 64)))
    shapes = [tuple(weights.shape) for weights in captured.weights.values()]
    assert shapes[:2] == [(B * 4, 1, 64, 64), (B * 4, 2, 16, 64)]


def test_queries_cut_out_with_a_stride_are_of_the_same_sequence():
    model = seeded(lambda: T.LevitModel(T.LevitConfig(**LEVIT)))
    captured = captured_of(model, lambda m: m(pixels(96, 96)))
    assert set(captured.kinds.values()) == {"self"}
    shapes = [tuple(w.shape) for w in captured.weights.values()]
    assert shapes[:2] == [(B, 2, 36, 36), (B, 2, 9, 36)]


def test_sampled_keys_belong_to_their_query():
    """Deformable attention: each query reads a few places of its own."""
    backbone = T.ResNetConfig(
        embedding_size=16,
        hidden_sizes=[16, 16, 32, 32],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage3", "stage4"],
    )
    config = T.DeformableDetrConfig(
        backbone_config=backbone,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        num_queries=6,
        num_feature_levels=2,
        encoder_n_points=3,
        decoder_n_points=3,
    )
    model = seeded(lambda: T.DeformableDetrModel(config))
    captured = captured_of(model, lambda m: m(pixels(64, 96)))
    layers = {
        layer: (captured.kinds[layer], tuple(weights.shape))
        for layer, weights in captured.weights.items()
    }
    places = 4 * 6 + 2 * 3
    assert layers == {
        "encoder.layers.0.self_attn": ("self", (B, 4, places, 6)),
        "decoder.layers.0.self_attn": ("self", (B, 4, 6, 6)),
        "decoder.layers.0.encoder_attn": ("cross", (B * 6, 4, 1, 6)),
    }


def test_weights_that_a_layer_gave_itself_have_queries():
    """VOLO: a linear layer gives each place 3 x 3 queries with 3 x 3 keys."""
    attention = seeded(lambda: OutlookAttention(32, 4, 3, padding=1, stride=2))
    captured = captured_of(attention, lambda m: m(torch.randn(B, 8, 12, 32)))
    (weights,) = captured.weights.values()
    assert weights.shape == (B * 4 * 6, 4, 9, 9)


def test_keys_unfolded_around_each_block_are_of_the_same_image():
    attention = seeded(lambda: HaloAttn(32, None, (16, 16), num_heads=4))
    captured = captured_of(attention, lambda m: m(torch.randn(B, 32, 16, 16)))
    assert list(captured.kinds.values()) == ["self"]
    (weights,) = captured.weights.values()
    assert weights.shape == (B * 4, 4, 64, 14 * 14)  # 2 x 2 blocks of 8 x 8


class Biased(nn.Module):
    """An attention with a bias that is looked up by products with one-hots."""

    def __init__(self):
        super().__init__()
        self.rel_pos = timm.layers.RelPosBiasTf((3, 3), 4)
        self.qkv = nn.Linear(32, 96)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, 4, 8)).permute(2, 0, 3, 1, 4)
        return self.rel_pos(q @ k.mT).softmax(-1) @ v


def test_a_table_of_positions_is_no_attention():
    captured = captured_of(seeded(Biased), lambda m: m(torch.randn(B, 9, 32)))
    assert [tuple(w.shape) for w in captured.weights.values()] == [(B, 4, 9, 9)]


DAVIT = {
    "embed_dims": (16, 32, 32, 32),
    "num_heads": (2, 4, 4, 4),
    "depths": (1, 1, 1, 1),
    "window_size": 2,
}


def test_layers_that_attend_to_channels_are_not_called_hidden(recwarn):
    model = seeded(lambda: timm.create_model("davit_tiny", **DAVIT))
    captured = captured_of(model, lambda m: m(pixels(64, 64)))
    assert [tuple(w.shape[1:]) for w in captured.weights.values()] == [
        (heads, 4, 4) for heads in DAVIT["num_heads"]
    ]
    said = [str(w.message) for w in recwarn if "weights" in str(w.message)]
    assert len(said) == 1 and "attention over channels" in said[0]
    assert "stages.0.blocks.0.1.attn" in said[0]


NO_PLACES = {
    "LambdaNet": lambda: LambdaLayer(32, None, (4, 4), num_heads=4, r=None),
    "SwiftFormer": lambda: swiftformer.SwiftFormerEfficientAdditiveAttention(
        T.SwiftFormerConfig(), 32
    ),
}


@pytest.mark.parametrize("name", NO_PLACES)
def test_maps_of_features_are_not_listed(name):
    given = torch.randn(B, 32, 4, 4)  # (B, C, h, w)
    given = given if name == "LambdaNet" else given.flatten(2).mT
    with pytest.raises(RuntimeError, match="no attention was seen"):
        captured_of(seeded(NO_PLACES[name]), lambda m: m(given))


def longformer():
    config = T.LongformerConfig(**SMALL, attention_window=4, pad_token_id=1)
    return seeded(lambda: T.LongformerModel(config))


def test_half_of_an_attention_is_refused_by_name():
    """Longformer skews its windows; of its global keys the rest can be followed."""
    far = torch.tensor([[1] + [0] * 7] * B)
    model = longformer()
    with pytest.raises(RuntimeError, match="in doubt: encoder.layer.0.attention"):
        captured_of(model, lambda m: m(words(8)))
    with pytest.warns(UserWarning, match="encoder.layer.0.attention.self"):
        captured = captured_of(model, lambda m: m(words(8), global_attention_mask=far))
    assert {tuple(w.shape) for w in captured.weights.values()} == {(B, 4, 1, 8)}


# ---- generate

OPTIONS = {"max_new_tokens": 5, "return_dict_in_generate": True}


def gemma(heads=1, **config):
    config = T.GemmaConfig(
        **SMALL, num_key_value_heads=heads, head_dim=8, pad_token_id=0, **config
    )
    return seeded(lambda: T.GemmaForCausalLM(config))


def mistral():
    config = T.MistralConfig(**SMALL, num_key_value_heads=2, sliding_window=6)
    return seeded(lambda: T.MistralForCausalLM(config))


def generate(model, mode, **options):
    model.set_attn_implementation(mode)
    options = {"eos_token_id": None, "pad_token_id": 0, **OPTIONS, **options}
    with torch.inference_mode():
        return model.generate(**options)


WAYS = {
    "beams": {"num_beams": 3},
    "padded": {"padding": 2},
    "static": {"cache_implementation": "static"},
    "all": {"num_beams": 3, "padding": 2, "cache_implementation": "static"},
}


@pytest.mark.parametrize("mode", ["eager", "sdpa"])
@pytest.mark.parametrize("way", WAYS)
def test_every_head_of_one_shared_key_head_is_followed_through_generate(way, mode):
    options = dict(WAYS[way])
    ids = words()
    mask = torch.ones_like(ids)
    mask[1, : options.pop("padding", 0)] = 0  # the second prompt is shorter
    inputs = {"input_ids": ids * mask, "attention_mask": mask, **options}
    known = generate(gemma(), "eager", output_attentions=True, **inputs)
    model = gemma()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with capture_attention(model) as captured:
            generated = generate(model, mode, **inputs)
    assert torch.equal(generated.sequences, known.sequences)
    steps = captured.steps("self")
    for row in range(B):
        ours = caption_attentions(generated, steps, row)
        theirs = caption_attentions(known, "attentions", row)
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("prompt", [4, 6, 9])
def test_steps_of_a_window_that_moved_on_are_refused(prompt):
    """Before, on and behind the edge of a window of 6 words."""
    model = mistral()
    with capture_attention(model) as captured:
        generated = generate(model, "sdpa", input_ids=words(prompt))
    steps = captured.steps("self")
    keys = min(6, prompt) + (prompt < 6)
    assert steps[1][0].shape[-1] == keys
    said = f"has 4 heads and 6 keys; expected 4 heads and {max(prompt, 6) + 1}"
    with pytest.raises(ValueError, match=re.escape(said)):
        caption_attentions(generated, steps)


def test_steps_of_other_heads_are_refused():
    steps = [[torch.rand(1, 4, 3, 3)], [torch.rand(1, 1, 1, 4)]]
    model = mistral()
    generated = generate(model, "sdpa", input_ids=words(3)[:1], max_new_tokens=2)
    with pytest.raises(ValueError, match="step 1 has 1 heads and 4 keys; expected 4"):
        caption_attentions(generated, steps)


def test_an_encoder_that_ran_as_often_as_there_are_words_is_no_step():
    """Windows of Qwen2.5-VL are calls of their own, all before the first word."""
    eye = [Call("eye", "self", torch.ones(1)) for _ in range(4)]
    words = [
        Call(layer, "self", torch.full((1,), step))
        for step in range(4)
        for layer in ("one", "two")
    ]
    captured = Captured([*eye, *words])
    assert [[w.item() for w in step] for step in captured.steps("self")] == [
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 3],
    ]
