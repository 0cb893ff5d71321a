"""Find the entries that sound like a symptom in words: BM25, and the nearest phrase.

Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009).
"""

from collections import Counter
from functools import cached_property
from math import log

from helpers.inspection.messages.words import SETTING, rarity, terms_of

FULL, LONG = 6.0, 0.25  # how soon a repeated term is enough; how much length counts
PHRASE = 0.7  # the nearest phrase against all words together
PAIR = 0.3  # a pair of neighbours against a word
ASIDE = 0.5  # a word of the setting against one of the symptom
COMMON = 0.15  # what many phrases are known for is common


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
