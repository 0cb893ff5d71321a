"""Capture and probe on the architectures that people use: tiny, with random weights.

Each case builds the model, a function that reads its keys and, if that is another, one
that runs its attention; and it says the size of the image and the layout that is known.
Sizes are not square wherever the architecture takes such pictures.
"""

import pytest
import timm
import torch
import torchvision
import transformers
from torch import nn

from helpers.inspection import (
    caption_attentions,
    capture_attention,
    probe_layout,
    tiny_blip,
    tiny_vlm,
)
from helpers.maps import TokenLayout
from tests.inspection.tiny import SMALL, tiny_captioner, vit_gpt2

VIT = {**SMALL, "image_size": 224, "patch_size": 16}
DINO = {**SMALL, "image_size": 224, "patch_size": 14}
SWIN = {"embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": 7}
ANY_SIZE = {"interpolate_pos_encoding": True}
IMAGE_TOKEN = 50


def image(H, W):
    return torch.rand(3, H, W, generator=torch.Generator().manual_seed(0))


def vit(kind, config, **options):
    """A vision model of transformers, and a function that reads its keys."""
    torch.manual_seed(0)
    model = kind(config).eval()
    return model, lambda x: model(x, **options).last_hidden_state


def torchvision_vit():
    torch.manual_seed(0)
    model = torchvision.models.VisionTransformer(224, 16, 2, 4, 32, 64).eval()

    def read(images):
        patches = model._process_input(images)  # (B, 196, D)
        token = model.class_token.expand(len(images), -1, -1)  # (B, 1, D)
        return model.encoder(torch.cat([token, patches], dim=1))

    return model, read


def timm_vit(registers):
    torch.manual_seed(0)
    model = timm.models.VisionTransformer(
        (224, 320), 16, embed_dim=32, depth=2, num_heads=4, reg_tokens=registers
    ).eval()
    return model, model.forward_features


def detr():
    torch.manual_seed(0)
    backbone = transformers.ResNetConfig(
        embedding_size=16,
        hidden_sizes=[16, 16, 32, 32],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage4"],
    )
    config = transformers.DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone_config=backbone,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        num_queries=10,
    )
    model = transformers.DetrModel(config).eval()
    return model, lambda x: model(pixel_values=x).encoder_last_hidden_state


def captioner(encoder, decoder=None):
    model = vit_gpt2(encoder, decoder)
    return model, lambda x: model.encoder(x).last_hidden_state


def trocr():
    decoder = transformers.TrOCRConfig(
        d_model=32,
        decoder_layers=2,
        decoder_attention_heads=2,
        decoder_ffn_dim=64,
        vocab_size=40,
        cross_attention_hidden_size=32,
    )
    return captioner(transformers.ViTConfig(**{**VIT, "image_size": 384}), decoder)


def blip():
    model = tiny_blip()
    # Weights as large as this model's mix the cells: the embedding is where to ask.
    return (
        model,
        lambda x: model.vision_model.embeddings(x, **ANY_SIZE),
        lambda x: model.vision_model(x, **ANY_SIZE).last_hidden_state,
    )


def prompt(*ids):
    return torch.tensor([ids])


def git():
    torch.manual_seed(0)
    config = transformers.GitConfig(
        vision_config=VIT, **SMALL, vocab_size=40, max_position_embeddings=32
    )
    model = transformers.GitForCausalLM(config).eval()
    ids = prompt(2, 5, 6, 7)

    def read(images):
        return model(
            pixel_values=images,
            input_ids=ids.expand(len(images), -1),
            output_hidden_states=True,
        ).hidden_states[-1]

    return model, read


def llava():
    torch.manual_seed(0)
    config = transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(**{**VIT, "image_size": 128}),
        text_config=transformers.LlamaConfig(
            **SMALL, num_key_value_heads=2, vocab_size=60
        ),
        image_token_index=IMAGE_TOKEN,
    )
    model = transformers.LlavaForConditionalGeneration(config).eval()
    ids = prompt(1, 5, *[IMAGE_TOKEN] * 64, 6, 7, 8)

    def read(images):
        return model(
            pixel_values=images,
            input_ids=ids.expand(len(images), -1),
            output_hidden_states=True,
        ).hidden_states[-1]

    return model, read


def llava_next():
    """64 x 128 pixels: a thumbnail of 4 x 4 tokens, then 4 rows of 8 and a newline."""
    torch.manual_seed(0)
    shapes = [[64, 128], [128, 64]]
    config = transformers.LlavaNextConfig(
        vision_config=transformers.CLIPVisionConfig(**{**VIT, "image_size": 64}),
        text_config=transformers.LlamaConfig(
            **SMALL, num_key_value_heads=2, vocab_size=60
        ),
        image_token_index=IMAGE_TOKEN,
        image_grid_pinpoints=shapes,
    )
    model = transformers.LlavaNextForConditionalGeneration(config).eval()
    processor = transformers.LlavaNextImageProcessor(
        size={"shortest_edge": 64},
        crop_size={"height": 64, "width": 64},
        image_grid_pinpoints=shapes,
        do_rescale=False,
    )
    ids = prompt(1, 5, *[IMAGE_TOKEN] * (16 + 4 * 9), 6, 7, 8)

    def read(images):
        inputs = processor(list(images), return_tensors="pt")
        return model(
            **inputs, input_ids=ids.expand(len(images), -1), output_hidden_states=True
        ).hidden_states[0]  # what goes into the language model

    return model, read


def as_patches(images):
    """(B, 3, H, W) as Qwen2-VL takes it: a row a patch, 2 x 2 neighbours together."""
    B, _, H, W = images.shape
    h, w = H // 14, W // 14
    x = images[:, None].expand(-1, 2, -1, -1, -1)  # (B, 2, 3, H, W): two moments
    x = x.reshape(B, 2, 3, h // 2, 2, 14, w // 2, 2, 14)
    x = x.permute(0, 3, 6, 4, 7, 2, 1, 5, 8)  # (B, h/2, w/2, 2, 2, 3, 2, 14, 14)
    return x.flatten(0, 4).flatten(1), torch.tensor([[1, h, w]] * B)


def qwen():
    model = tiny_vlm()
    image_token = model.config.image_token_id
    ids = prompt(1, 61, *[image_token] * 24, 62, 6, 7)

    def read(images):
        pixels, grid = as_patches(images)
        batch = ids.expand(len(images), -1)
        return model(
            pixel_values=pixels,
            image_grid_thw=grid,
            input_ids=batch,
            mm_token_type_ids=(batch == image_token).int(),
            output_hidden_states=True,
        ).hidden_states[0]  # what goes into the language model

    return model, read


T = transformers
PLAIN = TokenLayout.from_grid
BETWEEN = PLAIN(4, 8, prefix=2 + 16, suffix=3, breaks=1)
CASES = {  # build, size of the image, the layout that is known
    "ViT": (
        lambda: vit(T.ViTModel, T.ViTConfig(**VIT), **ANY_SIZE),
        (224, 320),
        PLAIN(14, 20, prefix=1),
    ),
    "DeiT": (
        lambda: vit(T.DeiTModel, T.DeiTConfig(**VIT), **ANY_SIZE),
        (224, 320),
        PLAIN(14, 20, prefix=2),
    ),
    "SigLIP": (
        lambda: vit(T.SiglipVisionModel, T.SiglipVisionConfig(**VIT), **ANY_SIZE),
        (224, 320),
        PLAIN(14, 20),
    ),
    "CLIP": (
        lambda: vit(T.CLIPVisionModel, T.CLIPVisionConfig(**VIT), **ANY_SIZE),
        (320, 224),
        PLAIN(20, 14, prefix=1),
    ),
    "BEiT": (
        lambda: vit(T.BeitModel, T.BeitConfig(**VIT)),
        (224, 224),
        PLAIN(14, 14, prefix=1),
    ),
    "DINOv2": (
        lambda: vit(T.Dinov2Model, T.Dinov2Config(**DINO)),
        (224, 336),
        PLAIN(16, 24, prefix=1),
    ),
    "DINOv2, registers": (
        lambda: vit(
            T.Dinov2WithRegistersModel,
            T.Dinov2WithRegistersConfig(**DINO, num_register_tokens=4),
        ),
        (224, 336),
        PLAIN(16, 24, prefix=5),
    ),
    "DINOv3": (
        lambda: vit(T.DINOv3ViTModel, T.DINOv3ViTConfig(**VIT, num_register_tokens=4)),
        (224, 320),
        PLAIN(14, 20, prefix=5),
    ),
    "torchvision ViT": (torchvision_vit, (224, 224), PLAIN(14, 14, prefix=1)),
    "timm ViT": (lambda: timm_vit(0), (224, 320), PLAIN(14, 20, prefix=1)),
    "timm ViT, registers": (lambda: timm_vit(4), (224, 320), PLAIN(14, 20, prefix=5)),
    "Swin": (
        lambda: vit(T.SwinModel, T.SwinConfig(image_size=224, patch_size=4, **SWIN)),
        (64, 96),
        PLAIN(8, 12),
    ),
    "DETR": (detr, (192, 320), PLAIN(6, 10)),
    "ViT and GPT-2": (
        lambda: captioner(transformers.ViTConfig(**VIT)),
        (224, 224),
        PLAIN(14, 14, prefix=1),
    ),
    "DeiT and GPT-2": (
        lambda: captioner(transformers.DeiTConfig(**VIT)),
        (224, 224),
        PLAIN(14, 14, prefix=2),
    ),
    "Swin and GPT-2": (
        lambda: captioner(T.SwinConfig(image_size=224, patch_size=4, **SWIN)),
        (64, 96),
        PLAIN(8, 12),
    ),
    "TrOCR": (trocr, (384, 384), PLAIN(24, 24, prefix=1)),
    "BLIP": (blip, (224, 320), PLAIN(14, 20, prefix=1)),
    "GIT": (git, (224, 224), PLAIN(14, 14, prefix=1, suffix=4)),
    "LLaVA": (llava, (128, 128), PLAIN(8, 8, prefix=2, suffix=3)),
    "LLaVA-NeXT": (llava_next, (64, 128), BETWEEN),
    "Qwen2-VL": (qwen, (112, 168), PLAIN(4, 6, prefix=2, suffix=3)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_layout_found_is_the_layout_known(name):
    build, size, known = CASES[name]
    _, read, *_ = build()
    layout = probe_layout(read, image(*size), known.grid)
    assert torch.equal(layout.index, known.index) and layout.length == known.length
    doubtful = len(layout.unresolved)
    # Here a cell sees about as much of its neighbours as of itself.
    assert doubtful <= {"DETR": 6, "Qwen2-VL": 2}.get(name, 0)


@pytest.mark.parametrize("name", CASES)
def test_every_attention_is_captured_with_its_heads(name):
    build, size, known = CASES[name]
    model, *_, read = build()
    inputs = torch.stack([image(*size), image(*size).flip(-1)])
    with torch.inference_mode():
        before = read(inputs)
        with capture_attention(model) as captured:
            during = read(inputs)
        torch.testing.assert_close(during, before, atol=1e-4, rtol=1e-3)
        assert torch.equal(read(inputs), before), "nothing is left behind"
    assert len(captured.weights) >= 2
    for weights in captured.weights.values():
        assert weights.dim() == 4
        sums = weights.sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-4, rtol=0)
    if "Swin" not in name:  # its windows have their own keys, see below
        keys = [w.shape[-1] for w in captured.weights.values()]
        assert known.length in keys


@pytest.mark.parametrize("block, shift", [(0, 0), (1, 3)])
def test_the_windows_of_swin_are_those_of_from_windows(block, shift):
    model, _ = CASES["Swin"][0]()
    attention = model.encoder.layers[0].blocks[block].attention

    def read(images):
        """What goes into the windows: (B, windows * 49, D)."""
        given = []
        hook = attention.register_forward_pre_hook(lambda _, x: given.append(x[0]))
        model(images)
        hook.remove()
        return given[0].unflatten(0, (len(images), -1)).flatten(1, 2)

    layout = probe_layout(read, image(64, 96), (16, 24))  # filled up to 21 x 28
    known = TokenLayout.from_windows(16, 24, 7, shift)
    assert torch.equal(layout.index, known.index) and layout.length == known.length


def test_vilt_shuffles_its_patches_and_the_probe_follows():
    torch.manual_seed(0)
    config = T.ViltConfig(**SMALL, patch_size=32, vocab_size=50, max_image_length=-1)
    model = T.ViltModel(config).eval()

    def read(images):
        torch.manual_seed(3)  # one shuffle for all calls
        mask = torch.ones(len(images), *images.shape[-2:], dtype=torch.long)
        ids = prompt(1, 5, 6, 7, 2).expand(len(images), -1)
        return model(pixel_values=images, pixel_mask=mask, input_ids=ids)[0]

    picture = image(224, 320)
    layout = probe_layout(read, picture, (7, 10), batch=1)
    assert not layout.unresolved and layout.length == 5 + 1 + 70
    cells = layout.index.flatten()
    assert set(cells.tolist()) == set(range(6, 76))  # after text and class token
    assert not torch.equal(cells, cells.sort().values), "it does shuffle"


def test_what_the_probe_gets_wrong_it_calls_unresolved():
    """In a deep layer with large random weights, cells mix: some have no answer."""
    wrong = doubtful = 0
    for seed in range(1, 4):
        model = tiny_blip(seed)
        known = PLAIN(14, 20, prefix=1)
        layout = probe_layout(
            lambda x, m=model: m.vision_model(x, **ANY_SIZE).last_hidden_state,
            image(224, 320),
            known.grid,
        )
        cells = {tuple(c) for c in (layout.index != known.index).nonzero().tolist()}
        assert cells <= set(layout.unresolved)
        wrong, doubtful = wrong + len(cells), doubtful + len(layout.unresolved)
    assert 0 < wrong < doubtful < 60


def test_heads_are_found_where_they_are_folded_into_the_batch():
    model, _ = trocr()
    inputs = {
        "pixel_values": torch.rand(3, 3, 384, 384),
        "decoder_input_ids": torch.tensor([[0, 5, 6, 7], [0, 8, 9, 5], [0, 6, 6, 9]]),
    }
    with torch.inference_mode(), capture_attention(model) as captured:
        model(**inputs)
    model.decoder.config.output_attentions = True
    with torch.inference_mode():
        out = model(**inputs, output_attentions=True)
    for kind, theirs in [
        ("cross", out.cross_attentions),
        ("self", out.decoder_attentions),
    ]:
        ours = [w for n, w in captured.of(kind).items() if n.startswith("decoder")]
        for one, other in zip(ours, theirs, strict=True):
            assert one.shape[:2] == (3, 2)
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("beams", [1, 3])
def test_a_prompt_with_an_image_in_it_is_followed_through_generate(beams):
    model = tiny_vlm()
    model.set_attn_implementation("eager")
    pixels, grid = as_patches(torch.stack([image(56, 84), image(56, 84).flip(-1)]))
    ids = prompt(1, 61, *[60] * 6, 62, 7).expand(2, -1)
    inputs = {"pixel_values": pixels, "image_grid_thw": grid}
    generated = model.generate(
        input_ids=ids,
        mm_token_type_ids=(ids == 60).int(),
        **inputs,
        num_beams=beams,
        max_new_tokens=5,
        output_attentions=True,
        return_dict_in_generate=True,
    )
    for row in range(2):
        layers = caption_attentions(generated, "attentions", row)
        T = len(layers[0])
        whole = generated.sequences[row : row + 1, : ids.shape[1] + T - 1]
        with torch.inference_mode():
            forced = model(
                input_ids=whole,
                mm_token_type_ids=(whole == 60).int(),
                pixel_values=pixels[24 * row : 24 * row + 24],
                image_grid_thw=grid[:1],
                output_attentions=True,
            )
        for ours, theirs in zip(layers, forced.attentions, strict=True):
            # Word t was written by the query at the token before it.
            theirs = theirs[0, :, -T:].transpose(0, 1)  # (T, A, N)
            torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-2)


@pytest.mark.parametrize("beams", [1, 3])
def test_the_steps_of_a_captured_generate_are_those_that_it_returns(beams):
    torch.manual_seed(0)
    model = tiny_captioner()
    pixels = torch.rand(3, 3, 224, 224)
    options = {
        "num_beams": beams,
        "max_new_tokens": 6,
        "return_dict_in_generate": True,
    }
    with capture_attention(model) as captured:  # sdpa: generate returns no weights
        generated = model.generate(pixel_values=pixels, **options)
    model.set_attn_implementation("eager")
    known = model.generate(pixel_values=pixels, output_attentions=True, **options)
    assert torch.equal(generated.sequences, known.sequences)
    for row in range(3):
        ours = caption_attentions(generated, captured.steps("cross"), row)
        theirs = caption_attentions(known, row=row)
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)
    words = captured.steps("self", under="decoder")
    assert len(words) == len(captured.steps("cross")) and len(words[0]) == 2


def test_one_layer_that_hides_its_weights_is_named():
    class LinearAttention(nn.Linear):
        """Without a softmax: there are no weights over the keys."""

    model = nn.ModuleDict(
        {
            "open": nn.MultiheadAttention(32, 4, batch_first=True),
            "closed": LinearAttention(32, 32),
        }
    )
    model.forward = lambda x: model["open"](model["closed"](x), x, x)
    with pytest.warns(UserWarning, match="1 attention layers .* weights: closed"):
        with capture_attention(model) as captured:
            model(torch.rand(2, 5, 32))
    assert list(captured.weights) == ["open"]


def test_without_a_batch_and_with_windows_on_an_axis_of_their_own():
    attention = nn.MultiheadAttention(32, 4)
    with capture_attention(attention) as captured:
        attention(torch.rand(6, 32), torch.rand(9, 32), torch.rand(9, 32))
    assert captured.weights["MultiheadAttention"].shape == (1, 4, 6, 9)

    class WindowAttention(nn.Module):
        def forward(self, scores):
            return scores.softmax(-1)

    attention = WindowAttention()
    with capture_attention(attention) as captured:
        attention(torch.rand(2, 3, 4, 7, 7))  # (B, windows, A, T, N)
    assert captured.weights["WindowAttention"].shape == (6, 4, 7, 7)
