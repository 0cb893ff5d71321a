"""Valid tensors of models with prompts, tiles, frames, padding and merged cells."""

from torch import ones
from torch.nn.functional import avg_pool2d

from . import encoders, prompts, tiles

FAMILIES = (
    *(prompts.llava, prompts.llava_placeholder, prompts.qwen_language),
    *(prompts.qwen_video, prompts.two_images, prompts.left_padded, tiles.next_rows),
    *(tiles.internvl, tiles.idefics3, tiles.internvl_video, tiles.onevision),
    *(prompts.pixtral, prompts.fuyu, prompts.git, prompts.paligemma, prompts.gemma3),
    *(prompts.pooled, encoders.qwen_encoder, encoders.qwen_windows, encoders.mllama),
    *(encoders.video_encoder, encoders.naflex, encoders.text_conditioned),
    *(encoders.joint, encoders.levels, encoders.windows, encoders.reduced),
)


def modern(random):
    """One Case."""
    return random.choice(FAMILIES)(random)


def as_told(random, case):
    """The case with what a person knows who has the model and not the run.

    The frames and the tiles they chose themselves; four of five name the model; of five
    with a prompt, two count the tokens in front of the image, two those behind as well.
    """
    told = dict(case.told)
    text = told.pop("text", None)
    if random.random() < 0.2:
        told.pop("model", None)
    draw = random.random()
    if text is not None and draw < 0.8:
        told["text"] = text if draw < 0.4 else text[0]
    case.known |= told
    return case


def as_run(case):
    """The case with all that the run tells: who runs a model knows its name as well."""
    case.known |= {k: v for k, v in case.told.items() if k != "text"}
    return case


def with_reader(case):
    """The run of a case, with a model that can be probed: tokens of this very layout.

    Cells are averages of their pixels; keys that are no cells hold one number.
    """
    if case.layout is None or case.layout.index.dim() == 3:
        return case
    h, w = case.layout.index.shape
    H, W = case.known["image_size"]
    if H % h or W % w or h * w > 1000 or case.layout.length != case.weights.shape[-1]:
        return case

    def read_tokens(images):
        means = avg_pool2d(images, (H // h, W // w)).flatten(2).mT  # (B, h w, 3)
        tokens = ones(len(images), case.layout.length, 3)  # (B, N, 3)
        tokens[:, case.layout.index.flatten()] = means
        return tokens

    tiles = {"tiles": case.run["tiles"]} if "tiles" in case.run else {}
    case.run = {"read_tokens": read_tokens, **tiles}
    return case
