"""The constructors of TokenLayout against the order that tiny real models have."""

import pytest
import torch
import transformers as T
from test_architectures import image, llava_next, prompt

from helpers.inspection import probe_layout, tiny_vlm
from helpers.inspection.shapes.processor import sorted_blocks
from helpers.maps import TokenLayout
from tests.inspection.tiny import SMALL

TEXT = {**SMALL, "num_key_value_heads": 2, "vocab_size": 60}
IMAGE, BREAK, END = 50, 51, 52  # ids of a prompt


def built(model):
    """A model with random weights, always the same."""
    torch.manual_seed(0)
    return model().eval()


def video(name):
    """The model, and a function that reads its keys for t pictures, one below the other
    (B, 3, t * H, W): each is shown in as many frames as make a step."""
    kind, config, (H, _), _ = VIDEOS[name]
    model = built(lambda: kind(config))

    def read(images):
        steps = images.unflatten(2, (-1, H)).transpose(1, 2)  # (B, t, 3, H, W)
        frames = steps.repeat_interleave(config.num_frames // steps.shape[1], 1)
        return model(frames).last_hidden_state

    return model, read


VIDEOS = {  # model, its configuration, size of a frame, its layout
    "VideoMAE": (
        T.VideoMAEModel,
        T.VideoMAEConfig(**SMALL, image_size=(48, 64), patch_size=16, num_frames=4),
        (48, 64),
        TokenLayout.from_frames(2, 3, 4),
    ),
    "ViViT": (
        T.VivitModel,
        T.VivitConfig(**SMALL, image_size=64, tubelet_size=[2, 16, 16], num_frames=6),
        (64, 64),
        TokenLayout.from_frames(3, 4, 4, prefix=1),
    ),
    "TimeSformer": (
        T.TimesformerModel,
        T.TimesformerConfig(**SMALL, image_size=64, patch_size=16, num_frames=3),
        (64, 64),
        TokenLayout.from_frames(3, 4, 4, prefix=1, time_last=True),
    ),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_frames(name):
    _, _, (H, W), known = VIDEOS[name]
    t, h, w = known.grid
    tall = probe_layout(video(name)[1], image(t * H, W), (t * h, w))
    assert tall.length == known.length and not tall.unresolved
    assert torch.equal(tall.index.unflatten(0, (t, h)), known.index)


def qwen_patches(images):
    """As the processor of Qwen2-VL cuts them: (all patches, values), the grids."""
    processor = T.Qwen2VLImageProcessor(do_resize=False, do_rescale=False)
    found = processor(list(images), return_tensors="pt")
    return found["pixel_values"], found["image_grid_thw"]


def tower(model):
    """Reads what goes into the blocks of a vision tower of Qwen."""

    def read(images):
        given = []
        hook = model.blocks[0].register_forward_pre_hook(
            lambda _, x: given.append(x[0])
        )
        model(*qwen_patches(images))
        hook.remove()
        return given[0].unflatten(0, (len(images), -1))

    return read


def test_blocks_of_cells_that_will_be_merged():
    read = tower(tiny_vlm().model.visual)
    known = TokenLayout.from_blocks(4, 6)
    assert probe_layout(read, image(56, 84), (4, 6)) == known


def test_blocks_that_are_sorted_by_windows():
    config = T.models.qwen2_5_vl.configuration_qwen2_5_vl.Qwen2_5_VLVisionConfig(
        depth=2, hidden_size=32, out_hidden_size=32, num_heads=4, intermediate_size=64
    )
    kind = T.models.qwen2_5_vl.modeling_qwen2_5_vl
    model = built(lambda: kind.Qwen2_5_VisionTransformerPretrainedModel(config))
    layout = probe_layout(tower(model), image(12 * 14, 20 * 14), (12, 20), batch=4)
    assert layout == TokenLayout(sorted_blocks(12, 20), 240)


def image_tokens_of(model, inputs, ids):
    """Reads what goes into the language model: (B, N, D). inputs: images -> dict."""

    def read(images):
        batch = ids.expand(len(images), -1)
        out = model(**inputs(images), input_ids=batch, output_hidden_states=True)
        return out.hidden_states[0]

    return read


def pixtral():
    """5 x 3 patches, and a break behind each row: a LLaVA with Pixtral's encoder."""
    config = T.LlavaConfig(
        vision_config=T.PixtralVisionConfig(**SMALL, image_size=96, patch_size=16),
        text_config=T.LlamaConfig(**TEXT),
        image_token_index=IMAGE,
        vision_feature_select_strategy="full",
        vision_feature_layer=-1,
    )
    rows = [*[IMAGE] * 3, BREAK] * 5
    ids = prompt(1, 5, *rows[:-1], END, 6, 7, 8)
    model = built(lambda: T.LlavaForConditionalGeneration(config))

    def inputs(images):
        sizes = torch.tensor([images.shape[-2:]] * len(images))
        return {"pixel_values": images, "image_sizes": sizes}

    return image_tokens_of(model, inputs, ids), ids


def test_a_break_behind_every_row_of_a_prompt():
    read, ids = pixtral()
    layout = probe_layout(read, image(80, 48), (5, 3))
    assert layout == TokenLayout.from_grid(5, 3, prefix=2, suffix=3, breaks=1)
    places = (ids[0] == IMAGE).nonzero()[:, 0]
    assert layout == TokenLayout.from_grid(5, 3).within(places, ids.shape[1])


def test_a_newline_behind_every_row_of_tiles_put_together():
    _, read = llava_next()
    known = TokenLayout.from_grid(4, 8, prefix=2 + 16, suffix=3, breaks=1)
    assert probe_layout(read, image(64, 128), (4, 8)) == known


def in_tiles(images, side):
    """(B, rows * columns, 3, side, side), row by row."""
    tiles = images.unfold(2, side, side).unfold(3, side, side)
    return tiles.flatten(2, 3).transpose(1, 2)


def internvl():
    """2 x 3 tiles of 4 x 4 patches, four of them merged into one token; a thumbnail."""
    config = T.InternVLConfig(
        vision_config=T.InternVLVisionConfig(
            **SMALL, image_size=[64, 64], patch_size=[16, 16]
        ),
        text_config=T.Qwen2Config(**TEXT),
        image_token_id=IMAGE,
    )
    processor = T.GotOcr2ImageProcessor(
        size={"height": 64, "width": 64}, do_rescale=False, crop_to_patches=True
    )
    ids = prompt(1, 5, 9, *[IMAGE] * (7 * 4), 6, 7)
    model = built(lambda: T.InternVLForConditionalGeneration(config))

    def inputs(images):
        pixels = processor(list(images), min_patches=6, max_patches=6)
        return {"pixel_values": torch.stack([*pixels["pixel_values"]])}

    return image_tokens_of(model, inputs, ids), ids


def test_tiles_and_a_thumbnail_in_a_prompt():
    read, ids = internvl()
    layout = probe_layout(read, image(128, 192), (4, 6))
    places = (ids[0] == IMAGE).nonzero()[:, 0]
    tiles = TokenLayout.from_tiles(2, 3, 2, 2, suffix=4)
    assert layout == tiles.within(places, ids.shape[1])


def mllama():
    """1 x 2 tiles of 3 x 3 patches, each with a class token, filled up to 16 keys."""
    config = T.models.mllama.configuration_mllama.MllamaVisionConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_global_layers=1,
        attention_heads=4,
        intermediate_size=64,
        vision_output_dim=64,
        image_size=48,
        patch_size=16,
        max_num_tiles=2,
        intermediate_layers_indices=[0],
        supported_aspect_ratios=[[1, 1], [1, 2], [2, 1]],
    )
    model = built(lambda: T.models.mllama.modeling_mllama.MllamaVisionModel(config))

    def read(images):
        pixels, B = in_tiles(images, 48)[:, None], len(images)
        # (B, 1 picture, 2 tiles, 3, 48, 48)
        ids, mask = torch.full((B, 1), 2), torch.ones(B, 1, 2, dtype=torch.long)
        out = model(pixels, ids, mask).last_hidden_state  # (B, 1, 2, 10, D)
        return out.flatten(1, 3)

    return read


def test_tiles_that_have_a_class_token_each():
    layout = probe_layout(mllama(), image(48, 96), (3, 6))
    assert layout == TokenLayout.from_tiles(1, 2, 3, 3, tile_prefix=1)


def idefics():
    """Tiles of 4 x 4 patches, four of them one token."""
    config = T.Idefics3Config(
        vision_config={**SMALL, "image_size": 64, "patch_size": 16},
        text_config=T.LlamaConfig(**TEXT),
        image_token_id=IMAGE,
        scale_factor=2,
    )
    processor = T.Idefics3ImageProcessor(
        size={"longest_edge": 192}, max_image_size={"longest_edge": 64}
    )

    def inputs(images):
        found = processor(list(images), do_rescale=False, return_tensors="pt")
        return {"pixel_values": found["pixel_values"]}

    return built(lambda: T.Idefics3ForConditionalGeneration(config)), inputs


def naflex():
    """3 x 5 patches that are filled up to 18 keys."""
    config = T.Siglip2VisionConfig(**SMALL, patch_size=16, num_patches=16)
    model = built(lambda: T.Siglip2VisionModel(config))

    def read(images):
        x = images.unfold(2, 16, 16).unfold(3, 16, 16)  # (B, 3, 3, 5, 16, 16)
        x = x.permute(0, 2, 3, 4, 5, 1).flatten(3).flatten(1, 2)  # (B, 15, 768)
        mask = torch.ones(len(images), 18, dtype=torch.long)
        mask[:, 15:] = 0
        shapes = torch.tensor([[3, 5]] * len(images))
        x = torch.nn.functional.pad(x, (0, 0, 0, 3))  # (B, 18, 768)
        return model(x, mask, shapes).last_hidden_state

    return read


def test_tiles_with_text_between_them():
    model, inputs = idefics()
    row = [*[END, 9, *[IMAGE] * 4] * 3, BREAK]  # each tile has a name
    ids = prompt(1, *row * 2, BREAK, END, 9, *[IMAGE] * 4, END, 6, 7)
    read = image_tokens_of(model, inputs, ids)
    layout = probe_layout(read, image(128, 192), (4, 6))
    places = (ids[0] == IMAGE).nonzero()[:, 0]
    tiles = TokenLayout.from_tiles(2, 3, 2, 2, suffix=4)
    assert layout == tiles.within(places, ids.shape[1])


def test_padding_behind_the_cells():
    layout = probe_layout(naflex(), image(48, 80), (3, 5))
    assert layout == TokenLayout.from_grid(3, 5, suffix=3)
