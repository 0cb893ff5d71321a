"""Recognise a message in a text by its wording, without its numbers."""

import re
from collections import Counter
from itertools import chain
from math import fsum

from helpers.inspection.messages.numbers import HOLE
from helpers.inspection.messages.ranking import rare
from helpers.inspection.messages.search import terms_of, weighed
from helpers.inspection.messages.wordings import (
    LONGEST_GAP,
    holes,
    parts_of,
    prepare,
    wording_in,
    wordings_of,
)

# What names an error. pytest writes "E   " in front of it, launchers the number of the
# process, servers the time.
ERROR = re.compile(
    r"(?:^|[\s|:\])])(?:\w+\.)*\w*(?:Error|Exception|Interrupt|Warning)\b"
    r"\s*(?:\([a-z ]+\))?(?::|$)",
    re.MULTILINE,
)
STOPS = re.compile(r"\W*[\w.]*(?:Error|Exception)\b")  # an error that is no warning
NOISE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")  # colours, and Windows' line ends
WIDE = str.maketrans("：，（）［］＝", ":,()[]=")  # as a Chinese keyboard writes them
SURE_LENGTH = 20  # letters of a wording that counts outside of an error's lines
LAST, MOST_ERRORS = 20, 8  # letters that the last error has ahead, of so many
LONGEST = 16_000  # letters of a log that are read
CLOSE = 0.5  # the share of a wording that an error has, times the share the other way
BRIEF, CLOSER = 20, 0.6  # words of a text that may be an error, and what it has to have
UNKNOWN = None, [], True
WORD = re.compile(r"[a-z_]{3,}")
WANTED = re.compile(r"\b(expected|expects|must be|should be|but got|received)\b")
AROUND = 80  # letters of an error around a wording
ORDINAL = re.compile(
    r"\b(dim|dimension|axis|arg\w*|operand|number|entry|line|position) $|':$|\w$"
)


def clean(text):
    """Without colours; of a long log, the last error with what stands around it."""
    text = NOISE.sub("", text).translate(WIDE)
    if len(text) <= LONGEST:
        return text
    start = max(0, len(text) - len((errors_in(text) or [text])[0]) - LONGEST // 2)
    return text[start : start + LONGEST]


def errors_in(text):
    """The errors and warnings of a text, each up to the next, the last first."""
    starts = [match.start() for match in ERROR.finditer(text)]
    ends = [*starts[1:], len(text)][: len(starts)]
    return [text[a:b] for a, b in zip(starts, ends, strict=True)][::-1]


def asked(text, message=None):
    """{term: weight} of a text, without those of its message, which say nothing."""
    says = terms_of(" ".join(message.says)) if message else frozenset()
    return weighed(text, "".join(errors_in(text)[:1]), says)


def find(messages, text):
    """(message, numbers, close): by its wording, or close to one, or of a kind.

    A longer wording counts before a shorter one, and the last error of a traceback
    before those above it, of which it may be no more than the consequence. Where an
    error stands, notes beside it count nothing.
    """
    errors = errors_in(text)[:MOST_ERRORS]
    if any(map(STOPS.match, errors)):
        messages = [message for message in messages if not message.aside]
    wordings = wordings_of(messages)
    found = [longest(wordings, error) for error in errors]
    if not any(message for _, message, *_ in found):
        found.append(longest(wordings, text, SURE_LENGTH if errors else 0))
    lengths = [one[0] + LAST * (place == 0) for place, one in enumerate(found)]
    _, message, *more = found[lengths.index(max(lengths))]
    if message:
        return message, *more
    if not errors:
        brief = len(text.split()) <= BRIEF
        return brief and resembling(messages, text, CLOSER) or UNKNOWN
    last = errors[0].strip()
    first = last.split("\n")[0]  # below it may stand a story, or code
    tried = (resembling(messages, one) for one in dict.fromkeys((first, last)))
    return next(filter(None, tried), UNKNOWN)


def resembling(messages, text, least=CLOSE):
    """(message, numbers, True) of a text in unknown words, or None."""
    bare, numbers = prepare(text)
    if message := closest(messages, bare[:LONGEST_GAP], least):
        fitting = len(numbers) == max(map(holes, message.says))
        return message, numbers * fitting, True
    message, numbers = of_kind(messages, bare, numbers)
    return (message, numbers, True) if message and least == CLOSE else None


def says_more(bare, start, end):
    """Does a text around a wording say what was expected, and the wording not?"""
    around = bare[max(0, start - AROUND) : start], bare[end : end + AROUND]
    wanted = any(map(WANTED.search, around))
    return wanted and not WANTED.search(bare[start:end])


def longest(wordings, text, length=0):
    """(its length, message, numbers, close) of the longest wording above `length`."""
    bare, numbers = prepare(text)
    for said, example, message in wordings:
        if said > length and (span := wording_in(example, bare)):
            first, last = (bare[:end].count(HOLE) for end in span)
            mine = numbers[first:last] or numbers[first:]
            return said, message, mine, says_more(bare, *span)
    return 0, None, [], says_more(bare, 0, 0)


def closest(messages, bare, least):
    """The message whose words an unknown error has nearly all of, or None."""
    said = set(WORD.findall(bare))
    wordings = [
        (message, set(WORD.findall(" ".join(parts_of(example)))))
        for message in messages
        for example in message.says
    ]
    known = Counter(chain.from_iterable(words for _, words in wordings))

    def weight(words):
        return fsum(rare(known[word], len(wordings)) for word in words)

    best, found = least * weight(said & known.keys()), None
    for message, words in wordings:
        shared = words & said if len(words) >= 5 else ()
        # They weigh no more than all words: if too little, the rest is not asked.
        if shared and (both := weight(shared)) > best:
            if (alike := both * both / weight(words)) > best:
                best, found = alike, message
    return found


def of_kind(messages, bare, numbers):
    """Of an error in unknown words: the kind of message, and the numbers in it.

    The number of an axis, an argument or a line is none of a size.
    """
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
