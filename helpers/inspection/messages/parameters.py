"""What the names of parameters say: which table it is, and how two lists differ."""

import math
import re
import tomllib
from collections import defaultdict
from itertools import product

from helpers.inspection.messages.index import FOLDER
from helpers.inspection.messages.numbers import (
    EXTRA,
    describe,
    extra,
    square_and_more,
    square_root,
    told,
)
from helpers.inspection.messages.shapes import differing

DATA = tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))
TABLES = {one["fact"]: one for one in DATA["table"]}
SIZES = r"(?:torch\.Size\()?[\[(][\d, ]*[\])]\)?"
TOLD = [re.compile(form.replace(">S)", f">{SIZES})")) for form in DATA["told"]]
LISTS = re.compile(
    r"(?i)(?P<missing>missing key|newly init)|unexpected key|not used when init"
)
QUOTED = re.compile(r"[\"']([\w.]+)[\"']")
TEXTS = {77, 248, 512, 514, 1024, 2048}  # positions of published texts
GRID = "image-positions", "distances", "offsets", "distance-maps", "line-distances"
RELATIVE = "distances", "offsets", "line-distances"
PATCHES = 16, 14  # the usual ones
MOST = 80  # names of a list that are compared


def parameters(numbers, text):
    """Facts about the parameters in which a checkpoint and a model differ."""
    facts, known = {}, [shape for shape in numbers if isinstance(shape, tuple)]
    for form in TOLD:
        for found in form.finditer(text):
            shapes = (re.findall(r"\d+", found[side]) for side in ("file", "model"))
            facts = table(found["name"], *(tuple(map(int, n)) for n in shapes)) | facts
    many = [TABLES[kind]["what"] for kind in GRID if kind in facts]
    facts |= told("keys", {"several-tables": many[1:]}, names=", ".join(many))
    if not facts and len(known) > 1:
        differ = [f"axis {i}: {a} and {b}" for i, a, b in differing(*known[:2])]
        facts = told("shapes", {"differ": differ}, places="; ".join(differ))
    return facts | renamed(*lists_in(text))


def table(name, file, model):
    """{fact: sentence}: what a parameter is, and what sets the sizes that differ."""
    kind = next((one for one in TABLES if re.search(TABLES[one]["names"], name)), "")
    file, model = (shape[shape[:1] == (1,) :] for shape in (file, model))
    if not kind or len(file) != len(model) or file == model:
        return {}
    kind, (file, model) = by_form(kind, file, model)
    axes = zip(file, model, strict=True)
    differ = {axis: ab for axis, ab in enumerate(axes) if ab[0] != ab[1]}
    one, sets = TABLES[kind], {}
    main, names = one.get("main", 0), dict(enumerate(one["axes"]))
    for axis, pair in differ.items():
        what = names.get(axis, DATA["width"])
        read = READ.get(kind, str) if what == names.get(main) else str
        sets.setdefault(what, []).append([read(n) or str(n) for n in pair])
    parts = []
    for what, counts in sets.items():
        a, b = (", ".join(dict.fromkeys(side)) for side in zip(*counts, strict=True))
        parts.append(f"{a} in the checkpoint, {b} in the model: {what}")
    more = abs(file[0] - model[0])
    if kind == "image-positions" and file[1:] == model[1:]:
        parts = more not in EXTRA and same_patch(file[0], model[0]) or parts
    said = f"`{name}`, {one['what']}: {'; '.join(parts)}"
    if kind == "image-positions" and more in EXTRA:  # and no other grid
        said = said.replace(one["axes"][0], f"{more} more, {EXTRA[more]}")
        high, low = max(file, model)[0], min(file, model)[0]
        return extra(more, f"{high} - {low} = {more}") | {"positions": said}
    return {kind if names.get(main) in sets else "other-width": said}


def same_patch(*rows):
    """Two grids in one width: pictures of two sizes, if the patch is the same."""
    if not all(grids := [square_and_more(n) for n in rows]):
        return []
    (a, _), (b, _) = grids
    file, model = (describe(n).split(" (")[0] for n in rows)
    sizes = ", ".join(f"{a * p} and {b * p} for patches of {p}" for p in PATCHES)
    return [
        f"{file} in the checkpoint, {model} in the model: with the same patch another "
        f"image size ({sizes}; `image_size`, `img_size`), else another patch size"
    ]


def by_form(kind, file, model):
    """The kind of a table where its shape says more than its name, and the shapes."""
    if kind in RELATIVE:
        kind = relative(kind, file, model)
    elif kind == "causal-mask" and (len(file) < 2 or file[-2:] != file[:-3:-1]):
        kind = "other-width"  # the bias of a layer
    if "positions" not in kind:
        return kind, (file, model)
    file, model = ((math.prod(shape[:-1]), shape[-1]) for shape in (file, model))
    rows = file[0], model[0]
    if kind == "positions" and all(map(square_and_more, rows)):
        kind = "image-positions"
    elif kind == "positions" and TEXTS & {*rows}:
        kind = "text-positions"
    return kind, (file, model)


def relative(kind, file, model):
    """Of relative positions, which axes count them: those in front, or behind heads."""
    if len(file) == 3 and kind != "line-distances":
        return "distance-maps"
    if len(file) != 2 or (file[0] != model[0]) == (file[1] != model[1]):
        return kind
    squares = all(map(square_root, (file[1], model[1])))
    if file[0] == model[0] < min(file[1], model[1]) and squares:
        return "offsets"
    rows = file[0] != model[0] and all(window(n) != str(n) for n in (file[0], model[0]))
    return "distances" if rows and kind == "offsets" else kind


def square(n):
    """The square whose cells a table counts, for each distance without its sign."""
    root = square_root(n)
    return f"{n} = {root} x {root}" if root else f"{n}"


def window(n):
    """The window of m x m whose distances a table has: (2 m - 1)^2 rows."""
    for more in (0, 3):  # BEiT: three for the class token
        if (root := square_root(n - more)) and root % 2:
            plus = f" + {more}" * (more > 0)
            return f"{n} = {root} x {root}{plus}, a window of {root // 2 + 1}"
    return f"{n}"


def line(n):
    """The same of one axis: 2 m - 1 rows."""
    return f"{n} = 2 x {n // 2 + 1} - 1" if n % 2 else f"{n}"


READ = {"image-positions": describe, "distances": window, "line-distances": line}
READ |= {"offsets": square, "distance-maps": line}


def lists_in(text):
    """The names that a checkpoint lacks and those that only it has."""
    found, places = ([], []), [*LISTS.finditer(text)]
    ends = [*(one.start() for one in places[1:]), len(text)][: len(places)]
    for one, end in zip(places, ends, strict=True):
        found[not one["missing"]].extend(QUOTED.findall(text[one.end() : end])[:MOST])
    return found


def renamed(missing, surplus):
    """The fact that the names of one side have a level more than the other's."""
    found = defaultdict(dict)
    for ours, theirs in product(missing, surplus):
        for side, few, many in ("file", ours, theirs), ("model", theirs, ours):
            if level := inserted(few.split("."), many.split(".")):
                found[side, re.sub(r"\d+", "#", level)].setdefault(few, (few, many))
    (side, level), names = max(
        found.items(), key=lambda one: len(one[1]), default=(("", ""), {})
    )
    if not names or len(names) < min(len(missing), len(surplus)) / 2:
        return {}
    few, many = next(iter(names.values()))
    known = next(row for row in DATA["level"] if re.search(row["names"], level))
    values = {"few": few, "many": many, "side": side, "source": known["what"]}
    level = level.replace("#", "0")
    return told("keys", {"level": True, known["fact"]: True}, level=level, **values)


def inserted(few, many):
    """What a name has more than another, in front or inside of it, or ""."""
    same = zip(few, many, strict=False)
    front = next((n for n, (a, b) in enumerate(same) if a != b), len(few))
    more = len(many) - len(few)
    alone = few in (["weight"], ["bias"]) or front == len(few)
    if alone or more < 1 or few[front:] != many[front + more :]:
        return ""
    return ".".join(many[front : front + more])
