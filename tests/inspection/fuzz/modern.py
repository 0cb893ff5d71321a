"""Valid tensors of models with prompts, tiles, frames, padding and merged cells."""

from torch import ones
from torch.nn.functional import avg_pool2d

from . import encoders, prompts

FAMILIES = (
    *(prompts.llava, prompts.llava_placeholder, prompts.qwen_language),
    *(prompts.qwen_video, prompts.two_images, prompts.left_padded, prompts.next_rows),
    lambda random: prompts.tiled(random, separators=False),
    lambda random: prompts.tiled(random, separators=True),
    *(prompts.internvl_video, prompts.pixtral, prompts.fuyu, prompts.git),
    *(prompts.paligemma, prompts.gemma3, prompts.pooled),
    *(encoders.qwen_encoder, encoders.mllama, encoders.video_encoder),
    *(encoders.naflex, encoders.text_conditioned, encoders.joint),
)


def modern(random):
    """One Case."""
    return random.choice(FAMILIES)(random)


def with_sizes(case):
    """The user knows what the processor said of the image, and not the prompt."""
    sizes = {
        k: case.run[k] for k in ("tiles", "grid_thw", "spatial_shapes") if k in case.run
    }
    case.known |= sizes
    return case


def with_reader(case):
    """The run of a case, with a model that can be probed: tokens of this very layout.

    Cells are averages of their pixels; keys that are no cells hold one number.
    """
    if case.layout is None or case.layout.index.dim() == 3:
        return case
    h, w = case.layout.index.shape
    H, W = case.known["image_size"]
    if H % h or W % w or h * w > 1000:
        return case

    def read_tokens(images):
        means = avg_pool2d(images, (H // h, W // w)).flatten(2).mT  # (B, h w, 3)
        tokens = ones(len(images), case.layout.length, 3)  # (B, N, 3)
        tokens[:, case.layout.index.flatten()] = means
        return tokens

    tiles = {"tiles": case.run["tiles"]} if "tiles" in case.run else {}
    case.run = {"read_tokens": read_tokens, **tiles}
    return case
