"""Slides from the lesson notebooks: which cell stands where.

`mark` writes the slide type of every cell by rule, so that it cannot go stale;
`helpers.decks` makes the decks.
"""

import base64
import io
import math
import re

from PIL import Image

# A slide is 1280 x 720, with a margin. Heights are pixels on it, a little generous;
# the template sets the type to match.
HEIGHT = 690
PROSE, CODE, ROW, HEADING, GAP = 37, 27, 40, 70, 18
PROSE_COLUMNS, CODE_COLUMNS = 86, 84
LARGER = 1.25  # the type of a question to the room
TALLEST, WIDEST, ENLARGED = 420, 1160, 1.7  # limits for a figure
SHORT_CODE = 8  # lines; longer code is left out above a figure or without an output
SHORT_PROSE = 45  # words; longer prose without a heading is for the speaker

HEADING_LINE = re.compile(r"^#{1,3} ", re.MULTILINE)
TAG = "slide"  # of a cell whose code is shown however long it is
EXERCISE = re.compile(r"\*\*Exercise \d")  # at the start of a cell
PREDICT = "**Predict first.**"


def mark(notebook):
    """Give each cell its slide type."""
    for cell, kind in zip(notebook.cells, slide_types(notebook.cells), strict=True):
        cell.metadata["slideshow"] = {"slide_type": kind}
    return notebook


def slide_types(cells):
    """A type a cell: slide, subslide, - (on the same slide), notes or skip."""
    return [kind for kind, _ in arrange(cells)]


def arrange(cells):
    """A pair a cell: its slide type, and whether its code is shown.

    Cells go onto one slide as long as they fit. Only an answer never joins its
    question, and a figure takes the words below it along, if need be without its code.
    """
    arranged, room, before = [], 0, ""
    for cell, after in zip(cells, [*cells[1:], None], strict=True):
        role, code = role_of(cell), True
        needed = whole = height(cell)
        if role == "figure":
            words = words_below(cell, after)
            under_heading = before == "heading" and output_height(cell) + words <= room
            code = shows_code(cell, (room if under_heading else HEIGHT) - words)
            needed = code_height(cell) * code + output_height(cell)
            whole = needed + words
        kind = kind_of(cell, role, before, whole <= room)
        if kind in ("slide", "subslide"):
            room = HEIGHT
        if kind in ("slide", "subslide", "-"):
            room -= needed
            before = "predict" if PREDICT in cell.source else role
        arranged.append((kind, code))
    return arranged


def kind_of(cell, role, before, fits):
    """The slide type of a cell, from what it is, what it follows, and the room left."""
    if role in ("exercise", "long code"):
        return "skip"
    if role == "heading":
        return "slide"
    if role == "prose" and not is_shown(cell, before, fits):
        return "notes"
    return "-" if fits and "predict" not in (role, before) else "subslide"


def words_below(cell, after):
    """The height of the prose that comes right after a figure, if both fit a slide."""
    if after is None or role_of(after) != "prose":
        return 0
    words = height(after)
    return words if words + output_height(cell) <= HEIGHT else 0


def shows_code(cell, room):
    """Is the code above this figure short, and is there room for it?"""
    short = count_lines(cell) <= SHORT_CODE
    return short and code_height(cell) + output_height(cell) <= room


def is_shown(prose, before, fits):
    """What was seen goes below what was run, if it fits; other prose must be short."""
    if before == "figure":
        return fits
    short = len(prose.source.split()) <= SHORT_PROSE
    return short and (fits or before != "code")


def role_of(cell):
    """What a cell is to the room."""
    if EXERCISE.match(cell.source) or re.search(r"\bquiz", cell.source, re.IGNORECASE):
        return "exercise"
    if cell.cell_type != "code":
        if HEADING_LINE.search(cell.source):
            return "heading"
        return "predict" if PREDICT in cell.source else "prose"
    if "raise NotImplementedError" in cell.source or "stub" in cell.metadata:
        return "exercise"
    if figures(cell):
        return "figure"
    longest = SHORT_CODE + 4 * bool(cell.outputs)
    wanted = TAG in cell.metadata.get("tags", [])
    return "code" if wanted or count_lines(cell) <= longest else "long code"


def height(cell):
    """How many pixels of a slide the cell takes, about; answers count as opened."""
    if cell.cell_type == "code":
        return code_height(cell) + output_height(cell)
    total = sum(block_height(block) for block in cell.source.split("\n\n"))
    return round(LARGER**2 * total) if PREDICT in cell.source else total


def block_height(block):
    """A heading, a table, a list or a paragraph."""
    total = GAP
    lines = block.splitlines()
    tabular = [line for line in lines if line.startswith("|")]
    items = [line for line in lines if re.match(r"- |\d+\. ", line)]
    headings = [line for line in lines if HEADING_LINE.match(line)]
    total += ROW * len(tabular) + HEADING * len(headings)
    text = " ".join(line for line in lines if line not in tabular + headings)
    return total + PROSE * (math.ceil(len(text) / PROSE_COLUMNS) + len(items) // 2)


def code_height(cell):
    return CODE * count_lines(cell) + GAP


def count_lines(cell):
    return len(cell.source.splitlines())


def output_height(cell):
    """All outputs, one below the other."""
    total = 0
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        size = figure_size(output)
        if size:
            total += size[1] + GAP
        elif "text/html" in data:
            html = data["text/html"]
            total += ROW * (html.count("<tr") + html.count("<p")) + GAP
        else:
            text = output.get("text") or data.get("text/plain", "")
            lines = [
                math.ceil(len(line) / CODE_COLUMNS) or 1 for line in text.splitlines()
            ]
            total += CODE * sum(lines) + GAP
    return total


def figures(cell):
    """The outputs that are pictures."""
    return [output for output in cell.get("outputs", []) if figure_size(output)]


def figure_size(output):
    """Width and height on the slide, enlarged a little; None for what is no picture."""
    data = output.get("data", {})
    encoded = data.get("image/png") or data.get("image/jpeg")
    if not encoded:
        return None
    width, height = Image.open(io.BytesIO(base64.b64decode(encoded))).size
    scale = min(ENLARGED, WIDEST / width, TALLEST / height)
    return round(width * scale), round(height * scale)
