"""The wordings of messages, without their numbers, and where a text has one."""

import re

from helpers.inspection.messages.numbers import HOLE, without_numbers

QUOTES = str.maketrans({"`": "'", "‘": "'", "’": "'", "“": "'", "”": "'", '"': "'"})
AXES = re.compile(r"\b([1-6])-[dD]\b")  # 3-D is as good as 3D
PAUSE = re.compile(r"[:,;](?=\s|$)")
LONGEST_GAP = 200  # letters that `...` may stand for
MARK = "\0"  # between texts that are prepared together


def prepare(text):
    """Lower case, one kind of quote, one space; the numbers as holes, and their values.

    Colons and the like at a word's end go: releases differ in them.

    Returns the text and a list of its numbers and shapes, one for each hole.
    """
    bare, numbers = without_numbers(AXES.sub(r"\1D", text))
    bare = PAUSE.sub("", bare.translate(QUOTES).lower())
    return " ".join(bare.split()), numbers


PARTS = {}


def parts_of(example):
    """An example's wording, prepared, in the parts between its gaps."""
    if example not in PARTS:
        prepare_all([example])
    return PARTS[example]


def prepare_all(examples):
    """Prepare many examples as one text, which takes less time than each alone."""
    new = [one for one in examples if one not in PARTS]
    for plain in (True, False):  # Python is slow with letters that are not ASCII
        group = [one for one in new if one.isascii() == plain]
        parts = (part for one in group for part in one.split("..."))
        bare = iter(prepare(f" {MARK} ".join(parts))[0].split(MARK))
        for one in group:
            PARTS[one] = [next(bare).strip() for _ in one.split("...")]


def wordings_of(messages):
    """(length, example, message) of all wordings, the longest first."""
    found = [(one, message) for message in messages for one in message.says]
    prepare_all(one for one, _ in found)
    sizes = [(len(one.replace("...", "")), one, message) for one, message in found]
    return sorted(sizes, key=lambda size: -size[0])


def wording_in(example, bare):
    """(start, end) of an example's wording in a prepared text, or None."""
    parts = parts_of(example)
    if not all(part in bare for part in parts):
        return None
    pattern = rf"\s*.{{0,{LONGEST_GAP}}}?\s*".join(map(re.escape, parts))
    match = re.search(pattern, bare)
    return match and match.span()


def holes(example):
    return sum(part.count(HOLE) for part in parts_of(example))
