"""What the doctor knows by heart: families of models, and what it can say."""

import re
import tomllib
from functools import cache
from typing import NamedTuple

from helpers import ROOT
from helpers.inspection.shapes.report import Problem


class Family(NamedTuple):
    """How models of a name lay out their keys; data/families.toml says what each field
    means in its head."""

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
    shifts: bool = True


UNKNOWN = Family((), merges=())  # prefers nothing


@cache
def read_toml(name):
    return tomllib.loads((ROOT / "data" / name).read_text(encoding="utf-8"))


def problem(kind, /, **numbers):
    """A Problem of this kind, with its numbers filled in."""
    texts = read_toml("doctor.toml")["problem"][kind]
    return Problem(kind, **{name: t.format(**numbers) for name, t in texts.items()})


def say(kind, /, **numbers):
    """A sentence on what stays open, or is worth knowing, with its numbers."""
    return read_toml("doctor.toml")["sentence"][kind].format(**numbers)


@cache
def family_of(name):
    """The Family of a model's name, such as "Qwen/Qwen2-VL-7B-Instruct".

    Who made it tells nothing, nor does a few letters' part of another word, nor an
    abbreviation of something else.
    """
    short = re.sub(r"^[^/]*/(?=[A-Za-z])", "", name)  # without the maker's
    for family in read_toml("families.toml")["family"]:
        parts = [part for part in family["names"] if is_called(short, part)]
        known = (*family["names"], *family.get("long", ()))
        if parts and not stands_for_another(name, parts, known):
            own = {k: v for k, v in family.items() if k not in ("names", "long")}
            return Family(**own)._replace(**front_of(name))
    return UNKNOWN._replace(**front_of(name))


def is_called(name, part):
    """True if the name has this part: at an end of a word if it is of four letters, as
    the first word if it is shorter."""
    name = re.sub(r"(?<=[A-Za-z])(?=[A-Z][a-z])", "-", name).lower()  # ViT-Model
    letters = r"[^a-z0-9]*".join(part)
    if len(part) < 4:
        return bool(re.match(rf"{letters}(?![a-z]{{2}})", name))
    if len(part) == 4:
        letters = rf"(?<![a-z0-9]){letters}|{letters}(?![a-z]{{2}})"
    return bool(re.search(letters, name))


def stands_for_another(name, parts, known):
    """True if all parts are of up to four letters, and the name spells one out as no
    known name does, or it stands for several models and unusual words are beside it."""
    table, squeezed = read_toml("families.toml"), re.sub("[^a-z]", "", name.lower())
    if any(len(k) > 4 and (k in parts or k in squeezed) for k in known):
        return False
    words = re.findall("[a-z]+", re.sub(r"^[^/]*/(?=[A-Za-z])", "", name).lower())
    beside = [w for w in words if len(w) > 3 and not any(p in w for p in parts)]
    several = any(part in table["several"] for part in parts)
    if several and set(beside) - set(table["plain"]):
        return True
    ways = [words[n:] for n, w in enumerate(words) if not any(p in w for p in parts)]
    return any(spell(way, part) for part in parts for way in ways)


def spell(words, part):
    """True if the first of these words begin with the letters of the part, in order."""
    if not part or not words:
        return not part
    starts = [n for n in range(1, len(part) + 1) if words[0].startswith(part[:n])]
    return any(spell(words[1:], part[n:]) for n in starts if words[0] != part[:n])


def front_of(name):
    """{"front": (n,)} where a name tells the keys in front: registers, distillation."""
    name = name.lower()
    registers = re.search(r"reg(?:isters)?[-_]?(\d*)(?![a-z])", name)
    if registers:
        class_token = not re.search(r"reg\d*_gap", name)  # as timm names them
        return {"front": [int(registers[1] or 4) + class_token]}
    return {"front": [2]} if "distilled" in name else {}
