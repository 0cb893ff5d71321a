"""What the doctor knows by heart: data/doctor.toml, problems, data/families.toml."""

import re
import tomllib
from functools import cache
from typing import NamedTuple

from helpers import ROOT
from helpers.inspection.shapes.report import Problem


class Family(NamedTuple):
    """How models of a name lay out their keys.

    kinds: of layouts, the likeliest first (see `readings`). inputs: published ones, as
    in "336/14", see `inputs`. prompt: True where they stand in a prompt. merges:
    patches of a side that become one token. front: keys in front of the cells, as many
    as there may be. behind: keys behind them. place: where the image stands in the
    sequence, "first" or "last". words: True where cells look at words. note: to be
    said. grid: False where no key of its prompt has a cell.
    """

    kinds: tuple = ("cells",)
    inputs: tuple = ()
    prompt: bool = False
    merges: tuple = (1,)
    front: tuple = ()
    behind: int = 0
    place: str = ""
    words: bool = False
    note: str = ""
    grid: bool = True


UNKNOWN = Family((), merges=())  # prefers nothing


@cache
def read_toml(name):
    return tomllib.loads((ROOT / "data" / name).read_text(encoding="utf-8"))


def problem(kind, **numbers):
    """A Problem of this kind, with its numbers filled in."""
    texts = read_toml("doctor.toml")["problem"][kind]
    return Problem(kind, **{name: t.format(**numbers) for name, t in texts.items()})


@cache
def family_of(name):
    """The Family of a model's name, such as "Qwen/Qwen2-VL-7B-Instruct".

    One counts if the name begins with a part of it, or has one of four letters within.
    """
    names = [re.sub(r"[^a-z0-9]", "", n.lower()) for n in (name, name.split("/")[-1])]
    for family in read_toml("families.toml")["family"]:
        for part in family["names"]:
            if any(n.startswith(part) or (part in n and len(part) > 3) for n in names):
                own = {k: v for k, v in family.items() if k != "names"}
                return Family(**own)._replace(**front_of(name))
    return UNKNOWN._replace(**front_of(name))


def front_of(name):
    """{"front": (n,)} where a name tells the keys in front: registers, distillation."""
    name = name.lower()
    registers = re.search(r"reg(?:isters)?[-_]?(\d*)(?![a-z])", name)
    if registers:
        class_token = not re.search(r"reg\d*_gap", name)  # as timm names them
        return {"front": [int(registers[1] or 4) + class_token]}
    return {"front": [2]} if "distilled" in name else {}
