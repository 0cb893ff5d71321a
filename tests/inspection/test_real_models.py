"""Loading a captioner as from the hub, from a folder that holds a tiny one."""

import pytest
import torch
import transformers
from matplotlib.cbook import get_sample_data
from PIL import Image

from helpers.inspection import (
    caption_attentions,
    capture_attention,
    geometry_of,
    load_real,
    save_tiny,
    tiny_blip,
    tiny_vlm,
)
from helpers.maps import Geometry
from tests.inspection.tiny import tiny_captioner

PHOTO = Image.open(get_sample_data("grace_hopper.jpg"))
KINDS = {"vit-gpt2": tiny_captioner, "blip": tiny_blip}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folders with the two tiny captioners."""
    folder = tmp_path_factory.mktemp("models")
    for kind, make in KINDS.items():
        save_tiny(folder / kind, make())
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_loaded_is_what_was_saved(saved, kind):
    captioner, original = load_real(saved / kind), KINDS[kind]()
    pixels, geometry = captioner.read(PHOTO)
    assert pixels.shape == (1, 3, 224, 224) and geometry == Geometry.squash((600, 512))
    assert not captioner.model.training
    ids = captioner.generate(pixels, beams=3, longest=6).sequences
    known = original.generate(pixel_values=pixels, num_beams=3, max_new_tokens=6)
    assert torch.equal(ids, known)
    assert all(isinstance(word, str) and word for word in captioner.words(ids[0]))


def test_it_gives_its_weights_away(saved):
    captioner = load_real(saved / "vit-gpt2")
    pixels, _ = captioner.read(PHOTO)
    layers = caption_attentions(captioner.generate(pixels, beams=3, longest=6), end=2)
    assert len(layers) == 2 and layers[0].shape[1:] == (2, 197)
    torch.testing.assert_close(layers[0].sum(-1), torch.ones(layers[0].shape[:2]))


def test_blip_through_captured_steps(saved):
    captioner = load_real(saved / "blip")
    pixels, _ = captioner.read(PHOTO)
    with capture_attention(captioner.model) as captured:
        generated = captioner.generate(pixels, beams=3, longest=6)
    layers = caption_attentions(generated, captured.steps("cross"))
    ids = generated.sequences[:, : len(layers[0])]
    with torch.inference_mode(), capture_attention(captioner.model) as forced:
        captioner.model(pixel_values=pixels, input_ids=ids)
    for ours, theirs in zip(layers, forced.of("cross").values(), strict=True):
        torch.testing.assert_close(
            ours, theirs[0].transpose(0, 1), atol=1e-3, rtol=1e-2
        )


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "I;16"])
def test_any_picture_is_read(saved, mode):
    picture = Image.new(mode, (80, 50))
    pixels, geometry = load_real(saved / "vit-gpt2").read(picture)
    assert pixels.shape == (1, 3, 224, 224) and geometry.size == (50, 80)


def test_processors_that_crop_and_that_pad():
    clip = transformers.CLIPImageProcessor()  # shorter side to 224, then the middle
    found = geometry_of(clip, (600, 512))
    assert found == Geometry.resize_and_crop((600, 512), 224, (224, 224))
    donut = transformers.DonutImageProcessor(size={"height": 300, "width": 400})
    assert geometry_of(donut, (600, 512)).box == (-144, 0, 656, 600)
    unresized = transformers.CLIPImageProcessor(do_resize=False)
    assert geometry_of(unresized, (480, 640)).box == (208, 128, 432, 352)
    with pytest.raises(ValueError, match="Qwen2VLImageProcessor .* patches"):
        geometry_of(transformers.Qwen2VLImageProcessor(), (600, 512))


def test_what_cannot_be_loaded_is_named(saved, tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        load_real(tmp_path / "nowhere")
    config = transformers.ViTConfig(hidden_size=32, num_attention_heads=4)
    config.save_pretrained(tmp_path / "encoder")
    with pytest.raises(ValueError, match="encoder is a vit model"):
        load_real(tmp_path / "encoder")


def test_a_damaged_file_is_named(tmp_path):
    save_tiny(tmp_path, tiny_captioner())
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ValueError, match="damaged"):
        load_real(tmp_path)


def test_no_other_machine_says_other_words():
    """The saved outputs hold where sums are rounded, and pictures resized, otherwise.

    Far more is changed here than any machine does: each pixel by up to 4 of 255.
    """
    pixels = transformers.ViTImageProcessor()(PHOTO, return_tensors="pt")[
        "pixel_values"
    ]
    for make, beams in [(tiny_captioner, 1), (tiny_captioner, 3), (tiny_blip, 1)]:
        said = set()
        for seed in range(4):
            model = make()
            torch.manual_seed(seed)
            with torch.no_grad():
                for weights in model.parameters():
                    weights *= 1 + 1e-3 * torch.randn_like(weights)
            other = pixels + 8 / 255 * (2 * torch.rand_like(pixels) - 1)
            ids = model.generate(pixel_values=other, num_beams=beams, max_new_tokens=20)
            said.add(tuple(ids[0].tolist()))
        assert len(said) == 1, said


def test_the_weights_are_drawn_in_an_order_of_our_own():
    """Releases of transformers draw in different orders."""
    for make in (tiny_captioner, tiny_blip, tiny_vlm):
        draws = torch.Generator().manual_seed(make.__defaults__[0])
        matrices = [p for p in make().parameters() if p.dim() > 1]
        assert torch.equal(
            matrices[0], 0.5 * torch.randn(matrices[0].shape, generator=draws)
        )
