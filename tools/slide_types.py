"""Slides from the lesson notebooks: which cell stands where.

One idea per slide: a heading and its subject, which is a figure, a question to the
room, a table or a short run of code. The next subject under the same heading gets a
slide of its own. The template sizes figures: they fill the slide.
"""

import re
from itertools import pairwise

HEADING_LINE = re.compile(r"^#{1,3} ")
EXERCISE = re.compile(r"\*\*Exercise \d")  # at the start of a cell
PREDICT = "**Predict first.**"
LIST_OR_TABLE = re.compile(r"^(- |\d+\. |\|)", re.MULTILINE)
TAG = "slide"  # of the decisive cell, whose code is shown above what follows
SHORT_CODE = 8  # lines, of source and of output
LONG_CODE = 14  # lines that fit below a heading
SHOWN_WITH_FIGURE = 5  # lines of code that leave room for one
SHORT_PROSE = 45  # words; longer prose is for the speaker
LONG_PROSE = 90  # words on a slide that has nothing else

ITEMS = {"figure", "predict", "list", "example"}  # what a slide is about


def mark(notebook):
    """Give each cell its slide type."""
    for cell, kind in zip(notebook.cells, slide_types(notebook.cells), strict=True):
        cell.metadata["slideshow"] = {"slide_type": kind}
    return notebook


def slide_types(cells):
    """The type of each cell: slide, subslide, - (same slide), notes or skip."""
    roles = [role_of(cell) for cell in cells]
    starts = [at for at, role in enumerate(roles) if role == "heading"]
    types = ["skip"] * len(cells)  # before the first heading, and where there is none
    for start, end in pairwise([*starts, len(cells)]):
        types[start:end] = section_types(cells[start:end], roles[start:end])
    return types


def section_types(cells, roles):
    """The types under one heading, which comes first.

    Prose is shown while it is short: below the heading, and below what was looked at.
    A section that has nothing to look at shows what its longer code printed. What would
    be a heading and a sentence is left out.
    """
    about = ITEMS | {"code"}
    if plain := not about & {*roles}:
        about = about | {"result"}
    bare = not about & {*roles}
    room, taken, said = LONG_PROSE if plain else SHORT_PROSE, False, 0  # words
    types = ["slide"]
    for cell, role in zip(cells[1:], roles[1:], strict=True):
        words, lines = len(cell.source.split()), len(cell.source.splitlines())
        if role == "prose":
            types.append("-" if words <= room else "notes")
            room -= words
            said += words * (room >= 0)
        elif role in about:
            types.append("subslide" if taken else "-")
            # a figure joins short code above it
            taken = role != "code" or lines > SHOWN_WITH_FIGURE
            room = 0 if role == "predict" else SHORT_PROSE
        else:
            types.append("skip")
    title = cells[0].source.startswith("# ")
    if bare and not title and len(cells[0].source.split()) + said < SHORT_PROSE:
        types = ["skip" if kind in ("slide", "-") else kind for kind in types]
    return types


def role_of(cell):
    """What a cell is for the audience: the first of these that holds."""
    source, code = cell.source, cell.cell_type == "code"
    lines, printed = len(source.splitlines()), printed_lines(cell)
    stub = "raise NotImplementedError" in source or "stub" in cell.metadata
    quiz = re.search(r"\bquiz", source, re.IGNORECASE)
    rules = {
        "exercise": EXERCISE.match(source) or quiz or code and stub,
        "heading": not code and HEADING_LINE.match(source),
        "predict": not code and PREDICT in source,
        "list": not code and LIST_OR_TABLE.search(source),
        "prose": not code,
        "figure": has_picture(cell),
        "code": TAG in cell.metadata.get("tags", []) and lines <= LONG_CODE,
        "example": lines <= SHORT_CODE and 0 < printed <= SHORT_CODE,
        "result": 0 < printed <= LONG_CODE,
        "long": True,
    }
    return next(role for role, holds in rules.items() if holds)


def has_picture(cell):
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    kinds = {"image/png", "image/jpeg"}
    return any(kinds & d.keys() or "<img" in d.get("text/html", "") for d in data)


def shows_code(cell):
    """Results hide their code; so do figures, unless it is the point, and short."""
    if not has_picture(cell):
        return role_of(cell) != "result"
    short = len(cell.source.splitlines()) <= SHOWN_WITH_FIGURE
    return short and TAG in cell.metadata.get("tags", [])


def printed_lines(cell):
    outputs = cell.get("outputs", [])
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]
    return sum(len(text.splitlines()) for text in texts)
