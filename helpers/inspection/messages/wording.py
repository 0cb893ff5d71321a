"""Find a message by its wording, without its numbers."""

import re
from difflib import get_close_matches
from functools import cache

from helpers.inspection.messages.numbers import HOLE, without_numbers
from helpers.inspection.messages.words import rarity

# What names an error. pytest writes "E   " in front of it, launchers the number of the
# process, servers the time.
ERROR = r"(?:^|[\s|:\])])(?:\w+\.)*\w*(?:{})\b\s*(?:\([a-z ]+\))?(?::|$)"
ERROR_LINE = re.compile(ERROR.format("Error|Exception|Interrupt"), re.MULTILINE)
WARNING_LINE = re.compile(ERROR.format("Warning"), re.MULTILINE)
NOISE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")  # colours, and Windows' line ends
QUOTES = str.maketrans({"`": "'", "‘": "'", "’": "'", "“": "'", "”": "'", '"': "'"})
AXES = re.compile(r"\b([1-6])-[dD]\b")  # 3-D is as good as 3D
PAUSE = re.compile(r"[:,;](?=\s|$)")
SURE_LENGTH = 20  # letters of a wording that counts outside of an error's lines
LAST, MOST_ERRORS = 20, 8  # letters that the last error has ahead, of so many
WIDE = str.maketrans("：，（）［］＝", ":,()[]=")  # as a Chinese keyboard writes them
LONGEST = 16_000  # letters of a log that are read
LONGEST_GAP = 200  # letters that `...` may stand for
CLOSE = 0.5  # the share of a wording that an error has, times the share the other way
WORD = re.compile(r"[a-z_]{3,}")
LONG_WORD = re.compile(r"(?<![\w.])[A-Za-z]{5,}(?![\w.(])")
ALIKE = 0.8  # one letter wrong of five or more, or two exchanged
ORDINAL = re.compile(
    r"\b(dim|dimension|axis|arg\w*|operand|number|entry|line) $|':$|\w$"
)


def clean(text):
    """Without colours; of a long log, the last error with what stands around it."""
    text = NOISE.sub("", text).translate(WIDE)
    if len(text) <= LONGEST:
        return text
    start = max(0, len(text) - len((errors_in(text) or [text])[0]) - LONGEST // 2)
    return text[start : start + LONGEST]


def prepare(text):
    """Lower case, one kind of quote, one space; the numbers as holes, and their values.

    Colons and the like at a word's end go: releases differ in them.

    Returns the text and a list of its numbers and shapes, one for each hole.
    """
    bare, numbers = without_numbers(AXES.sub(r"\1D", text))
    bare = PAUSE.sub("", bare.translate(QUOTES).lower())
    return re.sub(r"\s+", " ", bare).strip(), numbers


@cache
def parts_of(example):
    """An example's wording, prepared, in the parts between its gaps."""
    return [prepare(part)[0] for part in example.split("...")]


def wording_in(example, bare):
    """(start, end) of an example's wording in a prepared text, or None."""
    parts = parts_of(example)
    if not all(part in bare for part in parts):
        return None
    pattern = rf"\s*.{{0,{LONGEST_GAP}}}?\s*".join(map(re.escape, parts))
    match = re.search(pattern, bare)
    return match and match.span()


def errors_in(text):
    """The errors of a text, or its warnings, each up to the next, the last first."""
    for pattern in (ERROR_LINE, WARNING_LINE):
        if starts := [match.start() for match in pattern.finditer(text)]:
            ends = [*starts[1:], len(text)]
            return [text[a:b] for a, b in zip(starts, ends, strict=True)][::-1]
    return []


def find_message(messages, text):
    """The message whose wording fits the text best, and its numbers in order.

    A longer wording counts before a shorter one, and the last error of a traceback
    before those above it, of which it may be no more than the consequence. Returns
    (None, []) if no wording fits.
    """
    errors = errors_in(text)[:MOST_ERRORS]
    found = [best_wording(messages, error) for error in errors]
    found += [best_wording(messages, text, SURE_LENGTH if errors else 0)] * (
        not any(message for _, message, _ in found)
    )
    lengths = [one[0] + LAST * (place == 0) for place, one in enumerate(found)]
    return found[lengths.index(max(lengths))][1:]


def best_wording(messages, text, length=0):
    """(length, message, numbers) of the longest wording in a text, above `length`."""
    bare, numbers = prepare(text)
    best = (0, None, [])
    for message in messages:
        for example in message.says:
            said = len(example.replace("...", ""))
            if said > length and (span := wording_in(example, bare)):
                first, last = (bare[:end].count(HOLE) for end in span)
                mine = numbers[first:last] or numbers[first:]
                length, best = said, (said, message, mine)
    return best


def find_close(messages, text):
    """The message whose words an unknown error has nearly all of, or None."""
    error = next(iter(errors_in(text)), "")
    said = set(WORD.findall(prepare(error)[0][:LONGEST_GAP]))
    wordings = [
        (message, set(WORD.findall(prepare(example)[0])))
        for message in messages
        for example in message.says
    ]
    weight = rarity([words for _, words in wordings])
    best, found = CLOSE * weight(said), None
    for message, words in wordings:
        if len(words) >= 5 and (shared := weight(words & said)):
            if (alike := shared * shared / weight(words)) > best:
                best, found = alike, message
    return found


def find_kind(messages, text):
    """Of an error in unknown words: the kind of message, and the numbers in it.

    The number of an axis, an argument or a line is none of a size.
    """
    bare, numbers = prepare(next(iter(errors_in(text)), ""))
    sizes = [
        number
        for number, before in zip(numbers, bare.split(HOLE), strict=False)
        if not ORDINAL.search(before) or len(str(number)) > 4  # (64,) is no index
    ]
    for message in messages:
        if sizes or not message.numbers:
            if any(re.search(pattern, bare) for pattern in message.like):
                return message, sizes
    return None, []


@cache
def vocabulary(messages):
    """The longer words of all wordings."""
    says = " ".join(example for message in messages for example in message.says)
    return frozenset(LONG_WORD.findall(says.lower()))


def spelt(messages, text):
    """The start of an error, or of a text, with the words that wordings spell."""
    known = vocabulary(messages)

    def mend(match):
        word = match[0].lower()
        near = word not in known and get_close_matches(word, known, 1, ALIKE)
        return near[0] if near and abs(len(near[0]) - len(word)) < 2 else match[0]

    return LONG_WORD.sub(mend, (errors_in(text) or [text])[0][: 2 * LONGEST_GAP])


def find(messages, text):
    """(message, numbers, close): by its wording, or close to one, or of a kind."""
    message, numbers = find_message(messages, text)
    if message is None:
        message, numbers = find_message(messages, spelt(messages, text))
    if message is None and (message := find_close(messages, text)):
        return message, [], True
    return (message, numbers, False) if message else (*find_kind(messages, text), True)
