"""Search the entries by the words of a text.

BM25: Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond
(2009).
"""

from collections import Counter, defaultdict
from functools import lru_cache
from itertools import chain
from math import exp, fsum, log

from helpers.inspection.messages.search import (
    SETTING,
    letters,
    pairs,
    plain,
    stems,
    words_of,
)

FULL, LONG = 4.0, 0.25  # how soon a repeated term is enough; how much length counts
# Against a word: a pair of neighbours, four letters of it, a word of the setting.
PAIR, LETTERS, ASIDE = 0.3, 0.2, 0.6
COMMON = 0.15  # what many phrases are known for is common


def rare(n, texts):
    """What a term weighs that n of so many texts have."""
    return log(1 + (texts - n + 0.5) / (n + 0.5))


class Ranking:
    """Entries as texts to search, each a list of phrases and one of other sentences."""

    def __init__(self, phrases, others):
        """phrases, others: {name: texts}; a term counts once in each text."""
        self.texts, self.common = {}, {}
        for name, said in phrases.items():
            lines = (text.replace("\n", " ") for text in (*said, *others[name]))
            self.texts[name] = [*map(words_of, plain("\n".join(lines)).split("\n"))]
            self.common[name] = 1 + COMMON * log(1 + len(said))
        self.words = set(chain.from_iterable(chain(*self.texts.values())))
        totals = {name: sum(map(len, texts)) for name, texts in self.texts.items()}
        mean = sum(totals.values()) / len(totals)
        self.soon = {
            name: FULL * (1 - LONG + LONG * total / mean)
            for name, total in totals.items()
        }

    def weights(self, terms):
        """{term: what it weighs by its rarity in the entries} of {term: weight}."""
        having, entries = places(self, frozenset(terms)), len(self.texts)
        return {
            term: weight * weight_of(term, having.get(term, {}).values(), entries)
            for term, weight in terms.items()
        }

    def scores(self, terms):
        """{name: how well the entry fits the terms of a text, {term: weight}}."""
        weights, found = self.weights(terms), dict.fromkeys(self.texts, 0.0)
        for term, counts in places(self, frozenset(terms)).items():
            for name, n in counts.items():
                found[name] += weights[term] * n * (FULL + 1) / (n + self.soon[name])
        return {name: self.common[name] * score for name, score in found.items()}


@lru_cache(maxsize=1)  # of one text the scores are asked for, and the weights
def places(ranking, asked):
    """{term: {name: how many of the entry's texts have it}} of the terms asked."""
    found = defaultdict(dict)
    near = near_words(ranking.words, asked)
    for name, texts in ranking.texts.items():
        counts = Counter()
        for words in texts:
            if shared := [near[word] for word in words if word in near]:
                if len(shared) > 1:
                    shared.append(asked & pairs(words))
                counts.update(set().union(*shared))
        for term, n in counts.items():
            found[term][name] = n
    return found


def near_words(words, asked):
    """{word: the terms it has of those asked} of the words that have one."""
    parts, near = {term[1:] for term in asked if term[0] == "~"}, {}
    for word in words:
        shared = asked.intersection(stems(word))
        if found := parts & letters(word):
            shared = shared.union(map("~".__add__, found))
        if shared:
            near[word] = shared
    return near


def weight_of(term, counts, entries):
    """What a term weighs by its rarity; a word of the setting, a pair less."""
    total = sum(counts)
    shares = [n / total for n in counts]
    # As many entries, each with as much of it, would have the same entropy.
    alike = exp(-fsum(share * log(share) for share in shares)) if total else 0
    part = LETTERS if term[0] == "~" else PAIR if "+" in term else 1.0
    return part * (ASIDE if term in SETTING else 1.0) * rare(alike, entries)
