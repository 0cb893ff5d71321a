import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from helpers.captioning import (
    RENDERED_VOCABULARY,
    VARIANTS,
    VOCABULARY,
    Captioner,
    eval_mode,
    load_captioner,
    load_published,
    load_rendered,
    read_manifest,
    sample_rendered_scenes,
    sample_scenes,
    to_input,
)
from helpers.captioning.checkpoints import DATA, RENDERED, note, save_weights
from helpers.captioning.metrics import score_captioner

SIZE = (96, 152)  # (H, W): a grid of 12 x 19


@pytest.fixture(scope="module", params=[*VARIANTS, *RENDERED])
def shipped(request, captioners):
    """A captioner of data/, four pictures, one of another size, and its grid (h, w)."""
    if request.param in VARIANTS:
        scenes = sample_scenes(3, 5, SIZE) + sample_scenes(1, 6)
        return captioners[request.param], [s.image for s in scenes], (12, 19)
    pytest.importorskip("transformers")
    images = [scene.image for scene in sample_rendered_scenes(4, seed=77)]
    images[3] = images[3].resize((150, 100))
    load = load_rendered if request.param == RENDERED[0] else load_published
    return load(), images, (8, 12)


def test_the_interface(shipped):
    captioner, images, (h, w) = shipped
    caption = captioner.caption(images[0])
    T, weights = len(caption.words), caption.weights
    assert caption.maps.shape == (T, h, w) and weights.shape[-2:] == (T, h * w)
    maps = weights if weights.dim() == 2 else weights.mean((0, 1))  # (T, N)
    assert_close(caption.maps.flatten(1), maps)
    if captioner.variant == "ViT + GPT-2":  # some of it lies on the class token
        assert (maps.sum(-1) <= 1 + 1e-4).all()
    else:
        assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
    assert set(caption.words) <= {*VOCABULARY[3:], *RENDERED_VOCABULARY[3:]}


def test_a_batch_says_what_each_picture_says_alone(shipped):
    captioner, images, _ = shipped
    for image, caption in zip(images, captioner.captions(images), strict=True):
        alone = captioner.caption(image)
        assert alone.words == caption.words
        assert_close(alone.maps, caption.maps, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_shipped_model_is_what_the_manifest_says(captioners, unseen, variant):
    """On 60 of the 500 scenes, and in another size, as good as promised or nearly."""
    stated = read_manifest()[variant]["scores"]
    assert stated["exact"] >= 0.97 and stated["near"] >= 0.95
    for scenes, least in ((unseen, 0.9), (sample_scenes(40, 11, SIZE), 0.85)):
        found = score_captioner(captioners[variant], scenes)
        assert found["exact"] >= least and found["near"] >= least


def test_every_part_has_its_own_mode_after_a_caption():
    captioner = Captioner("additive").train()
    captioner.encoder.eval()  # frozen
    modes = [part.training for part in captioner.modules()]
    captioner.caption(sample_scenes(1, 0)[0].image)
    assert [part.training for part in captioner.modules()] == modes
    with pytest.raises(KeyboardInterrupt), eval_mode(captioner):
        assert not any(part.training for part in captioner.modules())
        raise KeyboardInterrupt
    assert [part.training for part in captioner.modules()] == modes


def test_a_caption_longer_than_the_positions():
    captioner = Captioner("transformer").eval()
    images, words = torch.zeros(2, 3, 64, 72), torch.ones(2, 17, dtype=torch.long)
    captioner(images, words[:, :16])
    with pytest.raises(ValueError, match="17 words.* positions for 16"):
        captioner(images, words)


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (112, 112, (112, 112)),
        (152, 96, (96, 152)),  # goes in as it is
        (600, 512, (104, 120)),  # about 112 x 112 in all, the shape kept
        (4000, 3000, (96, 128)),
        (30, 20, (88, 136)),
        (113, 112, (112, 112)),
        (700, 200, (64, 208)),  # 3.5 times as long as wide: the most that it takes
        (224, 64, (64, 224)),
        (64, 224, (224, 64)),
    ],
)
def test_what_goes_into_the_model(width, height, shape):
    x = to_input(Image.new("RGBA", (width, height)))  # transparent, shown on white
    assert x.shape == (3, *shape) and torch.equal(x, torch.ones(3, *shape))


def test_pictures_it_cannot_take(captioners):
    assert captioners["additive"].captions([]) == []
    with pytest.raises(ValueError, match="701 x 200 .* at most 3.5 times as long"):
        captioners["additive"].caption(Image.new("RGB", (701, 200)))
    with pytest.raises(TypeError, match="got ndarray"):
        captioners["additive"].caption(np.zeros((112, 112, 3)))


def test_an_unknown_variant_is_named():
    with pytest.raises(ValueError, match="got 'aditive'"):
        load_captioner("aditive")


@pytest.fixture
def folder(tmp_path):
    """A copy of data/, to be damaged."""
    for file in DATA.glob("*.*"):
        shutil.copy(file, tmp_path)
    return tmp_path


CHEAP_FIRST = "git checkout -- data.*train it again"


def test_missing_damaged_and_mismatched_files(tmp_path, folder):
    empty = tmp_path / "empty"
    with pytest.raises(FileNotFoundError, match=f"entry in manifest.*{CHEAP_FIRST}"):
        load_captioner("additive", empty)
    file = folder / "additive.safetensors"
    content = file.read_bytes()
    file.unlink()
    with pytest.raises(FileNotFoundError, match=f"additive.safet.*{CHEAP_FIRST}"):
        load_captioner("additive", folder)
    file.write_bytes(content[:-100])
    with pytest.raises(ValueError, match=f"additive.safet.* damaged.*{CHEAP_FIRST}"):
        load_captioner("additive", folder)
    save_weights(torch.nn.Linear(2, 3), "additive", folder)
    note("additive", folder)
    with pytest.raises(ValueError, match=f"does not fit this version.*{CHEAP_FIRST}"):
        load_captioner("additive", folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"additive": {"file": ', "manifest.json is damaged"),
        ("[1, 2]", "manifest.json is damaged .*list"),
        ('{"additive": 3}', "not the file that manifest.json describes"),
        ('{"additive": {}}', "not the file that manifest.json describes"),
    ],
)
def test_a_damaged_manifest(folder, text, said):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=f"{said}.*{CHEAP_FIRST}"):
        load_captioner("additive", folder)
    # training is the remedy, so it must get through
    save_weights(Captioner("additive"), "additive", folder)
    note("additive", folder)
    assert load_captioner("additive", folder).variant == "additive"


def test_saved_weights_come_back(tmp_path):
    torch.manual_seed(1)
    captioner = Captioner("transformer").eval()
    save_weights(captioner, "transformer", tmp_path)
    note("transformer", tmp_path, steps=0)
    again = load_captioner("transformer", tmp_path)
    for name, tensor in captioner.state_dict().items():
        assert_close(again.state_dict()[name], tensor)
    assert read_manifest(tmp_path)["transformer"]["steps"] == 0
