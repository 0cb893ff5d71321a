"""What a user knows without the run decides between layouts, and stays a count."""

import random

import pytest
import torch

from helpers.inspection import diagnose
from helpers.inspection.shapes.families import family_of, read_toml
from helpers.inspection.shapes.report import Known
from helpers.maps import TokenLayout

LLAVA = {"image_size": (336, 224), "patch_size": 14}  # 24 x 16 = 384 cells
GRID = torch.arange(384).view(24, 16)


@pytest.mark.parametrize("text", [35, (35, None), (35, 21)])
def test_the_text_in_front_places_the_image(text):
    report = diagnose((2, 4, 1, 440), **LLAVA, text=text)
    assert report.layouts[0] == TokenLayout(35 + GRID, 440)
    assert report.candidates[0].known == Known.COUNTED and not report.candidates[0].free
    assert "stands where text= says" in report.ambiguous[0]
    assert report.next.endswith("(2, 4, 1, 24, 16)")


def test_without_the_text_the_place_is_a_guess():
    report = diagnose((2, 4, 1, 440), **LLAVA)
    assert report.candidates[0].free and "text=" in report.next
    assert "where the 56 keys" in report.ambiguous[0]


def test_padding_in_front_moves_the_image():
    scores = torch.randn(2, 4, 3, 440)
    scores[..., :9] = -torch.inf
    report = diagnose(scores.softmax(-1), **LLAVA, text=26)
    assert report.layouts[0] == TokenLayout(35 + GRID, 440)


def prompt(start, end, N):
    """Weights (B, A, N, N) of a prompt whose image tokens look at one another."""
    later = torch.ones(N, N, dtype=torch.bool).triu(1)  # (N, N)
    later[start:end, start:end] = False
    return torch.randn(2, 4, N, N).masked_fill(later, -torch.inf).softmax(-1)


def test_the_mask_shows_an_image_in_a_prompt():
    report = diagnose(prompt(7, 391, 410), **LLAVA)
    assert report.layouts[0] == TokenLayout(7 + GRID, 410) and not report.problems
    assert "the tokens 7 to 390 look ahead at one another" in report.notes[0]


ENCODER = {"image_size": (112, 168), "patch_size": 14}  # 8 x 12 cells
ORDERS = {  # name, number of keys, layout
    "SigLIP": (96, TokenLayout.from_grid(8, 12)),
    "Qwen2-VL": (96, TokenLayout.from_blocks(8, 12)),
    "Pixtral": (8 * 13 + 9, TokenLayout.from_grid(8, 12, 5, 4, breaks=1)),
    "PaliGemma": (110, TokenLayout.from_grid(8, 12, suffix=14)),
    "FLUX": (110, TokenLayout.from_grid(8, 12, prefix=14)),
    "TimeSformer": (385, TokenLayout.from_frames(4, 8, 12, 1, time_last=True)),
    "ViViT": (385, TokenLayout.from_frames(4, 8, 12, 1)),
}


@pytest.mark.parametrize("name", ORDERS)
def test_the_name_tells_the_order_of_the_keys(name):
    N, layout = ORDERS[name]
    more = {"text": 5} if name == "Pixtral" else {}
    more |= {"frames": 8} if "T" in name else {}
    report = diagnose((2, 4, 9, N), **ENCODER, model=name, **more)
    assert report.layouts[0] == layout, str(report)
    assert not report.proven


def test_frames_and_merges_are_counted():
    video = diagnose((2, 4, 9, 4 * 96), **ENCODER, frames=8)
    assert video.layouts[0] == TokenLayout.from_frames(4, 8, 12)
    assert any(
        "TimeSformer" in c.source or c.kind != "frames" for c in video.candidates
    )
    merged = diagnose((2, 4, 9, 24), **ENCODER, merge=2)
    assert merged.layouts[0].grid == (4, 6) and not merged.ambiguous


def test_learned_queries_and_boxes_have_no_cell():
    for name in ("Salesforce/instructblip-vicuna-7b", "MiniCPM-V", "ViLBERT"):
        report = diagnose((1, 4, 1, 78), **ENCODER, model=name)
        assert not report.layouts and name in report.ambiguous[0]
    queries = diagnose((1, 12, 32, 97), **ENCODER, model="BLIP-2")
    assert queries.layouts[0] == TokenLayout.from_grid(8, 12, 1)


def test_a_family_without_a_grid_says_what_its_keys_are():
    families = read_toml("families.toml")["family"]
    without = [family for family in families if not family.get("grid", True)]
    assert without and all(family["note"] for family in without)


def test_a_name_that_nobody_knows_is_said_to_be_none():
    report = diagnose((2, 4, 9, 97), **ENCODER, model="Frobnicator-7B")
    assert "Frobnicator-7B is no name" in report.notes[0]
    assert report.layouts == diagnose((2, 4, 9, 97), **ENCODER).layouts


def test_names_are_read_as_people_write_them():
    assert family_of("Qwen/Qwen2.5-VL-7B-Instruct").merges == [2]
    assert family_of("ViT-B/16").kinds == ("cells",)
    assert family_of("llava-v1.6-mistral-7b-hf") == family_of("LLaVA-NeXT")
    assert not family_of("Qwen-VL-Chat").grid and family_of("Qwen3-VL").grid
    names = [
        name
        for family in read_toml("families.toml")["family"]
        for name in family["names"]
    ]
    assert len(set(names)) == len(names)


def test_time_looks_at_time():
    report = diagnose((96, 4, 8, 8), **ENCODER, frames=8)
    assert not report.problems and not report.layouts
    assert "8 frames" in report.ambiguous[-1]


@pytest.mark.parametrize("size, patch", [((56, 84), 4), ((42, 66), 3)])
def test_windows_stand_as_from_windows_orders_them(size, patch):
    grid = [n // patch for n in size]
    count = -(-grid[0] // 7) * -(-grid[1] // 7)
    report = diagnose((2 * count, 3, 49, 49), size, patch, batch=2, heads=3)
    plain, shifted = report.layouts[:2]
    assert plain == TokenLayout.from_windows(*grid, 7)
    assert shifted == TokenLayout.from_windows(*grid, 7, 3)
    assert report.axes[0].name == "images x windows"


def test_counts_name_axes_wherever_they_stand():
    report = diagnose((3, 7, 5, 96), **ENCODER, batch=3, heads=5, queries=7)
    assert [a.name for a in report.axes] == ["images", "queries", "heads", "keys"]
    turned = diagnose((5, 96, 7), **ENCODER, heads=5, queries=7)
    assert [a.name for a in turned.axes] == ["heads", "keys", "queries"]
    assert turned.layouts[0].grid == (8, 12)
    folded = diagnose((3, 5, 8, 12, 77), **ENCODER, batch=3, heads=5)
    assert folded.axes[2].name == "rows of queries" and not folded.layouts


def test_heads_in_the_wrong_place_and_with_the_images():
    (found,) = diagnose((2, 754, 28, 28), heads=28).problems
    assert found.kind == "across the heads"
    report = diagnose((16, 97, 97), **ENCODER, heads=8)
    assert report.axes[0].name == "images x heads" and not report.problems


def test_facts_that_cannot_be_are_named():
    for wrong in ({"tiles": (4,)}, {"text": -1}, {"text": (3, -2)}, {"frames": 0}):
        with pytest.raises(ValueError, match="got"):
            diagnose((2, 4, 9, 97), **ENCODER, **wrong)
    with pytest.raises(TypeError, match="tile"):
        diagnose((2, 4, 9, 97), tile=(2, 2))


NAMES = {  # a name, and the input and the keys in front that it tells
    "openai/clip-vit-large-patch14-336": (577, (24, 24), 1),
    "ViT-L/14@336px": (577, (24, 24), 1),
    "ViT-SO400M-14-SigLIP-384": (729, (27, 27), 0),
    "vit_small_patch14_reg4_dinov2.lvd142m": (1374, (37, 37), 5),
    "facebook/dinov2-with-registers-base": (261, (16, 16), 5),
    "facebook/deit-base-distilled-patch16-384": (578, (24, 24), 2),
    "dino_vits8": (785, (28, 28), 1),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_tells_the_input_and_leaves_it_open(name):
    N, grid, first = NAMES[name]
    report = diagnose((2, 4, 9, N), model=name)
    assert report.layouts[0] == TokenLayout.from_grid(*grid, prefix=first)
    assert not report.proven and any("the input" in d for d in report.ambiguous)


def test_a_number_that_no_input_of_the_family_has_makes_no_grid():
    for name in ("openai/clip-vit-base-patch32", "Qwen/Qwen2-VL-7B-Instruct"):
        report = diagnose((2, 4, 77, 77), model=name)
        assert not report.layouts and "no usual input" in report.ambiguous[-1]


def test_what_is_known_binds():
    video = {"grid_thw": [[4, 24, 46]], "model": "Qwen2.5-VL", "merge": 2}
    found = diagnose((28, 9, 1158), **video)
    assert [c.layout.grid for c in found.candidates] == [(4, 12, 23)]
    assert not found.proven and found.candidates[0].free
    proven = diagnose((28, 9, 1158), **video, text=(15, 39))
    assert [c.known for c in proven.candidates] == [Known.RUN]
    frames = diagnose((2, 4, 9, 97), **ENCODER, frames=6)
    assert "it is one picture, and frames=6" in frames.ambiguous[0]
    assert not diagnose((6, 4, 9, 97), **ENCODER, frames=6).ambiguous


def test_tiles_that_nobody_named_are_counted():
    report = diagnose((1, 7371), model="granite-vision-3.2-2b")
    assert report.layouts[0].grid == (81, 81) and not report.proven
    either = diagnose((1, 768), model="InternVL2_5-8B", text=(0, 0))
    assert {c.layout.grid for c in either.candidates} >= {(16, 32), (32, 16)}
    assert any("tiles=" in doubt for doubt in either.ambiguous)


def test_cells_that_look_at_words():
    for shape in ((8, 64, 77), (8, 1024, 77), (2, 16, 4096, 256)):
        report = diagnose(shape, model="Stable Diffusion 1.5")
        assert not report.layouts and "words" in report.ambiguous[0]
    others = diagnose((8, 1024, 3072), (512, 512), model="SDXL", heads=8)
    assert others.layouts[0].grid == (3, 32, 32)


def test_text_that_leaves_no_picture_is_said_with_its_numbers():
    report = diagnose((2, 4, 9, 440), **LLAVA, text=(35, 9))
    assert "text= leaves 396 keys" in report.ambiguous[0]
    assert "to_grid" not in report.next
    right = diagnose((2, 4, 9, 440), **LLAVA, text=(35, 21))
    assert "to_grid" in right.next


def test_words_among_the_keys_leave_the_rest_to_the_image():
    report = diagnose((2, 4, 405, 405), **LLAVA, words=20)
    assert {c.layout.grid for c in report.candidates} == {(24, 16)}
    assert report.candidates[0].free and "text=" in report.next
    told = diagnose((2, 4, 404, 404), **LLAVA, words=20, model="FLUX")
    assert told.layouts == [TokenLayout(20 + GRID, 404)]


def test_special_tokens_of_every_frame_are_found():
    report = diagnose((4, 3 * (5 + 384)), **LLAVA, frames=3, heads=4)
    assert report.layouts[0] == TokenLayout.from_frames(3, 24, 16, frame_prefix=5)
    clips = diagnose((2, 4, 75, 75), frames=75)
    assert not clips.layouts and "75 frames that you named" in clips.ambiguous[-1]


def test_queries_with_more_tokens_than_keys_look_at_channels():
    weights = torch.randn(2, 4, 68, 64).softmax(-1)
    report = diagnose(weights, (256, 256), 32)
    assert not report.layouts and "channels" in report.ambiguous[-1]
    assert diagnose(torch.randn(2, 4, 68, 68).softmax(-1), (256, 256), 32).layouts


def test_the_text_behind_alone_places_the_image():
    report = diagnose((2, 4, 1, 440), **LLAVA, text=(None, 21))
    assert report.layouts[0] == TokenLayout(35 + GRID, 440)
    assert report.candidates[0].known == Known.COUNTED


def test_words_may_be_given_as_a_list():
    words = ["a", "dog", "runs"]
    told = [str(diagnose((2, 4, 300, 3), **LLAVA, words=n)) for n in (words, 3)]
    assert told[0] == told[1] and "3 words that you named" in told[0]


CHOICES = {
    "image_size": [(224, 224), (227, 341), (28, 36)],
    "patch_size": [16, (4, 8)],
    "model": ["llava-1.5", "llava-next-video", "idefics3", "swin", "detr", "unheard"],
    "merge": [2, 3],
    "frames": [1, 5],
    "tiles": [(2, 3)],
    "text": [9, (9, 4), (None, 19), (3, None)],
    "words": [2, 72],
    "queries": [6, 300],
    "batch": [3],
    "grid_thw": [[(1, 8, 6), (2, 40, 30)], [(1, 3, 5)]],
    "spatial_shapes": [[(28, 20), (14, 10)], [(3, 5)]],
    "input_ids": [[1, 9, 9, 9, 2] * 8],
}
SHAPES = (9,), (5, 16), (2, 8, 300, 264), (3, 4, 1, 40), (2, 7, 7), (1, 2, 3, 50, 50)


@pytest.mark.parametrize("seed", range(40))
def test_no_facts_however_odd_break_the_doctor(seed):
    one = random.Random(seed)
    for shape in SHAPES:
        names = one.sample(sorted(CHOICES), k=one.randint(1, 6))
        known = {name: one.choice(CHOICES[name]) for name in names}
        known |= {"image_token": 9} if "input_ids" in known else {}
        assert diagnose(shape, **known).text().startswith("w"), known
