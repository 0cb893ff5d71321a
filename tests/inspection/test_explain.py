"""`explain`: messages of several versions, their numbers, and what it does not know."""

import re
import subprocess
import sys
import tomllib
from dataclasses import replace

import einops
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from helpers import ROOT
from helpers.inspection import explain
from helpers.inspection.messages.beside import beside
from helpers.inspection.messages.explain import Ranked
from helpers.inspection.messages.index import FOLDER as ERRORS
from helpers.inspection.messages.index import SHARED, frozen, load, read_index
from helpers.inspection.messages.notes import notes_in, pairs_of
from helpers.inspection.messages.numbers import describe, without_numbers
from helpers.inspection.messages.recognise import prepare
from helpers.inspection.messages.search import terms_of
from tests.inspection.cases import read_cases
from tests.inspection.cases.__main__ import FOLDER, points, text_of
from tools.index import read_entries

DATA = read_index()
FILES = sorted(FOLDER.glob("*.toml"))
ENTRIES = read_entries()


def named(text, most=None):
    return [ranked.cause.id for ranked in explain(text).causes[:most]]


def error_of(action):
    """The text that a library says today."""
    with pytest.raises(Exception) as caught:
        action()
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_known_cases_are_led_far_and_none_is_misled(file):
    found = {
        case["id"]: points(case, explain(text_of(case)))
        for case in read_cases(FOLDER, "case", [file])
    }
    assert not [name for name, point in found.items() if point < 0]
    assert len(found) > 10 and sum(found.values()) >= 0.75 * 2 * len(found)


@pytest.mark.parametrize(
    ("size", "shape", "cause"),
    [
        (12 * 14 + 1, (12, 14), "class-token"),
        (3 * 8 * (13 * 13 + 1), (3, 8, 13, 13), "class-token"),
        (17 * 17 + 5, (17, 17), "registers"),
        (15 * 15 + 2, (15, 15), "distilled"),
        (20 * 20 - 1, (20, 20), "no-class-token"),
        (6 * 13 * 13, (13, 13), "axes-left"),
        (11 * 11 * 384, (1, 16, 16, 384), "own-grid"),
        (9 * (12 + 1), (9, 12), "newline"),
        (383 * 100, (1, 10, 10, 10), "map-as-tokens"),
        (1024, (7, 1, 40), "hard-coded"),
        (24 * 36 * 64, (24, 9, 32, 64), "own-grid"),  # 24 images of 6 x 6, not (24, 9)
        (36 * 40 * 384, (1, 4, 9, 4, 9, -1), "windows"),  # 9 does not divide 40
        (2240 * 640, (1, 2, 17, 2, 32, 640), "windows"),  # 17 does not divide 35
        (3 * 30 * 52 * 96, (3, 96, 4, 7, 4, 13), "windows"),  # channels in front
        (2 * 44 * 60 * 64, (2, 5, 8, 7, 8, 64), "windows"),
        (
            9 * 4 * 5 * 25 * 25 // 4,
            (0, 12, 5, 25, 25),
            "windows",
        ),  # 9 windows, a mask of 12
        (60 * 49 * 32, (2, 4, 6, 7, 7, 32), "windows"),  # 60 windows, 2 x 24 are asked
        (35 * 64 * 96, (0, 6, 7, 8, 8, -1), "windows"),  # 35 windows // 42
        (4 * 120 * 90, (120, 90, 1), "axes-left"),
        (3 * 13 * 29 * 32, (3, 12, 28, 32), "rounded-grid"),
    ],
)
def test_the_numbers_decide_whatever_they_are(size, shape, cause):
    assert named(error_of(lambda: torch.zeros(size).reshape(shape)), 1) == [cause]


@pytest.mark.parametrize(
    ("size", "shape", "cause"),
    [
        (12 * 14 + 1, (12, 14), "class-token"),
        (14 * 26, (19, 19), "not-square"),
        (6 * 13 * 13, (13, 13), "axes-left"),
        (18 * 18 + 5, (18, 18), "registers"),
    ],
)
def test_numpy_says_it_in_another_order(size, shape, cause):
    assert cause in named(error_of(lambda: np.zeros(size).reshape(shape)), 2)


@pytest.mark.parametrize(
    ("first", "second", "dim", "cause"),
    [
        ((2, 6, 21, 48), (21, 24), 3, "rotary"),
        ((2, 5, 21, 37), (2, 1, 21, 36), 3, "mask-length"),
        ((3, 7, 28, 40), (3, 7, 14, 40), 2, "stages-differ"),
        ((3, 7, 107, 40), (3, 7, 108, 40), 2, "halving"),
        ((3, 15 * 15, 32), (16 * 16, 32), 1, "rounded-grid"),
        ((3, 14 * 14 + 1, 32), (1, 28 * 28 + 1, 32), 1, "position-code"),
    ],
)
def test_two_sizes_are_told_by_their_axis_and_their_difference(
    first, second, dim, cause
):
    text = error_of(lambda: torch.zeros(first) + torch.zeros(second))
    assert f"dimension {dim}" in text and cause in named(text, 3)


@pytest.mark.parametrize(
    ("action", "cause", "not_first"),
    [
        (lambda: torch.zeros(1, 3, 5, 7).permute(1, 2, 0), "axis-kept", "no-batch"),
        (
            lambda: torch.zeros(2, 35, 8).permute(0, 2, 3, 1),
            "permute-rank",
            "axis-kept",
        ),
        (lambda: einops.rearrange(np.zeros((2, 3, 4)), "a b -> b a"), "axis-kept", ""),
        (
            lambda: einops.rearrange(np.zeros((2, 3)), "b a n -> b n a"),
            "einops-rank",
            "axis-kept",
        ),
        (
            lambda: nn.Conv2d(3, 4, 1)(torch.zeros(2, 6, 3, 9, 9)),
            "axis-kept",
            "no-batch",
        ),
    ],
)
def test_too_many_axes_and_too_few_are_told_apart(action, cause, not_first):
    found = named(error_of(action))
    assert cause in found[:3] and found[0] != not_first


def test_a_mean_of_none_is_told_from_a_tensor_with_too_few_axes():
    nothing = explain(error_of(lambda: np.mean(None, axis=2)))
    assert [one.cause.id for one in nothing.causes[:2]] == [
        "gradient-none",
        "none-elsewhere",
    ]
    assert "`None`" in nothing.causes[0].reasons[0]
    tokens = np.zeros((2, 5, 8))
    assert named(error_of(lambda: tokens.mean(axis=(2, 3))))[0] == "tokens-as-map"


def test_the_direction_is_read_in_unknown_words_too():
    for text, family in {
        "Expected input batch to be 4D, got 5D tensor": "any-axis-more",
        "only 2D maps are taken, but this has 3D": "any-axis-more",
        "wants 3D or 4D maps, received 2D": "any-axis-fewer",
        "this needs a 4D map but got 3D": "any-axis-fewer",
    }.items():
        assert explain(f"ValueError: {text}").message.id == family, text


def test_a_reading_is_shown_only_with_an_entry_that_uses_it():
    said = explain("My photo of 512 x 384 and my map of 24 x 24 look blurred")
    assert not said.facts and "width of models" not in str(said)
    shapes = "torch.Size([1, 1, 30]), but should be (6, 30, 30)"
    said = str(explain(f"The shape of the 3D attn_mask is {shapes}"))
    assert "axis 0: 1 and 6; axis 1: 1 and 30" in said


def test_what_nothing_speaks_for_is_less_likely_and_a_general_reading_fits_none():
    said = str(explain("shape '[14, 14]' is invalid for input of size 197"))
    assert said.index("class-token") < said.index("Less likely:")
    untold = str(explain("The size of tensor a (5) must match the size of tensor b"))
    assert "Less likely" not in untold
    sizes = "einops: Shape mismatch, can't divide axis of length 5 in chunks of 7"
    assert (
        "5 is less than 7" not in str(explain(sizes)).replace("\n", " ").split("1.")[1]
    )


def test_odd_sides_windows_and_half_precision_have_their_kinds():
    for text, cause in {
        "AssertionError: x size (25*38) are not even.": "halving",
        "AssertionError: input feature has wrong size": "windows",
        "    assert L % self.window == 0\nAssertionError": "windows",
        "TypeError: array type float16 is unsupported in linalg": "half-draw",
        "ValueError: resize: dtype bfloat16 not supported": "half-draw",
        "    h, w = picture.shape\nValueError: too many values to unpack "
        "(expected 2)": "axis-kept",
        "RuntimeError: Inference tensors cannot be saved for "
        "backward": "inference-mode",
        "TypeError: Invalid shape (5, 30, 40, 3) for image data": "colour-attributions",
    }.items():
        assert cause in named(text, 2), text


@pytest.mark.parametrize("name", DATA.causes)
def test_what_an_entry_prints_leads_back_to_it(name):
    cells = ENTRIES[name]
    printed = "".join(o.text for cell in cells for o in cell.get("outputs", []))
    for line in printed.splitlines():
        if explain(line).message and "Error: " in line:
            assert name in named(line), line


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "size mismatch, m1: [16 x 3], m2: [2048 x 512] at /pytorch/aten/src",
            "mat1 and mat2 shapes cannot be multiplied (16x3 and 2048x512)",
        ),
        (
            "number of dims don't match in permute",
            "permute(sparse_coo): number of dimensions in the tensor input does not "
            "match the length of the desired ordering of dimensions i.e. input.dim()",
        ),
        ("Invalid dimensions for image data", "Invalid shape (196,) for image data"),
        (
            "boolean index did not match indexed array along dimension 0",
            "boolean index did not match indexed array along axis 0; size of axis is 9",
        ),
        ("max() arg is an empty sequence", "max() iterable argument is empty"),
        (
            "Expected 4 dimensions, got 5",
            "Wrong shape: expected 4 dims. Received 5-dim",
        ),
    ],
)
def test_old_and_new_wordings_are_one_message(old, new):
    assert explain(old).message == explain(new).message is not None


@pytest.mark.parametrize("seed", range(3))
def test_no_number_stops_it(seed):
    random = np.random.default_rng(seed)

    def another(match):
        shape = random.integers(-1, 3000, random.integers(0, 6)).tolist()
        return str(random.choice([str(shape), "0", "1", "7", "196", "150528"]))

    texts = [text for message in DATA.messages for text in message.says]
    for text in texts[seed::3]:
        said = explain(re.sub(r"\[[^\]]*\]|\([\d, ]+\)|\d+", another, text))
        assert str(said)


def test_equal_counts_are_no_error():
    text = "Image features and image tokens do not match: tokens: {}, features {}"
    for n in (0, -1, 576):
        assert explain(text.format(n, n)).message.id == "token-count"


def test_quotes_numbers_and_line_breaks_do_not_matter():
    plain = "shape '[14, 14]' is invalid for input of size 197"
    for text in (
        plain.replace("'", "`"),
        plain.upper().replace("14", "9").replace("197", "82"),
        "E       RuntimeError: shape '[9, 9]' is\n  invalid for input of size 82",
        f"[rank0]: RuntimeError: {plain}",
    ):
        assert explain(text).message.id == "reshape", text


def test_the_last_error_of_a_traceback_is_read():
    text = """
Traceback (most recent call last):
  File "Image.py", line 3277, in fromarray
    mode, rawmode = _fromarray_typemap[typekey]
KeyError: ((1, 1, 3), '<f4')

During handling of the above exception, another exception occurred:

TypeError: Cannot handle this data type: (1, 1, 3), <f4
"""
    assert explain(text).message.id == "pillow"
    frame = '  File "swin.py", line 3, in rollout\n    a = a / a.sum(dim=-1)\n'
    said = (
        "RuntimeError: The size of tensor a (49) must match the size of tensor b (64)"
        " at non-singleton dimension 1"
    )
    assert named(frame + said, 1) == ["swin-rollout"]


LONG = (
    "The size of tensor a (759) must match the size of tensor b (512) "
    "at non-singleton dimension 1"
)


def test_a_text_that_is_too_long_for_its_model_is_no_grid():
    found = explain(f"RuntimeError: {LONG}, Flair with a BERT encoder")
    assert found.causes[0].cause.id == "too-long"
    (fact,) = found.facts
    assert "the length of a text" in fact
    for seen in ("", ", BERT words and an image of 32 x 16 patches"):
        assert named(f"RuntimeError: {LONG}{seen}", 1) != ["too-long"]


def test_rows_that_a_tokenizer_cut_are_no_widths():
    text = "cannot reshape array of size 2048 into shape (1,1024,4), Array2D (512, 4)"
    found = explain(f"ValueError: {text}: longer texts for LayoutLM")
    assert found.causes[0].cause.id == "too-long"
    assert "1024 and 512: two lengths of a text" in found.facts[-1]
    assert named(f"ValueError: {text}: pictures", 1) != ["too-long"]


def test_the_number_of_a_line_counts_no_tokens():
    assert explain("File train.py, line 197: OddError: no such thing").facts == ()
    assert explain("OddError: no such thing, 197").facts


def test_an_exception_is_read_as_its_text():
    try:
        Image.fromarray(np.zeros((3, 5, 7), np.uint8))
    except TypeError as error:
        assert named(str(explain(error).message.means)) is not None
        assert explain(error).message.id == "pillow"


def test_memory_files_and_types_are_named_and_not_called_shapes():
    for family, text in {
        "out-of-memory": "torch.OutOfMemoryError: CUDA out of memory. Tried to "
        "allocate 2.25 GiB. GPU 0 has a total capacity of 23.69 GiB",
        "file": "FileNotFoundError: [Errno 2] No such file or directory: 'a.bin'",
        "dtype": "RuntimeError: expected scalar type Half but found Float",
        "no-module": "ModuleNotFoundError: No module named 'timm'",
        "device": "RuntimeError: Expected all tensors to be on the same device, but "
        "found at least two devices, cuda:0 and cpu!",
    }.items():
        said = explain(text)
        assert said.message.id == family and said.message.remedy
    assert "not about the shape" in str(explain("No module named 'timm'"))


def test_shapes_with_a_free_axis_enlarged_maps_and_doubled_keys_are_read():
    shape = "shape '[{}]' is invalid for input of size {}"
    sizes = "The size of tensor a ({}) must match the size of tensor b ({})"
    for text, fact in {
        shape.format("-1, 77, 8, 64", 2 * 50 * 512): "100 is no multiple of 77",
        shape.format("3, -1, 16, 64", 100 * 1024): "100 is no multiple of 3",
        shape.format("2, 768, 10, 20", 2 * 768 * 512): "16 x 32, and not 10 x 20",
        sizes.format(52, 104) + " at non-singleton dimension 1": "104 = 2 x 52",
        "Given groups=1, weight of size [8, 256, 3, 3], expected input[2, 1024, 9, 7] "
        "to have 256 channels, but got 1024 channels instead": "1024 = 2 x 2 x 256",
        "ValueError: shapes (2, 32, 9, 7) and (2, 8, 18, 14) are not the same": (
            "4 times the channels"
        ),
    }.items():
        assert any(fact in said for said in explain(text).facts), text
    assert "not-square" not in named(shape.format("10, 20", 512))[:2]


def test_a_width_that_the_heads_do_not_divide_is_no_grid():
    shape = "shape '[{}]' is invalid for input of size {}"
    text = shape.format("4, 197, 12, 85", 4 * 197 * 1024)
    assert named(text)[0] == "heads-divide"
    assert "1024 = 12 x 85 + 4" in str(explain(text))
    for grid in ("2, 12, 14, 14", "4, 197, 12, 64"):  # with a class token; divisible
        heads = shape.format(grid, 2 * 12 * 197 if "14" in grid else 3 * 197 * 768)
        assert "multiple of" not in str(explain(heads)).split("Likeliest")[0], grid


def test_a_picture_without_channels_is_read():
    text = (
        "Given groups=1, weight of size [384, 3, 8, 8], expected input[1, 0, 512, 585] "
        "to have 3 channels, but got 0 channels instead"
    )
    assert "picture-channels" in named(text)[:2]


def test_a_mask_of_another_length_counts_before_the_kernel():
    for text in (
        "with sdpa the mask has 43 keys, but there are 619 tokens",
        "flash_attention_2: attention mask length 43, tokens of shape (2, 619, 64)",
    ):
        assert named(text)[0] == "mask-length", text


def test_what_is_set_already_is_no_first_remedy():
    said = "and output_attentions=True, but outputs.attentions is a tuple of None"
    eager = f'I loaded it with attn_implementation="eager" {said}'
    assert "sdpa" != named(eager)[0] and "flag-ignored" in named(eager, 3)
    assert named(eager.replace("eager", "sdpa"))[0] == "sdpa"


def test_settings_count_in_a_dictionary_and_most_of_them_are_enough():
    cause = DATA.causes["generate-tensor"]
    both = {"output_attentions": True, "return_dict_in_generate": True}
    for text in (str(both), "output_attentions=True, return_dict_in_generate = True"):
        assert cause.in_use(f"I call generate with {text}")
        assert not cause.in_use(text.replace("True", "False"))
    assert not cause.in_use("output_attentions=True")


def test_a_silent_backward_hook_watches_a_layer_without_part_in_the_score():
    assert "gradient-none" in named("my backward hook on the layer never fires")[:2]


def test_what_is_unknown_is_called_unknown_and_its_numbers_are_read():
    said = explain("FooError: the frobnicator of 197 and 392 gave up")
    assert not said.known and not said.causes
    assert "unknown" in str(said) and "197 = 14 x 14 + 1" in str(said)
    assert not explain("Where can I buy a bicycle?").known


def test_texts_about_something_else_are_not_taken_for_a_symptom():
    for text in (
        "Loss becomes NaN after 3 epochs of training",
        "The caption repeats the same word again and again",
        "The output image is black with fp16",
        "Bounding boxes are in the wrong place after augmentation",
        "Model predicts the same class for all images",
        "Colors of the generated image look washed out",
        "How many parameters does the attention layer have?",
        "How do I train on several GPUs?",
    ):
        said = explain(text)
        assert not said.message and "may be one of" in str(said) or not said.known, text


def test_an_error_in_other_words_is_called_close():
    for message, text in {
        "token-number": "Error: 575 image tokens do not match the number of images",
        "dtype": "Error: expected mat1 and mat2 to have the same dtype, but got: Int",
        "image-size": "Error: image's size (9*9) doesn't match the model (3*3)",
    }.items():
        said = explain(text)
        assert said.close and said.message.id == message, text
        assert "comes close" in str(said)
    assert not explain("FooError: the number of layers must match the plan").close


def test_what_stands_below_an_error_does_not_change_what_it_is():
    error = "ValueError: cannot reshape a tensor of 8192 into the shape [2, 8, 8, 32]"
    for story in ("o = matmul(beta, h)", "assert x.shape[-1] % heads == 0"):
        assert explain(f"{error}\n{story}").message == explain(error).message


def test_a_short_text_without_an_error_may_be_a_message_in_other_words():
    said = explain("mat1 and mat2 cannot be multiplied, 50x768 and 512x10")
    assert said.close and said.message.id == "matmul"
    assert explain("the shapes do not fit and I do not know why").message is None


def test_an_unknown_argument_leads_to_what_it_is_for():
    text = "TypeError: forward() got an unexpected keyword argument '{}'"
    for argument, cause in {
        "output_attentions": "no-kernel-weights",
        "encoder_hidden_states": "image-in-prompt",
        "img_size": "image-height",
    }.items():
        assert cause in named(text.format(argument), 8), argument


def test_packages_that_the_text_names_are_asked_for():
    text = "cannot import name 'f' from 'g' {}, another release?"
    with_name, without = (str(explain(text.format(n))) for n in ("in lavis", ""))
    assert "transformers lavis\n" in with_name and "lavis\n" not in without


def test_a_misspelt_letter_and_another_hyphen_do_not_matter():
    sizes = "The size of {} a (197) must match the size of tensor b (196) at {} 1"
    right = explain(sizes.format("tensor", "non-singleton dimension"))
    for wrong in "tenser", "tnesor", "tensr":
        text = sizes.format(wrong, "non-singelton dimension")
        found = explain(f"RuntimeError: {text}")
        assert found.message.id == "sizes" and found.facts == right.facts, wrong
    three, two = (explain(f"expected 4{d} input (got 3{d} input)") for d in ("-D", "D"))
    assert three.message == two.message and three.facts == two.facts
    assert "the tensor has 3" in two.facts[0]
    more = explain("expected 2D or 3D input (got 4D input)")
    assert "names 3 axes, the tensor has 4" in more.facts[0]


def test_hundreds_of_maps_are_channels_and_a_dozen_are_heads():
    text = "TypeError: Invalid shape ({}, 14, 14) for image data"
    assert named(text.format(768))[0] == "summed-batch"
    assert named(text.format(12))[0] == "imshow"
    assert "768 are channels" in str(explain(text.format(768)))
    assert "12 maps (heads" in str(explain(text.format(12)))


@pytest.mark.parametrize("heads", [1, 6])
def test_a_mask_of_all_queries_meets_a_step_of_one(heads):
    for rows in (40, 1):  # made for the prompt, and of the step itself
        mask = torch.ones(2, heads, rows, 40)
        found = named(error_of(lambda mask=mask: mask.expand(2, 6, 1, 41)), 3)
        assert ("step-mask" in found) == (rows == 40)


def test_half_of_a_map_is_no_half_precision():
    half = {"half-nan", "half-draw"}
    assert named("attention is NaN in half precision")[0] == "half-nan"
    assert named("the left half of the map is empty")[0] not in half


def test_an_error_above_counts_before_its_consequence():
    text = """
einops.EinopsError:  Error while processing rearrange-reduction pattern "(b f) d c".
 Shape mismatch, can't divide axis of length 3 in chunks of 16
*** Error completing request
TypeError: 'NoneType' object is not iterable
"""
    assert explain(text).message.id == "einops-divide"
    assert explain(text.splitlines()[-1]).message.id == "none-subscript"


def test_symptoms_in_plain_words_are_understood():
    for text, cause in {
        "the map is shifted": "crop",
        "attentions is None": "sdpa",
        "the heatmap is the same for each word": "same-map",
        "rows of my attention do not sum to one and some are exactly zero": "dropout",
        "a single bright patch at the same place for all images": "sink",
    }.items():
        assert cause in named(text, 3), text


def test_numbers_in_prose_say_more_than_words():
    for text, cause in {
        "in training mode I get 1.2500 and 0.0000 where I expect 1": "dropout",
        "my output is 197,1,3074: which width and height should I set": "class-token",
        "torch.rand(1, 3, 448, 224) gives me (1, 1024, 16, 32)": "width-first",
        "why is attentions[-1] of shape [1, 754, 28, 28]": "heads-axis",
        "a heatmap of (2x3x5) for an MRI of (87x75x100)": "coarse",
    }.items():
        said = explain(text)
        assert not said.message and cause in named(text, 3), text
        assert "may be one of these" in str(said) and len(said.causes) <= 8


def test_a_letter_stands_for_any_length_of_an_axis():
    found = explain("weights of shape (B, 8, 1024, 77) for one prompt").causes[0]
    assert found.cause.id == "image-asks" and "(?, 8, 1024, 77)" in found.reasons[0]
    assert named("features (B, 577, 1024) for a map of 24 x 24")[0] == "class-token"


def test_the_next_causes_have_a_line_each():
    for text in (
        "the heatmap of my Grad-CAM is in the wrong place and hardly changes",
        "shape '[14, 14]' is invalid for input of size 197",
    ):
        explained = explain(text)
        said, fourth = str(explained), explained.causes[3].cause
        shown = " ".join(fourth.brief.split())
        assert f"\n4. {fourth.id}: {shown[:30]}" in said
        numbered = re.findall(r"^(\d)\. ", said, re.MULTILINE)
        assert numbered == [str(n) for n in range(1, len(numbered) + 1)]
        assert len(numbered) == min(len(explained.causes), 8)
        assert len(re.findall(r"^   Ask: ", said, re.MULTILINE)) == len(numbered)


def test_what_fits_is_shown_where_it_tells_causes_apart():
    for case in read_cases(FOLDER, "case", FILES[:4]):
        reasons = [set(ranked.reasons) for ranked in explain(text_of(case)).causes[:3]]
        assert len(reasons) < 3 or not set.intersection(*reasons), case["id"]


def test_the_name_behind_the_dot_leads_to_entries_that_know_it():
    text = "AttributeError: 'Block' object has no attribute '{}'"
    assert "timm-fused" in named(text.format("fused_attn"), 8)
    assert named(text.format("fused_attn")) != named(text.format("get_input_at"))


def test_the_function_that_fails_says_more_than_those_that_called_it():
    frame = '  File "a.py", line 3, in {}\n    a = a / b\n'
    error = "RuntimeError: The size of tensor a (49) must match the size of tensor b"
    inner, outer = frame.format("rollout"), frame.format("main")
    within, without = (f"{frames}{error}" for frames in (outer + inner, inner + outer))
    places = [named(text).index("swin-rollout") for text in (within, without)]
    assert places[0] < places[1]


def test_an_error_that_says_more_than_the_known_wording_is_called_close():
    known = "RuntimeError: The expanded size of the tensor"
    assert not explain(known).close
    assert explain(f"{known} must be a list, but got a tuple").close


def test_numbers_of_a_long_story_are_not_read():
    story = (
        "I trained it in 2024 for 196 epochs with 49% of 1024x1024 pictures, and 51%"
        " of the others, and now the heatmap is always shifted to the right"
    )
    said = explain(story)
    assert said.facts == () and named(story, 1) == ["crop"]
    assert not any(ranked.reasons for ranked in said.causes)
    assert "197 = 14 x 14 + 1" in str(explain("197 tokens"))


def test_a_square_root_rounded_down_is_seen():
    for text in (
        "The size of tensor a (988) must match the size of tensor b (961)"
        " at non-singleton dimension 2",
        "Shape mismatch, can't divide axis of length 208 in chunks of 14",
    ):
        assert {"floor-sqrt", "not-square"} & set(named(text, 3))
        assert "rounded down" in str(explain(text))


def test_colons_do_not_matter_and_one_off_has_its_own_entry():
    text = "Image features and image tokens do not match{} tokens: {}, features{} {}"
    for a, b in ((":", ":"), (",", ""), ("", ":")):
        assert named(text.format(a, 575, b, 576), 1) == ["feature-select"]
        assert named(text.format(a, 0, b, 7371), 1) == ["token-count"]


def test_an_entry_can_be_asked_for_by_its_name():
    assert named("swin-rollout") == ["swin-rollout"]


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_refused(text):
    with pytest.raises(ValueError, match="the text is empty"):
        explain(text)


@pytest.mark.parametrize(
    "text",
    [
        "'NoneType' object is not subscriptable",
        "'NoneType' object has no attribute 'mean'",
        "tuple index out of range",
        "KeyError: 'attentions'",
        "argument 'input' (position 1) must be Tensor, not NoneType",
    ],
)
def test_weights_that_are_missing_are_first_read_by_capture_attention(text):
    said = str(explain(text))
    assert "Weights: first `with capture_attention(model)" in " ".join(said.split())


@pytest.mark.parametrize(
    "text", ["'NoneType' object is not subscriptable", "tuple index out of range"]
)
def test_where_nothing_decides_the_release_is_a_suspect(text):
    assert "library-version" in named(text, 3)
    told = named(f"{text}\nweights = model(x, output_attentions=True).attentions[0]", 3)
    assert "library-version" not in told


def test_further_causes_have_a_line_to_run_if_it_is_one_line():
    found = explain("shape '[12, 14]' is invalid for input of size 169")
    further = str(found).split("Or one of these")[1]
    runs = [one.cause.run for one in found.causes[3:8]]
    assert all((f"   Run:    {run}" in further) == ("\n" not in run) for run in runs)
    assert any("\n" not in run for run in runs)


def test_a_tensor_is_refused():
    with pytest.raises(TypeError, match="got Tensor"):
        explain(torch.zeros(2))


def test_numbers_are_found_and_words_with_digits_are_not():
    text, found = without_numbers(
        "torch.Size([2, 3]) 4x5 (6,) 1,204 cuda:0 batch2 0.29 7"
    )
    assert found == [(2, 3), (4, 5), (6,), 1204, 0, 7]
    assert "batch2" in text and "0.29" in text
    assert prepare("SIZE [2,3]  `a`")[0] == "size # 'a'"
    assert describe(198).startswith("198 = 14 x 14 + 2")
    assert describe(280) == "280 = 14 x 20"
    assert describe(5 * 27 * 27) == "3645 = 45 x 81, or 5 x 27 x 27"
    assert describe(410) == describe(10**18 + 9) == ""


def test_counted_cases_name_messages_and_causes_that_exist():
    assert DATA.counts.keys() <= {message.id for message in DATA.messages}
    assert {
        cause for one in DATA.counts.values() for cause in one
    } <= DATA.causes.keys()


def test_a_cause_counted_behind_a_message_is_known_behind_it():
    for message in DATA.messages:
        found = explain(message.says[0].replace("...", "x"))
        if not message.like and found.message == message:
            causes = {ranked.cause.id for ranked in found.causes}
            assert DATA.counts.get(message.id, {}).keys() <= causes, message.id


def run(*arguments, text=None):
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "helpers", "explain", *arguments],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
    )


def test_colours_line_ends_and_a_long_log_do_not_matter():
    plain = "RuntimeError: shape '[12, 14]' is invalid for input of size 169"
    log = "".join(
        f"12:00:{i % 60:02d} | INFO | step {i} of 2000\n" for i in range(4000)
    )
    colours = plain.replace("[12, 14]", "\x1b[31m[12, 14]\x1b[0m")
    for text in (
        colours,
        f"Traceback (most recent call last):\r\n  x = y\r\n{plain}\r\n",
        f"{log}17:13:56 | ERROR | {plain}\n",
        f"17:13:56 | ERROR | {plain}\n{log}",
    ):
        assert named(text, 1) == ["class-token"]
        assert explain(text).facts == explain(plain).facts


def test_a_reader_that_has_seen_enough_is_no_error():
    code = f"{sys.executable} -m helpers explain 'size 197' | head -1"
    done = subprocess.run(code, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "" and done.stdout


def test_the_command_reads_arguments_or_a_pipe_and_needs_no_torch():
    message = "shape '[14, 14]' is invalid for input of size 197"
    asked, piped = run(message), run(text=f"Traceback ...\nRuntimeError: {message}\n")
    assert asked.returncode == piped.returncode == 0
    assert "class token" in asked.stdout and asked.stdout == piped.stdout
    assert " torch\n" not in asked.stderr and " numpy\n" not in asked.stderr
    assert run(text="").returncode == 2


@pytest.mark.parametrize("name", DATA.causes)
def test_an_entry_is_told_in_a_line_of_its_own_that_is_no_error_text(name):
    line = DATA.causes[name].brief
    assert len(line.split()) >= 8 and len(line) <= 150 and line.count("`") % 2 == 0
    assert explain(line).message is None, "an error text"
    assert [cause.id for cause in DATA.causes.values() if cause.brief == line] == [name]


@pytest.mark.parametrize("mark", ["before", "after"])
@pytest.mark.parametrize("name", DATA.causes)
def test_the_lines_to_copy_are_a_program(name, mark):
    lines = getattr(DATA.causes[name], mark).splitlines() or ["pass"]
    inside = ["def f():", *(f"    {line}" for line in lines)]  # some of them return
    compile("\n".join(inside), name, "exec")


READ = "messages.toml", "said.toml", "names.toml", SHARED


@pytest.mark.parametrize(
    "file", [*ERRORS.glob("[0-9]*.toml"), *(ERRORS / name for name in READ)], ids=str
)
def test_the_data_is_read_as_toml(file):
    assert load(file) == frozen(tomllib.loads(file.read_text(encoding="utf-8")))


def test_every_message_has_a_name_of_its_own():
    names = [message.id for message in DATA.messages]
    assert len(names) == len(set(names))


NOTED = "swin & shifted, maxvit => windows\ncaptum => layers\ntimm => blocks"


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("a Swin of timm", ["blocks"]),
        ("timm: the shifted windows of Swin", ["windows", "blocks"]),
        ("MaxViT in captum", ["windows", "layers"]),
        ("optimism", []),
    ],
)
def test_a_note_is_said_where_the_text_has_its_words(text, notes):
    assert sorted(notes_in(text, NOTED)) == sorted(notes)


def test_the_longest_words_have_their_note_first():
    assert notes_in("timm, shifted, Swin", NOTED) == ["windows", "blocks"]


HAVING_NOTES = [one for one in (*DATA.causes.values(), *DATA.messages) if one.notes]
CODE = re.compile(r"``.*?``|`[^`]*`")


@pytest.mark.parametrize("one", HAVING_NOTES, ids=lambda one: one.id)
def test_notes_are_found_by_their_words_short_and_of_plain_text(one):
    for when, note in pairs_of(one.notes):
        assert note in notes_in(when.split(",")[0].replace("&", " "), one.notes)
        assert len(note) <= 220 and note.count("`") % 2 == 0
        assert not re.search(r"<[\w|/]|\$|\*\*|__|\]\(", CODE.sub("", note)), note


def test_a_shared_note_stands_behind_those_of_each_entry_that_it_names():
    messages = {message.id: message for message in DATA.messages}
    lines = [line for one in HAVING_NOTES for line in set(one.notes.splitlines())]
    for shared in load(ERRORS / SHARED)["note"]:
        ones = [DATA.causes[name] for name in shared.get("entries", ())]
        ones += [messages[name] for name in shared.get("messages", ())]
        assert len(ones) > 1 and all(shared["note"] in one.notes for one in ones)
        assert lines.count(shared["note"]) == len(ones)  # and in no others


def test_a_note_that_several_entries_have_is_said_once():
    lines = (shared["note"] for shared in load(ERRORS / SHARED)["note"])
    shared = {" ".join(line.split(" => ", 1)[1].split()) for line in lines}
    for case in read_cases(FOLDER, "case", [FOLDER / "set-50.toml"]):
        said = " ".join(str(explain(text_of(case))).split())
        assert max(said.count(note) for note in shared) <= 1, case["id"]


def test_what_a_text_names_is_said_below_its_causes():
    index = replace(DATA, names={"": "my-vit => cells only\nother-net => nothing"})
    text = "RuntimeError: shape '[14, 14]' is invalid for input of size 197 in My-ViT"
    found = explain(text, index)
    assert found.named == ("cells only",)
    causes, named = str(found).split("What the text names:")
    assert "cells only" in named and "cells only" not in causes
    assert "What the text names" not in str(explain(text[:-10], index))
    assert explain("range", index).named == ()  # an entry by its name


NAMED = [line for notes in DATA.names.values() for line in notes.splitlines()]


@pytest.mark.parametrize("line", NAMED)
def test_a_named_model_is_found_by_its_words_in_plain_text(line):
    ((when, note),) = pairs_of(line)
    assert note in notes_in(when.split(",")[0].replace("&", " "), line)
    assert len(note) <= 300 and note.count("`") % 2 == 0
    assert not re.search(r"<[\w|/]|\$|\*\*|__|\]\(", CODE.sub("", note)), note
    assert NAMED.count(line) == 1


def test_an_entry_that_is_asked_for_by_its_name_says_all_its_notes():
    name, cause = next((n, c) for n, c in DATA.causes.items() if "\n" in c.notes)
    said = " ".join(str(explain(name)).split())
    assert all(" ".join(n.split()) in said for _, n in pairs_of(cause.notes))


NOTE = (
    "huggingface/tokenizers: The current process just got forked, after parallelism "
    "has already been used"
)
HALF = "RuntimeError: value cannot be converted to type at::Half without overflow"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NOTE, "library-note"),
        (f"{HALF}\nIt stops after an hour.\n{NOTE}\n", "half-range"),
        (f"{NOTE}\nFrobnicateError: the frobnicator is worn", None),
    ],
)
def test_a_note_beside_an_error_is_not_the_error(text, message):
    found = explain(text).message
    assert (found.id if found else None) == message


FURTHER = """
How do I visualise the attention of keras-self-attention after training?
model.add(LSTM(200, return_sequences=True))
model.add(SeqSelfAttention())
model.add(Flatten())"""


def test_notes_of_further_causes_are_said_with_their_entry_and_once():
    found = explain(FURTHER)
    text, causes = str(found), read_index().causes
    said = " ".join(text.split())
    shown = [one for one in found.beside if f"{one[0]}: {one[1]}" in said]
    assert 0 < len(shown) <= 3
    for name, note in found.beside:
        assert f"=> {note}" in causes[name].notes
    for _, note in shown:
        assert said.count(note) == 1


def test_of_further_notes_those_with_most_in_common_come_first():
    first = next(iter(read_index().causes.values()))
    one = "swin => Shifted windows\nvit => Join the shifted windows of a picture"
    two = "swin => Join the shifted windows in one picture"
    ranked = [
        Ranked(replace(first, id=name, notes=notes), 1.0)
        for name, notes in [("one", one), ("two", two)]
    ]
    text = "How do I join the shifted windows of a Swin to a picture?"
    found = beside(text, ranked, dict.fromkeys(terms_of(text), 5.0))
    assert found == (
        ("two", "Join the shifted windows in one picture"),
        ("one", "Shifted windows"),
    )
    assert beside(text, ranked, dict.fromkeys(terms_of(text), 0.1)) == ()
