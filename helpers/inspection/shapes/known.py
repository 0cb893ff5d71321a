"""What the doctor knows by heart, from data/doctor.toml: problems, and families."""

import re
import tomllib
from functools import cache
from typing import NamedTuple

from helpers import ROOT
from helpers.inspection.shapes.report import Problem


class Family(NamedTuple):
    """How models of a name lay out their keys.

    kinds: of layouts, the likeliest first (see `readings`). merges: patches of a side
    that become one token. place: where the image stands in the sequence, "first" or
    "last". note: to be said. grid: False where no key of its prompt has a cell.
    """

    kinds: tuple = ("cells",)
    merges: tuple = (1,)
    place: str = ""
    note: str = ""
    grid: bool = True


UNKNOWN = Family((), ())  # prefers nothing


@cache
def data():
    return tomllib.loads((ROOT / "data" / "doctor.toml").read_text(encoding="utf-8"))


def problem(kind, **numbers):
    """A Problem of this kind, with its numbers filled in."""
    texts = data()["problem"][kind]
    return Problem(kind, **{name: t.format(**numbers) for name, t in texts.items()})


@cache
def family_of(name):
    """The Family of a model's name, such as "Qwen/Qwen2-VL-7B-Instruct".

    One counts if the name begins with a part of it, or has one of four letters within.
    """
    names = [re.sub(r"[^a-z0-9]", "", n.lower()) for n in (name, name.split("/")[-1])]
    for family in data()["family"]:
        for part in family["names"]:
            if any(n.startswith(part) or (part in n and len(part) > 3) for n in names):
                return Family(**{k: v for k, v in family.items() if k != "names"})
    return UNKNOWN
