"""The words of a text that carry meaning, in one form each."""

import re
import tomllib
from collections import Counter
from itertools import pairwise
from math import log

from helpers.inspection.messages.index import FOLDER

WORD = re.compile(r"[a-z_][a-z_\d]+|(?<![\w.])[01](?:\.0+)?(?![\w.]*\w)")
CODE = re.compile(r"[()\[\]{}=]|\w\.\w")
NAME = re.compile(r"\w*[a-z]_[a-z]\w*")
NEGATED = re.compile(r"n['’]?t\b|\bcannot\b")
SHORT = re.compile(r"['’](s|m|d|re|ve|ll)\b")  # I've, it's
HALF = re.compile(
    r"half[ -]precision|\.half\b|'half'|\bin half\b(?! of)|b?float16|[bf]p?16\b"
)
NUMBERS = {"0": "zero", "1": "ones"}
ENDINGS = ("isation", "ization", "izing", "ising", "ation", "ating", "ized", "ised",
           "izes", "ises", "ated", "ates", "ings", "ize", "ise", "ate", "ing", "ied",
           "ies", "ed", "es", "ly", "s", "e", "y")  # fmt: skip
TABLE = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))
IDLE = frozenset(TABLE["idle"].split())
CHINESE = {
    word: f" {english} "
    for english, said in TABLE["chinese"].items()
    for word in said.split()
}
IDEOGRAMS = re.compile("|".join(sorted(CHINESE, key=len, reverse=True)))


def base(word):
    """One form for the forms of a word, roughly: visualise, visualizing, visualised."""
    for end in ENDINGS:
        if word.endswith(end) and len(word) - len(end) >= 4:
            return word[: -len(end)]
    return word[:-1] if len(word) == 4 and word[-1] == "s" != word[-2] else word


SAME = {
    base(word): base(group.split()[0])
    for group in TABLE["synonyms"]
    for word in group.split()
}


def stem(word):
    """The base of a word, or of the one that stands for all that mean the same."""
    word = NUMBERS.get(word.split(".")[0], word)
    return SAME.get(base(word), base(word))


ABOUT = frozenset(map(stem, TABLE["about"].split()))
SETTING = frozenset(map(stem, TABLE["setting"].split()))


def words_of(text):
    """The stems of a text in its order, of names with an underscore also the parts."""
    text = IDEOGRAMS.sub(lambda match: CHINESE[match[0]], text.lower())
    text = NEGATED.sub(" not ", SHORT.sub("", text)).replace("heat map", "heatmap")
    text = HALF.sub(" float16 ", text)
    found = []
    for word in WORD.findall(text):
        parts = [word, *word.split("_")] if "_" in word.strip("_") else [word]
        found += [stem(part) for part in parts if part and part not in IDLE]
    return found


def terms_of(text):
    """The stems of a text, and its pairs of neighbours in any order."""
    words = words_of(text)
    pairs = {" ".join(sorted(pair)) for pair in pairwise(words) if len({*pair}) > 1}
    return {*words} | pairs


def prose(text):
    """A text without its code, and the names with an underscore in the code."""
    spoken, names = [], []
    for part in text.split():
        code = "':" in part or CODE.search(part.strip("\"'`.,;:!?()"))
        names += NAME.findall(part) if code else []
        spoken += [] if code else [part]
    return " ".join(spoken), " ".join(names)


def rarity(texts):
    """A function: what a set of words weighs, by how few of the texts have each."""
    known = Counter(word for words in texts for word in words)

    def weight(words):
        counts = (known[word] for word in words if word in known)
        return sum(log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for n in counts)

    return weight
