"""The words of a text that carry meaning, in one form each, and what they weigh.

What was misspelt, or written as one word, is found by parts of words.
"""

import re
import tomllib
from functools import cache
from itertools import chain, pairwise

from helpers.inspection.messages.index import FOLDER

WORD = re.compile(r"[a-z_][a-z_\d]+")
CAMEL = re.compile(r"\b[A-Z]?[a-z]++(?:[A-Z][a-z]+)+\b")  # MaskedAutoencoder
HUMP = re.compile(r"[a-z][A-Z]")
PARTS = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Each way begins with a letter: so `re` looks only where that letter is.
NEGATED = re.compile(r"n['’]?t\b|cannot\b")
SHORT = re.compile(r"['’](s|m|d|re|ve|ll)\b")  # I've, it's
HALF = re.compile(
    r"half[ -]precision|\.half\b|'half'|in half(?<=\bin half)\b(?! of)"
    r"|bfloat16|float16|bp?16\b|fp?16\b"
)
RAISED = re.compile(r"(?i)\b(?:\w+\.)*\w+(?:error|exception|warning)\b")  # RuntimeError
ENDINGS = frozenset(
    "isation ization izing ising ation ating ized ised izes ises ated ates ings "
    "ize ise ate ing ied ies ed es ly s e y".split()
)
NAMED = 2.0  # a name that the error quotes, or where it was raised, against another
QUOTED = re.compile(r"[\"'](?:\w+\.)*([A-Za-z_]\w*)(?:\(\))?[\"']")
FRAME = re.compile(r'^ *File "[^"\n]*", line \d+, in ', re.MULTILINE)
TABLE = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))
IDLE = frozenset(TABLE["idle"].split())
SAID = {
    word: f" {english} "
    for english, said in TABLE["chinese"].items()
    for word in said.split()
} | {phrase: f" {word} " for word, said in TABLE["phrases"].items() for phrase in said}
LONGER_FIRST = sorted(SAID, key=len, reverse=True)
ENGLISH = [said for said in LONGER_FIRST if said.isascii()]


def base(word):
    """One form for the forms of a word, roughly: visualise, visualizing, visualised."""
    for start in range(max(4, len(word) - 7), len(word)):
        if word[start:] in ENDINGS:
            return word[:start]
    return word[:-1] if len(word) == 4 and word[-1] == "s" != word[-2] else word


SAME = {
    base(word): base(group.split()[0])
    for group in TABLE["synonyms"]
    for word in group.split()
}


def stem(word):
    """The base of a word, or of the one that stands for all that mean the same."""
    form = base(word)
    return SAME.get(form, form)


SETTING = frozenset(map(stem, TABLE["setting"].split()))


@cache
def stems(word):
    """The stems of a word, and of the parts of a name; none of an idle word."""
    parts = [word, *word.split("_")] if "_" in word.strip("_") else [word]
    return [stem(part) for part in parts if part and part not in IDLE]


@cache
def letters(word):
    """Four letters each of a word, with its edges; none of an idle word."""
    whole = f" {word} " if stems(word) else ""
    return frozenset([whole[i : i + 4] for i in range(len(whole) - 3)])


def apart(line):
    """A line with names taken apart; most lines have none, which is seen faster."""
    if line.islower() or not HUMP.search(line):
        return line
    return CAMEL.sub(lambda name: f"{name[0]} {PARTS.sub(' ', name[0])}", line)


def plain(text):
    """A text in lower case and English, with names taken apart."""
    text = "\n".join(map(apart, text.split("\n"))).lower()
    for said in ENGLISH if text.isascii() else LONGER_FIRST:
        text = text.replace(said, SAID[said])
    return HALF.sub(" float16 ", NEGATED.sub(" not ", SHORT.sub("", text)))


def terms_of(text):
    """The terms of all words of a text, and its pairs of neighbours."""
    words = words_of(plain(RAISED.sub(" ", text)))
    return frozenset(pairs(words)).union(*map(terms_of_word, words))


@cache
def terms_of_word(word):
    """Its stems, and its letters."""
    return frozenset(map("~".__add__, letters(word))).union(stems(word))


def words_of(text):
    return tuple(WORD.findall(text))


@cache
def pairs(words):
    """The neighbours among the stems of words, in any order."""
    found = pairwise(chain.from_iterable(map(stems, words)))
    return {f"{a}+{b}" if a < b else f"{b}+{a}" for a, b in found if a != b}


def weighed(text, error="", known=frozenset()):
    """{term: weight} of a text: what its error quotes, and its last frame, weigh more.

    error: the text of the error in it. known: terms that say nothing, since they are
    in every text with this message.
    """
    *frames, last = FRAME.split(text)  # those between say what was called, not why
    names = QUOTED.findall(error) + (last.split("\n")[:2] if frames else [])
    found = dict.fromkeys(terms_of("\n".join([*frames[:1], last])) - known, 1.0)
    return found | dict.fromkeys(terms_of(" ".join(names)) - known, NAMED)
