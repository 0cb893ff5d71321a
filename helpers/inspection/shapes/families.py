"""How the models of a name lay out their keys, as their papers and code have it."""

import re
from functools import cache
from typing import NamedTuple

POOLED = (
    "it reads the picture through learned queries: in its language model no key has a "
    "cell. Its encoder, and the cross-attention of the queries, have cells as keys"
)
REGIONS = "its keys are boxes of an object detector: no grid. Draw the weights as boxes"
CUT = (
    "rows or columns that are padding are cut off, so that the number of its keys "
    "says how many: with text=(in front, behind) they are counted"
)
WORDS = "cells look at the words of the prompt: keys are words, queries are cells"


class Family(NamedTuple):
    """kinds: of layouts, the likeliest first (see `readings`). merges: patches of a
    side that become one token. place: where the image stands in the sequence, "first"
    or "last". note: to be said. grid: False where no key of its prompt has a cell."""

    kinds: tuple = ("cells",)
    merges: tuple = (1,)
    place: str = ""
    note: str = ""
    grid: bool = True


UNKNOWN = Family((), ())  # prefers nothing
# Parts of a name, in lower case without signs; the first line that fits counts.
FAMILIES = {
    "qwen25vl qwen25omni": Family(("window blocks", "cells"), (2,)),
    "qwen2vl qwen3vl qwen35 glm4v glm41v": Family(("blocks", "cells"), (2,)),
    "internvl": Family(("tiles", "cells"), (2,)),
    "paligemma": Family(place="first"),
    "gemma3": Family(merges=(4,)),
    "idefics3 smolvlm": Family(("separated", "cells"), (2, 4)),
    "pixtral fuyu": Family(("breaks",)),
    "mistralsmall": Family(("breaks",), (2,)),
    "mllama llama32": Family(("padded",)),
    "llavanext llavav16 llava16": Family(
        ("joined", "thumbnail first", "cells"), note=CUT
    ),
    "llavaonevision": Family(("joined", "thumbnail first", "cells"), (1, 2)),
    "phi3v phi35v deepseekvl2": Family(("joined",)),
    "videollava languagebind": Family(("class frames", "cells")),
    "llava bakllava vipllava": Family(),
    "timesformer": Family(("time last", "cells")),
    "vivit videomae vjepa internvideo": Family(("frames", "cells")),
    "swin": Family(("windows", "cells"), (1, 2, 4, 8)),
    "sam vitdet segmentanything": Family(("windows", "cells")),
    "deformable groundingdino dinodetr mask2former rtdetr": Family(("levels", "cells")),
    "blip2 instructblip qformer minigpt minicpm flamingo idefics kosmos qwenvl mplug "
    "resampler perceiver": Family(note=POOLED, grid=False),
    "vilbert lxmert visualbert uniter vinvl oscar": Family(
        (), note=REGIONS, grid=False
    ),
    "stablediffusion3 sd3": Family(place="first"),
    "flux vilt": Family(place="last"),
    "stablediffusion sdxl sd15 sd21": Family(("cells", "frames"), note=WORDS),
    "git": Family(place="first"),
    "vit deit dino clip siglip beit mae eva blip detr trocr segformer pvt": Family(),
}


@cache
def family_of(name):
    """The Family of a model's name, such as "Qwen/Qwen2-VL-7B-Instruct"."""
    names = [re.sub(r"[^a-z0-9]", "", n.lower()) for n in (name, name.split("/")[-1])]
    for parts, family in FAMILIES.items():
        for part in parts.split():
            if any(n.startswith(part) or (part in n and len(part) > 3) for n in names):
                return family
    return UNKNOWN
