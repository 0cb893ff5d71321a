"""The numbers of a message: found, and what is known of them."""

import re
import tomllib

from helpers.inspection.messages.index import FOLDER

HOLE = "#"
ONE = r"-?\d+"
AXIS = rf"(?:{ONE}|None|\?|[A-Z]\b)"  # None, ?, a letter: any length
SEPARATOR = r"\s*[,x×*]\s*"
SHAPE = re.compile(
    rf"(?:torch\.Size\()?[\[({{]+\s*(?=[^\])}}]*\d){AXIS}(?:{SEPARATOR}{AXIS})*"
    r"\s*,?\s*[\])}]+\)?"
    rf"|(?:torch\.Size\()?\[\s*\]\)?"
    rf"|(?<![\w.]){ONE}(?:\s?[x×*]\s?\d+)+(?![\w])"
    rf"|(?<![\w.])\d{{1,3}}(?:,\d{{3}})+(?![\w,])"
    rf"|(?<![\w.])-?\d+(?!\.\d|\w)"
)
FACTS = tomllib.loads((FOLDER / "facts.toml").read_text(encoding="utf-8"))
TABLE = tomllib.loads((FOLDER / "numbers.toml").read_text(encoding="utf-8"))
WIDTHS, HEAD_WIDTHS, HEADS = (
    frozenset(TABLE[key]) for key in ("widths", "head_widths", "heads")
)
SIDES = TABLE["sides"]
EXTRA, KNOWN = (
    {int(n): text for n, text in TABLE[key].items()} for key in ("extra", "known")
)


def without_numbers(text):
    """The text with a hole for every number or shape, and what stood there.

    A shape is a tuple, also of one number; a number alone is an int. Versions, decimal
    numbers and digits inside of words stay in the text.
    """
    found = []

    def keep(match):
        part = match[0]
        if re.fullmatch(rf"{ONE}|\d{{1,3}}(?:,\d{{3}})+", part):
            found.append(int(part.replace(",", "")))
        else:
            axes = re.findall(AXIS, part)
            found.append(tuple(int(n) if n[-1].isdigit() else -1 for n in axes))
        return HOLE

    return SHAPE.sub(keep, text), found


def as_int(value):
    """A number, or the first of a shape."""
    return next(iter(as_shape(value)), 0)


def as_shape(value):
    return value if isinstance(value, tuple) else (value,)


def told(kind, holds, **values):
    """{name: sentence} for the facts of a kind that hold."""
    table = FACTS[kind]
    return {name: table[name].format(**values) for name, true in holds.items() if true}
