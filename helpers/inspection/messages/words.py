"""Find a symptom by its words: those that are rare, and said alike."""

import math
import re
import tomllib
from collections import Counter

from helpers.inspection.messages.index import FOLDER

WORD = re.compile(r"[a-z_][a-z_\d]+")
CODE = re.compile(r"[()\[\]{}=]|\w\.\w")
SHORT = re.compile(r"(?<=[a-z])['’](t|s|m|d|re|ve|ll)\b")  # don't, I've
NAME = re.compile(r"\w*[a-z]_[a-z]\w*")
ONE, ZERO = (re.compile(rf"(?<![\w.]){n}(\.0+)?(?![\w.]*\w)") for n in (1, 0))
ENDINGS = ("isation", "ization", "izing", "ising", "ized", "ised", "izes", "ises",
           "ize", "ise", "ing", "ed", "es", "ly", "e")  # fmt: skip
TABLE = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))
IDLE = frozenset(TABLE["idle"].split())


def words_of(text, parts=True):
    """The words that carry meaning, in one form each; with the parts of code names."""
    text = SHORT.sub(r"\1", text.lower().replace("heat map", "heatmap"))
    text = ZERO.sub(" zero ", ONE.sub(" ones ", text))
    words = WORD.findall(text)
    if parts:
        words += [part for name in words if "_" in name for part in name.split("_")]
    return [stem(word) for word in words if len(word) > 1 and word not in IDLE]


def prose(text):
    """A text without its code, of which names with an underscore stay."""
    parts = []
    for part in text.split():
        bare = part.strip("\"'`.,;:!?)")
        code = "':" in part or CODE.search(bare)
        parts += NAME.findall(bare) if code else [bare]
    return " ".join(parts)


def base(word):
    """One form for the forms of a word, roughly: visualise, visualizing, visualised."""
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    for end in ENDINGS:
        if word.endswith(end) and len(word) - len(end) >= 4:
            return word[: -len(end)]
    return word


SAME = {
    base(word): base(group.split()[0])
    for group in TABLE["synonyms"]
    for word in group.split()
}


def stem(word):
    """The base of a word, or of the one that stands for all that mean the same."""
    return SAME.get(base(word), base(word))


def rarity(texts):
    """A function: what a set of words weighs, by how few of the texts have each."""
    known = Counter(word for words in texts for word in words)

    def weight(words):
        counts = (known[word] for word in words if word in known)
        return sum(math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for n in counts)

    return weight


CORE = frozenset(map(stem, "map attention cam".split()))
SUBJECT = CORE | frozenset(map(stem, TABLE["subject"].split()))
NAMES = frozenset(map(stem, TABLE["names"].split()))
# How much shorter texts, and how much names, count more.
LENGTH, NAMED = 0.3, 0.4


class ByWords:
    """How well texts fit a query, by their rare words in common."""

    def __init__(self, texts, phrases):
        """texts: {name: text}; phrases: {name: what people say, one by one}."""
        self.words = {name: set(words_of(text)) for name, text in texts.items()}
        self.weight = rarity(list(self.words.values()))
        self.known = set().union(*self.words.values())
        self.phrases = {
            name: [set(words_of(phrase, parts=False)) for phrase in said]
            for name, said in phrases.items()
        }

    def said(self, words, name):
        """(share, weight) of the phrase of `name` that is found best in the words.

        What is said of a map says nothing to a text that has none.
        """
        best = (0.0, 0.0)
        for phrase in self.phrases[name]:
            if phrase & CORE and not words & CORE:
                continue
            whole, found = self.weight(phrase), self.weight(phrase & words)
            if whole and found * found / whole > best[0] * best[1]:
                best = (found / whole, found)
        return best

    def scores(self, words):
        """{name: score} of the texts that share a word: of a short one it says more."""
        mean = sum(map(len, self.words.values())) / len(self.words)
        return {
            name: self.told(words & mine) / (1 - LENGTH + LENGTH * len(mine) / mean)
            for name, mine in self.words.items()
            if words & mine
        }

    def told(self, words):
        """What words weigh, names twice."""
        return self.weight(words) + NAMED * self.weight(words & NAMES)

    def share(self, words, name):
        """How much of all that the words weigh the text of `name` has."""
        unknown = math.log(2 * len(self.words)) * len(words - self.known)
        return self.told(words & self.words[name]) / (self.told(words) + unknown or 1)
