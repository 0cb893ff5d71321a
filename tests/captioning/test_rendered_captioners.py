"""Two captioners of rendered scenes: what they are, what they reach, what breaks."""

import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from helpers.captioning import (
    load_published,
    load_rendered,
    near,
    near_by_head,
    read_manifest,
    sample_rendered_scenes,
    with_maps,
)
from helpers.captioning.checkpoints import DATA, RENDERED
from helpers.captioning.metrics import score_captioner
from helpers.captioning.rendered import training
from helpers.captioning.rendered.scores import WORLDS, as_said
from helpers.captioning.rendered.training import (
    RECIPES,
    draw_pool,
    train_rendered,
)
from helpers.maps import Caption, TokenLayout

pytest.importorskip("transformers")
OURS, PUBLISHED = RENDERED  # their names in the manifest
FOLDER = Path(PUBLISHED).parent


@pytest.fixture(scope="module")
def both():
    return {OURS: load_rendered(), PUBLISHED: load_published()}


@pytest.fixture(scope="module")
def scenes():
    return sample_rendered_scenes(60, seed=77)


@pytest.mark.parametrize("name", RECIPES)
def test_the_shipped_model_is_what_the_manifest_says(both, scenes, name):
    stated = read_manifest()[name]["scores"]
    assert stated["exact"] >= 0.95 and stated["near"] >= 0.97
    found = score_captioner(both[name], scenes)
    assert found["exact"] >= stated["exact"] - 0.1
    assert found["near"] >= stated["near"] - 0.1


def test_the_folder_is_small_and_loads_with_the_library_alone(scenes):
    from transformers import (
        AutoImageProcessor,
        AutoTokenizer,
        VisionEncoderDecoderModel,
    )

    home = DATA / FOLDER
    assert sum(file.stat().st_size for file in home.iterdir()) < 4_000_000
    model = VisionEncoderDecoderModel.from_pretrained(home).eval()
    assert type(model.encoder).__name__ == "ViTModel"
    assert type(model.decoder).__name__ == "GPT2LMHeadModel"
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    tokenizer = AutoTokenizer.from_pretrained(home)
    processor = AutoImageProcessor.from_pretrained(home)
    pixels = processor([s.image for s in scenes[:20]], return_tensors="pt")
    for beams in (1, 3):
        with torch.inference_mode():
            ids = model.generate(**pixels, num_beams=beams)
        texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
        right = sum(t.split() == s.words for t, s in zip(texts, scenes, strict=False))
        assert right >= 17


def test_generated_and_forced_weights_agree(both, scenes):
    """The maps come from a second run: they are those of `generate` itself."""
    trained = both[PUBLISHED]
    pixels = trained.processor([scenes[3].image], return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        made = trained.model.generate(
            pixel_values=pixels, output_attentions=True, return_dict_in_generate=True
        )
        caption = trained.look(pixels, made.sequences)[0]
    layout = TokenLayout.from_grid(8, 12, prefix=1)
    for t in range(len(caption.words)):
        step = torch.stack(made.cross_attentions[t])[:, 0, :, 0]  # (L, A, N)
        cells = layout.to_grid(step).flatten(-2)  # (L, A, h*w)
        assert_close(caption.weights[:, :, t], cells, atol=1e-4, rtol=1e-3)


def test_near_by_head_is_near_of_each_head_alone(both, scenes):
    captions = both[OURS].captions([s.image for s in scenes[:10]])
    table = near_by_head(captions, scenes[:10])
    alone = [with_maps(c, c.weights[1, 2]) for c in captions]
    assert table[1, 2].item() == pytest.approx(near(alone, scenes[:10]))
    assert table.max() > table.min()


def test_something_true_of_two_of_three_objects_is_right():
    scene = sample_rendered_scenes(1, 2, (96, 144), 1, **WORLDS["three objects"])[0]
    assert len(scene.masks) == 3
    said = as_said(scene.words, scene)
    assert said.words == scene.words and len(said.masks) == 2
    false = [*scene.words[-3:], *scene.words[3:-3], *scene.words[:3]]
    assert as_said(false, scene).words != false


def test_a_photograph_gets_words_and_maps_all_the_same(both):
    grey = Image.new("L", (60, 90), 130)
    for captioner in both.values():
        caption = captioner.caption(grey)
        assert len(caption.maps) == len(caption.words)


def test_a_damaged_folder_is_named(tmp_path):
    shutil.copytree(DATA / FOLDER, tmp_path / FOLDER)
    shutil.copy(DATA / "manifest.json", tmp_path)
    (tmp_path / FOLDER / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="model.safetensors is damaged"):
        load_published(tmp_path)
    with pytest.raises(FileNotFoundError, match="rendered.safetensors"):
        load_rendered(tmp_path)


@pytest.mark.parametrize("name", RECIPES)
def test_a_few_steps_learn_and_what_is_saved_loads(name, tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.captioning.training.TEST_COUNT", 2)
    pool = draw_pool(6, seed=9)
    model = train_rendered(name, pool, steps=12, batch=6, learning_rate=1e-2)
    untrained = train_rendered(name, pool, steps=1, batch=6, learning_rate=1e-9)
    one, two = (next(m.parameters()).detach() for m in (model, untrained))
    assert not torch.equal(one, two)
    training.save(name, model, tmp_path, 1)
    entry = read_manifest(tmp_path)[name]
    assert entry["scores"]["scenes"] == 2 and entry["seconds"] == 1
    load = load_rendered if name == OURS else load_published
    assert isinstance(load(tmp_path).caption(Image.new("RGB", (96, 64))), Caption)
