"""What `explain` reads out of the numbers of a message, and what it leaves unsaid."""

import einops
import numpy as np
import pytest
import torch
from torch import nn

from helpers.inspection import explain

SIZES = (
    "size mismatch for {}: copying a param with shape torch.Size([{}]) from "
    "checkpoint, the shape in current model is torch.Size([{}])."
)
COUNTS = "Image features and image tokens do not match: tokens: {}, features: {}"
LOADING = (
    "Error(s) in loading state_dict for Net: Missing key(s) in state_dict: {}. "
    "Unexpected key(s) in state_dict: {}."
)
EINOPS = (
    'Error while processing rearrange-reduction pattern "b (h w) c -> b c h w".\n '
    "Input tensor shape: torch.Size({}). Additional info: {}.\n "
    "Shape mismatch, {} != {}"
)
RESHAPE = "x: torch.Size({})\nRuntimeError: shape '{}' is invalid for input of size {}"


def reading(text):
    """All that is said about the numbers, in one line."""
    found = explain(text)
    reasons = (reason for ranked in found.causes for reason in ranked.reasons)
    return " | ".join(dict.fromkeys((*found.facts, *reasons)))


def reading_of(name, file, model):
    """All that is said of a parameter's sizes; its name is in it."""
    found = reading(SIZES.format(name, file, model))
    assert f"`{name}`" in found, found
    return found


def held(shape, wanted):
    return RESHAPE.format([*shape], [*wanted], np.prod(shape))


@pytest.mark.parametrize(
    ("shape", "wanted", "said"),
    [
        (
            (3, 145, 96),
            (3, 12, 12, 96),
            "axis 1 of (3, 145, 96): 145, where 12 x 12 = 144",
        ),
        ((5, 170, 6, 32), (5, 13, 13, 192), "170 - 169 = 1: a class token"),
        ((4, 201, 384), (4, 14, 14, 384), "201 - 196 = 5"),
        ((6, 100, 96), (6, 7, 7, 96), "100 = 10 x 10: a grid of another size"),
        ((121, 384), (11, 11, 512), "axis 1 of (121, 384): 384, where 512 is asked"),
        ((2, 384, 81), (2, 512, 9, 9), "other channels than the shape names"),
        (
            (10, 49, 128),
            (16, 49, 128),
            "axis 0 of (10, 49, 128): 10, where 16 is asked",
        ),
        ((3, 96, 12, 12), (3, 96, 64), "12 x 12 = 144, where 64 is asked"),
        ((2, 9, 25, 32), (2, 9, 32), "axis 2 of (2, 9, 25, 32): 25 has no place"),
        ((3, 6, 768), (3, 5, 12, 64), "axis 1 of (3, 6, 768): 6, where 5 is asked"),
    ],
)
def test_the_axis_that_differs_is_named(shape, wanted, said):
    assert said in reading(held(shape, wanted))
    arrays = f"input_shape={shape}, target_shape={wanted}"
    keras = f"The total size of the tensor must be unchanged. Received: {arrays}"
    assert said in reading(f"ValueError: {keras}")
    jax = f"cannot reshape array of shape {shape} (size {np.prod(shape)})"
    assert said in reading(f"TypeError: {jax} into shape {wanted}")


@pytest.mark.parametrize(
    ("shape", "grid", "said"),
    [
        ([2, 226, 48], (15, 15), "226 - 225 = 1: a class token"),
        ([2, 400, 48], (15, 15), "400 = 20 x 20: a grid of another size"),
        ([3, 200, 64], (14, 14), "200 - 196 = 4: four register tokens"),
    ],
)
def test_einops_counts_tokens(shape, grid, said):
    info = dict(zip("hw", grid, strict=True))
    text = EINOPS.format(shape, info, shape[1], grid[0] * grid[1])
    assert said in reading(text) and " would do" not in reading(text)


@pytest.mark.parametrize(
    ("tokens", "features", "said", "never"),
    [
        (
            1,
            400,
            "1 in the text, 400 = 1 x 400 features: one placeholder per image",
            "2 x",
        ),
        (1, 577, "one placeholder per image", "image has no placeholder"),
        (3, 3 * 324, "972 = 3 x 324 features: one placeholder per image", "4 x 243"),
        (6, 6 * 256, "one placeholder per image", ""),
        (
            2,
            3 * 576,
            "1728 = 3 x 576 features: one image has no placeholder",
            "per image,",
        ),
        (0, 900, "no image token at all", ""),
        (168, 169, "169 - 168 = 1: one of the image tokens is lost", ""),
        (577, 576, "577 - 576 = 1: one of the features is lost", ""),
        (196, 980, "980 = 5 x 196", "placeholder"),
        (1200, 400, "1200 = 3 x 400", "placeholder"),
        (3 * 324, 5 * 324, "972 = 3 x 324, 1620 = 5 x 324", "too few"),
        (19 * 20, 19 * 19, "380 = 19 x (19 + 1), 361 = 19 x 19", "too many"),
        (
            225,
            361,
            "225 = 15 x 15; 361 = 19 x 19: counted for another grid",
            "placeholder",
        ),
        (4, 577, "577 - 4 = 573 image tokens too few", "placeholder"),
        (7, 3001, "3001 - 7 = 2994 image tokens too few", "x"),
        (1500, 1507, "1507 - 1500 = 7 image tokens too few", "x"),
        (1413, 1307, "1413 - 1307 = 106 image tokens too many", "placeholder"),
    ],
)
def test_counts_are_explained_exactly_or_only_told(tokens, features, said, never):
    found = reading(COUNTS.format(tokens, features))
    assert said in found and (not never or never not in found), found


@pytest.mark.parametrize(
    ("name", "file", "model", "said"),
    [
        ("vit.pos_embed", "1, 145, 96", "1, 401, 96", "image: 145 = 12 x 12 + 1"),
        (
            "image_encoder.pos_embed",
            "1, 40, 40, 96",
            "1, 20, 20, 96",
            "1600 = 40 x 40 in",
        ),
        ("visual.positional_embedding", "50, 768", "82, 768", "82 = 9 x 9 + 1"),
        ("pos_embed", "1, 401, 96", "1, 145, 96", "320 and 192 for patches of 16"),
        ("pos_embed", "1, 401, 96", "1, 145, 192", "`img_size`) or the patch size"),
        ("positional_embedding", "77, 512", "60, 512", "positions of a text: 77 in"),
        ("pos_embed", "1, 169, 96", "1, 170, 96", "1 more, a class token"),
        (
            "bert.embeddings.position_embeddings.weight",
            "512, 96",
            "40, 96",
            "of a text",
        ),
        ("decoder.transformer.wpe.weight", "1024, 96", "64, 96", "`max_position_emb"),
        (
            "text_model.embeddings.position_embedding.weight",
            "77, 96",
            "256, 96",
            "a text",
        ),
        ("encoder.word_embeddings.weight", "30522, 96", "30524, 96", "`vocab_size`"),
        ("lm_head.weight", "32000, 4096", "32064, 4096", "the table of words: 32000"),
        (
            "decoder.fc.bias",
            "9490",
            "9387",
            "9490 in the checkpoint, 9387 in the model",
        ),
        (
            "l.0.attn.relative_position_bias_table",
            "121, 3",
            "225, 3",
            "a window of 6 in",
        ),
        ("blocks.3.attn.rel_pos_w", "39, 80", "79, 80", "39 = 2 x 20 - 1"),
        ("l.1.attn.attention_biases", "3, 36", "3, 100", "36 = 6 x 6 in the check"),
        ("l.1.attn.attention_biases", "3, 36", "5, 36", "heads: `num_heads`"),
        ("blocks.3.attn.rel_pos", "6, 49", "6, 144", "144 = 12 x 12 in the model"),
        ("l.0.attn_bias_table", "121, 3", "225, 3", "a window of 6 in"),
        ("l.1.attn.attention_bias_idxs", "36, 36", "100, 100", "not learned"),
        (
            "l.0.attn.relative_position_bias_table",
            "121, 4",
            "121, 16",
            "16 in the model: heads",
        ),
        (
            "l.0.attn.rel_pos.relative_position_bias_table",
            "5, 11, 11",
            "5, 15, 15",
            "11 = 2 x 6 - 1 in the checkpoint, 15 = 2 x 8 - 1 in the model: the window",
        ),
        (
            "l.0.attn.relative_coords_table",
            "1, 11, 11, 2",
            "1, 15, 15, 2",
            "coordinates of the cells",
        ),
        ("h.0.attn.bias", "1, 1, 64, 64", "1, 1, 96, 96", "the causal mask"),
        ("h.0.attn.bias", "96", "192", "another size of the model"),
        ("patch_embed.proj.weight", "96, 3, 8, 8", "96, 3, 14, 14", "`patch_size`"),
        (
            "patch_embed.proj.weight",
            "96, 3, 8, 8",
            "96, 1, 8, 8",
            "3 in the checkpoint, 1",
        ),
        ("head.weight", "1000, 96", "20, 96", "classes: `num_classes`"),
        ("classifier.1.bias", "100", "7", "100 in the checkpoint, 7 in the model"),
        ("query_tokens", "1, 24, 96", "1, 40, 96", "`num_query_tokens`"),
        ("mm_projector.0.weight", "96, 640", "96, 704", "the image's part"),
        ("decode_step.weight_ih", "2048, 2560", "2048, 1024", "width of the input"),
        ("blocks.0.mlp.fc1.weight", "384, 96", "768, 192", "another size of the model"),
        ("temporal_embed", "1, 8, 96", "1, 16, 96", "`num_frames`"),
    ],
)
def test_the_name_of_a_parameter_says_what_its_sizes_count(name, file, model, said):
    found = reading_of(name, file, model)
    assert said in found, found
    assert "appended twice" not in found and "guidance" not in found


@pytest.mark.parametrize(
    ("name", "file", "model", "never"),
    [
        ("l.1.attn.attention_biases", "3, 36", "3, 100", "size of the model"),
        ("l.0.attn.relative_coords_table", "1, 11, 11, 2", "1, 15, 15, 2", "heads"),
        ("l.0.attn.relative_position_bias_table", "121, 4", "121, 16", "`window_size`"),
        ("h.0.attn.bias", "1, 1, 64, 64", "1, 1, 96, 96", "size of the model"),
    ],
)
def test_a_table_of_positions_is_taken_for_nothing_else(name, file, model, never):
    found = reading_of(name, file, model)
    assert never not in found, found


def test_tables_that_depend_on_the_grid_are_told_together():
    mismatches = (
        SIZES.format("pos_embed", "1, 145, 96", "1, 401, 96"),
        SIZES.format("blocks.3.attn.rel_pos_w", "39, 80", "79, 80"),
    )
    assert "depend on the image size" in reading("\n".join(mismatches))
    assert "depend on" not in reading(mismatches[0])
    index = SIZES.format("l.0.attn.relative_position_index", "36, 36", "64, 64")
    table = SIZES.format("l.0.attn.relative_position_bias_table", "121, 3", "225, 3")
    assert "depend on" not in reading(f"{table}\n{index}")  # one table and its index


@pytest.mark.parametrize(
    ("missing", "surplus", "said"),
    [
        (
            ["conv.weight", "bn.bias"],
            ["module.conv.weight", "module.bn.bias"],
            "DataParallel",
        ),
        (
            ["b.0.n.weight", "b.1.n.weight"],
            ["b.0.0.n.weight", "b.1.1.n.weight"],
            "in groups",
        ),
        (["fc.a.weight"], ["_orig_mod.fc.a.weight"], "torch.compile"),
        (["q.a.weight"], ["q.a.base_layer.weight"], "an adapter"),
        (
            ["net.encoder.a.weight"],
            ["encoder.a.weight"],
            "`net.encoder.a.weight` in the model",
        ),
    ],
)
def test_an_inserted_level_of_names_is_found(missing, surplus, said):
    lists = (", ".join(f'"{name}"' for name in names) for names in (missing, surplus))
    found = reading(LOADING.format(*lists))
    assert said in found and "The weights are the same" in found


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (
            (3, 6, 9, 35),
            (3, 9, 35),
            "3 of (3, 9, 35) meets 6 of (3, 6, 9, 35) (axis 1, heads)",
        ),
        ((3, 6, 9, 35), (3, 35), "(3, 1, 1, 35), it fits: `x[:, None, None]`"),
        ((5, 9, 35), (5, 35), "(axis 1, queries): with an axis of 1 there, (5, 1, 35)"),
        ((18, 9, 35), (3, 6, 9, 35), "18 = 3 x 6: batch and heads are one axis"),
        ((2, 3, 40, 30), (2, 40, 30), "(axis 1, channels)"),
    ],
)
def test_shapes_are_laid_over_each_other_from_the_right(first, second, said):
    with pytest.raises(RuntimeError) as error:
        torch.zeros(first) + torch.zeros(second)
    told = f"scores {first}, mask {second}: adding them fails"
    with pytest.raises(ValueError) as arrays:
        np.zeros(first) + np.zeros(second)
    for text in (f"{error.value}\n{told}", f"ValueError: {arrays.value}", told):
        assert said in reading(text), text


@pytest.mark.parametrize(
    ("first", "second", "said", "never"),
    [
        (
            (3, 4, 6, 10, 10),
            (3, 1, 6, 1, 6),
            "axis 4, 6, is as long as axis 2 of (3, 4, 6, 10, 10)",
            "axis 1: 4 and 1",
        ),
        ((3, 4, 9, 35), (3, 1, 9, 9), "axis 3, 9, is as long as axis 2", "4 and 1"),
        ((3, 4, 9, 35), (3, 1, 9, 33), "axis 3: 35 and 33", "as long as"),
        ((3, 4, 9, 35), (4, 9, 33), "axis 3: 35 and 33", "as long as"),
    ],
)
def test_only_axes_that_can_not_be_repeated_do_not_agree(first, second, said, never):
    found = reading(f"Incompatible shapes: {[*first]} vs. {[*second]}")
    assert said in found and never not in found, found


def test_a_mask_that_got_an_axis_too_many_is_told_from_others():
    shapes = "Incompatible shapes: {} vs. {}"
    assert "has the batch twice" in reading(shapes.format([3, 8, 9, 9], [3, 3, 9, 9]))
    assert "batch twice" not in reading(shapes.format([3, 8, 9, 9], [3, 8, 9, 7]))
    frames = [3, 4, 6, 10, 10], [3, 4, 1, 4, 10]
    assert "5 axes, more than" in reading(shapes.format(*frames))
    frames = [3, 4, 6, 10, 10], [3, 4, 1, 10, 9]
    assert "more than" not in reading(shapes.format(*frames))


FULL = "CUDA out of memory. Tried to allocate {}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FULL.format("32.00 GiB, num_heads=8"), "8 heads, N is about 46300 (2 bytes)"),
        (FULL.format("1.50 GiB"), "N is about 7100 (2 bytes) or 5000 (4 bytes)"),
        (
            f"a page of 2800 x 2800: {FULL.format('47.68 GiB')}",
            "16 heads x 40000 x 40000 x 2 bytes",
        ),
        (FULL.format("20.00 MiB"), "20.00 MiB is little"),
        ("OOM when allocating tensor with shape[3,6,4096,4096]", "of 4096 x 4096"),
    ],
)
def test_what_did_not_fit_is_compared_with_a_matrix_of_weights(text, said):
    assert said in reading(text)


@pytest.mark.parametrize(
    "text",
    [
        FULL.format("300.00 MiB"),
        "Unable to allocate 16.0 GiB for an array with shape (1000, 70, 3)",
        "CUDA out of memory",
    ],
)
def test_of_other_amounts_of_memory_nothing_is_said(text):
    assert reading(text) == ""


def test_a_mask_for_each_head_is_repeated_in_place():
    attention, x = nn.MultiheadAttention(24, 6), torch.zeros(9, 2, 24)
    with pytest.raises(RuntimeError) as error:
        attention(x, x, x, attn_mask=torch.zeros(2, 9, 9))
    assert "12 = 2 x 6" in reading(f"RuntimeError: {error.value}")


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((2, 8, 1024, 77), "1024 queries of an image"),
        ((16, 256, 77), "256 queries of an image"),
        ((2, 20, 12, 12, 77), "144 queries of an image"),
        ((1, 12, 77, 77), "attend to each other"),
        ((8, 77, 77), "attend to each other"),
    ],
)
def test_77_keys_are_asked_by_cells_or_by_words(shape, said):
    assert said in reading(f"attention weights of shape {shape}")
    assert shape[-2] != 77 or "of an image" not in reading(f"weights {shape}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "The model gives 230 tokens instead of 226",
            "230 - 226 = 4: four register tokens",
        ),
        ("I get 170 tokens but expected 169", "170 = 13 x 13 + 1"),
        ("the output has 380 tokens instead of 361", "380 = 19 x (19 + 1)"),
    ],
)
def test_counts_that_a_sentence_compares_are_read(text, said):
    assert said in reading(text)


@pytest.mark.parametrize(
    "text",
    [
        "The size of tensor a (50257) must match the size of tensor b (50264)",
        "it took 300 instead of 250 seconds",
        "the loss is 512 instead of 384",
        "cross attention (2, 10, 12, 77)",
        LOADING.format('"a.weight", "b.weight"', '"c.weight", "d.weight"'),
        RESHAPE.format([8, 196, 64], [8, 196, 64], 8 * 196 * 64),
        "Where do the 12 heads of layer 9 look?",
    ],
)
def test_where_nothing_follows_nothing_is_read(text):
    assert reading(text).replace("77 = 7 x 11 (the text tokens of CLIP)", "") == ""


def test_channels_in_front_of_a_picture_are_no_heads():
    assert "512 are channels" in reading("Invalid shape (512, 7, 9) for image data")
    assert "12 maps" in reading("Invalid shape (12, 7, 9) for image data")
    assert "resize" not in reading(
        "operands could not be broadcast together with shapes (197,768) (196,768)"
    )


def test_a_product_of_which_two_axes_alone_are_told_is_read():
    assert explain("mat1 dim 1 must match mat2 dim 0").message.id == "matmul"


@pytest.mark.parametrize(
    ("size", "wanted", "said", "never"),
    [
        (
            210,
            (5, 5, 2, 3),
            "210 = 7 x 5 x 2 x 3, a kernel of 7 x 5 where 5 x 5",
            "tok",
        ),
        (9000, (3, 3, 16, 32), "9000 is no multiple of 16 x 32 = 512", "tokens"),
        (3 * 3 * 170, (3, 3, 13, 13), "170 - 169 = 1: a class token", "kernel"),
    ],
)
def test_a_shape_that_begins_with_a_small_square_is_a_kernel(size, wanted, said, never):
    array = f"cannot reshape array of size {size} into shape {wanted}"
    for message in (array, f"shape '{[*wanted]}' is invalid for input of size {size}"):
        assert said in reading(message) and never not in reading(message)


def test_lengths_of_a_text_are_no_grids():
    sizes = "The size of tensor a ({}) must match the size of tensor b ({}) at "
    sizes = sizes.format(580, 512) + "non-singleton dimension 1\n"
    assert "a table with fewer" in reading(
        sizes + "inputs_embeds + position_embeddings"
    )
    assert "a table with fewer" not in reading(sizes + "patch_embed, inputs_embeds + x")
    counted = "ValueError: wrong: 402 for this {}, max_new_tokens=256"
    assert not reading(counted.format("text")) and reading(counted.format("picture"))


def test_a_family_without_a_class_token_loses_none():
    assert "for a class token" in reading(COUNTS.format(400, 399))
    found = reading(COUNTS.format(400, 399) + " (Qwen2-VL)")
    assert "400 - 399 = 1: this family has no class token" in found


def test_images_and_windows_on_one_axis_are_told_by_the_words_around():
    sizes = "The size of tensor a (18) must match the size of tensor b (9) at "
    said = "18 = 2 x 9 in the first axis: 2 images of 9 windows"
    assert said in reading(f"{sizes}non-singleton dimension 0\nshifted window, mask")
    assert said not in reading(f"{sizes}non-singleton dimension 0\nbeams, mask")
    assert said not in reading(f"{sizes}non-singleton dimension 2\nwindow, mask")


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ("602112", "602112 = 3 x 448 x 448 = 784 x 768"),
        ("150528", "150528 = 3 x 224 x 224 = 196 x 768"),
        ("size 263168", "263168 = 257 (16 x 16 + 1) x 1024"),
        ("2364", "2364 = 12 x 197 (14 x 14 + 1)"),
        ("768 and 256", "768 = 3 x 256"),
        ("10150 values, 5 frames, 7 heads, 290", "10150 = 5 x 7 x 290"),
        ("1734 for 289", "1734 = 6 x 289"),
        ("1740 for 289", "1740 = 6 x (289 + 1): a class token"),
        ("1764 for 289", "1764 = 6 x (289 + 5): a class token and four register"),
        ("362 and 361", "362 - 361 = 1: a class token"),
        ("258 and 256", "258 - 256 = 2: a class token and a distillation token"),
        ("209 for 208", "209 - 208 = 1: a class token"),
    ],
)
def test_unknown_errors_get_the_products_and_differences_of_their_numbers(
    numbers, said
):
    found = reading(f"ValueError: zork {numbers}").split(" | ")
    assert any(one.startswith(said) for one in found), found


@pytest.mark.parametrize(
    "numbers",
    [
        "in 2025, version 4.57.1, line 197, 256%",
        "at model.py:257, seed 1234, epoch 120 of 300",
        "pid 20480, port 8080, step 1200/5000",
        "8192 MiB, 128 workers, 32000 words",
        "3 of 12 heads, 4 layers",
    ],
)
def test_years_lines_shares_memory_and_small_counts_are_not_read(numbers):
    assert reading(f"ValueError: zork {numbers}") == ""


def test_many_numbers_get_few_lines():
    many = " ".join(str(side * side + more) for side in (14, 17, 23) for more in (0, 1))
    assert len(explain(f"ValueError: zork {many} 2364 602112").facts) == 5
    assert "602112" not in reading("ValueError: zork 602112, " + "7 " * 40)


def test_sizes_that_differ_by_a_factor_and_a_class_token_are_read():
    sizes = "The size of tensor a ({}) must match the size of tensor b ({}) at "
    sizes += "non-singleton dimension 1"
    assert "1530 = 9 x (169 + 1): a class token" in reading(sizes.format(1530, 169))
    assert "9 x" not in reading(sizes.format(1531, 169))


@pytest.mark.parametrize(("n", "side"), [(170, 13), (197, 14), (442, 21)])
def test_an_axis_of_a_square_and_one_is_cut_by_its_side(n, side):
    x = np.zeros((2, n, 24))
    with pytest.raises(einops.EinopsError) as error:
        einops.rearrange(x, "b (h w) c -> b c h w", h=side)
    text = f"EinopsError: {error.value}"
    first = [ranked.cause.id for ranked in explain(text).causes[:3]]
    assert "class-token" in first
    assert f"{n} - {side * side} = 1: a class token" in reading(text)
