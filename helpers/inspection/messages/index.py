"""The data of the error index: the messages people see, and the causes behind them."""

import json
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

from helpers import ROOT
from helpers.inspection.messages.notes import by_owner, with_shared

FOLDER = ROOT / "data" / "errors"
MESSAGES, SAID, COUNTS = "messages.toml", "said.toml", "counts.toml"
SHARED = "shared.toml"  # notes of several entries
NAMES = "names.toml"  # of models and libraries: notes that belong to no entry
# A notebook of the index, and the first of its sections (a file of data/errors).
PARTS = {"error_index": "01", "error_index_2": "14", "error_index_3": "23"}
# [[entry]], or a key and its value; no value if a text between ''' follows.
ROW = re.compile(r"^(?:\[\[(\w+)\]\]|([\w-]+|\".+?\") = (.*))$", re.MULTILINE)
# attn_implementation="eager", set_attn_implementation("eager"), {"need_weights": True}
SETTING = re.compile(r"([a-z]\w+)[\"']? ?[=(:] ?(?:[\"'](\w+)[\"']|(True|False))")


@dataclass(frozen=True)
class Cause:
    """One entry of the index: a cause, the question that tells it apart, a remedy.

    fits, unless: names of facts about the numbers (see `facts`) that speak for it or
    against it. clues: words elsewhere in what was pasted that speak for it. said: how
    people say it without a message. brief: what is wrong and what mends it, in a line.
    code: a program with its lines marked `# before` and `# after`, in plain PyTorch;
    course: the same with the helpers of the course. notes: what is more to say where a
    text names one of some words (see notes.py). part: its notebook.
    """

    id: str
    title: str
    brief: str
    cause: str
    ask: str
    run: str
    code: str
    course: str = ""
    threads: tuple = ()
    fits: tuple = ()
    unless: tuple = ()
    clues: tuple = ()
    said: tuple = ()
    notes: str = ""
    part: str = ""

    @property
    def before(self):
        return marked(self.code, "before")

    @property
    def after(self):
        return marked(self.code, "after")

    def in_use(self, text):
        """Does the text set already most of what the remedy sets?"""
        if not (said := settings(text)):
            return False
        if not any(one.split("=")[0] in self.code for one in said):
            return False
        remedy = settings(self.after) - settings(self.before)
        return 2 * len(remedy & said) > len(remedy)


@dataclass(frozen=True)
class Message:
    """One message, in the wordings of several versions.

    says: examples; numbers in them stand for any, and `...` for any text. like:
    patterns for wordings that are not known, of which `says` names the kind. means:
    what it says, in plain words. numbers: which facts to look for, and roles: what its
    numbers are, in order. causes: ids, the likeliest first. A message without
    causes is not about shapes: `remedy` says what helps. notes: as of a cause. aside:
    it stops no program, and stands beside many errors.
    """

    id: str
    says: tuple
    means: str
    like: tuple = ()
    causes: tuple = ()
    numbers: str = ""
    roles: tuple = ()
    remedy: str = ""
    notes: str = ""
    aside: bool = False


class Section(NamedTuple):
    part: str  # the notebook it stands in
    title: str
    see: str  # what you see
    text: str
    ids: tuple  # of its causes


@dataclass(frozen=True, eq=False)
class Index:
    sections: tuple
    causes: dict = field(repr=False)  # {id: Cause}
    messages: tuple = field(repr=False)
    counts: dict = field(repr=False)  # {message: {cause: cases of it}}
    names: dict = field(repr=False)  # {title: notes} on models and libraries


@cache
def read_index(folder=FOLDER):
    """The index from its files, in the order of their names."""
    sections, causes = [], {}
    said, shared = load(folder / SAID), by_owner(load(folder / SHARED)["note"])
    for file in sorted(folder.glob("[0-9]*.toml")):
        data = load(file)
        part = [name for name, first in PARTS.items() if first <= file.name][-1]
        for entry in data["entry"]:
            phrases = tuple(said.get(entry["id"], "").splitlines())
            whole = with_shared(entry, shared["entries", entry["id"]])
            causes[entry["id"]] = Cause(said=phrases, part=part, **whole)
        ids = tuple(entry["id"] for entry in data["entry"])
        text = data.get("text", "")
        sections.append(Section(part, data["section"], data["you_see"], text, ids))
    messages = []
    for one in load(folder / MESSAGES)["message"]:
        whole = with_shared(one, shared["messages", one["id"]])
        messages.append(Message(**whole | {"says": tuple(one["says"].splitlines())}))
    counts = tomllib.loads((folder / COUNTS).read_text(encoding="utf-8"))
    names = load(folder / NAMES)
    return Index(tuple(sections), causes, tuple(messages), counts, names)


def load(file):
    """A TOML file of the index, lists as tuples, texts without empty lines around.

    tomllib looks at every letter. Here a line is `[[name]]`, or a key and its value:
    JSON mostly, which is read faster, or a text between '''.
    """
    data = table = {}
    parts = file.read_text(encoding="utf-8").split("'''")
    for rows, text in zip_longest(parts[::2], parts[1::2]):
        for name, key, value in ROW.findall(rows):
            if name:
                table = {}
                data[name] = *data.get(name, ()), table
            else:
                table[key.strip('"')] = value_of(value) if value else text.strip("\n")
    return data


def value_of(text):
    """A value of TOML in one line."""
    try:
        return frozen(json.loads(text))
    except ValueError:
        return frozen(tomllib.loads(f"value = {text}")["value"])


def frozen(value):
    """A value of TOML with tuples for lists, and texts without empty lines around."""
    if isinstance(value, str):
        return value.strip("\n")
    if isinstance(value, dict):
        return {key: frozen(one) for key, one in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value


@cache
def settings(code):
    """The settings in a text: attn_implementation=eager, average_attn_weights=False."""
    found = SETTING.findall(code)
    return frozenset(f"{name.removeprefix('set_')}={a or b}" for name, a, b in found)


def marked(code, mark):
    """The lines of a program that end with `# before` or `# after`, without that.

    Each has the indent of its own block, as far as the block's first line is marked.
    """
    end, shown, opened = re.compile(rf"\s+# {mark}\b.*$"), [], []
    for line in filter(end.search, code.splitlines()):
        text = end.sub("", line).lstrip()
        indent = len(line) - len(line.lstrip())
        opened = [one for one in opened if one < indent]
        shown.append("    " * len(opened) + text)
        opened += [indent] * text.endswith((":", "(", "[", "{"))
    return "\n".join(shown)
