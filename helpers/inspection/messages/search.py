"""Search the entries by the words of a text that carry meaning, in one form each.

BM25, and the nearest phrase: Robertson & Zaragoza, The Probabilistic Relevance
Framework: BM25 and Beyond (2009).
"""

import re
import tomllib
from collections import Counter
from functools import cached_property
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
FULL, LONG = 6.0, 0.25  # how soon a repeated term is enough; how much length counts
PHRASE = 0.7  # the nearest phrase against all words together
PAIR = 0.3  # a pair of neighbours against a word
ASIDE = 0.5  # a word of the setting against one of the symptom
COMMON = 0.15  # what many phrases are known for is common
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


class Ranking:
    """Entries as texts to search, each a list of phrases and one of other sentences."""

    def __init__(self, phrases, others):
        """phrases, others: {name: texts}; a term counts once in each text."""
        self.phrases = {name: [*map(terms_of, said)] for name, said in phrases.items()}
        self.terms = {
            name: Counter(term for text in self.phrases[name] for term in text)
            + Counter(term for text in others[name] for term in terms_of(text))
            for name in phrases
        }

    @cached_property
    def rare(self):
        return rarity([*self.terms.values()])

    def weight(self, terms):
        """What terms weigh by their rarity; those of the setting and pairs less."""
        pairs = {term for term in terms if " " in term}
        aside = terms & SETTING
        words = self.rare(terms - pairs - aside) + ASIDE * self.rare(aside)
        return words + PAIR * self.rare(pairs)

    @cached_property
    def mean(self):
        return sum(counts.total() for counts in self.terms.values()) / len(self.terms)

    def score(self, terms, name):
        """How well the entry fits the terms of a text."""
        counts = self.terms[name]
        soon = FULL * (1 - LONG + LONG * counts.total() / self.mean)
        words = sum(
            self.weight({term}) * counts[term] * (FULL + 1) / (counts[term] + soon)
            for term in terms & counts.keys()
        )
        share, found = self.nearest(terms, name)
        common = 1 + COMMON * log(1 + len(self.phrases[name]))
        return common * (words + PHRASE * share * found)

    def nearest(self, terms, name):
        """(share, weight) of the phrase of an entry that the terms have most of."""
        best = (0.0, 0.0)
        for phrase in self.phrases[name]:
            whole, found = self.weight(phrase), self.weight(phrase & terms)
            if whole and found * found / whole > best[0] * best[1]:
                best = (found / whole, found)
        return best

    def explained(self, terms, name):
        """How much of all that the terms of a text weigh the entry has."""
        return self.weight(terms & self.terms[name].keys()) / (self.weight(terms) or 1)
