"""Read an error message: its numbers, the causes behind it, what tells them apart."""

import math
from dataclasses import dataclass
from functools import cache

from helpers.inspection.messages.facts import facts_of
from helpers.inspection.messages.index import Cause, Message, read_index
from helpers.inspection.messages.matching import (
    ERROR_LINE,
    ByWords,
    find_message,
    words_of,
)
from helpers.inspection.messages.numbers import read_any, without_numbers
from helpers.inspection.messages.text import as_text

# What counts how much: a fact about the numbers for or against a cause, a clue in the
# text around the message, words in common, and the place in the message's own order.
FITS, UNLESS, CLUE, WORDS, PLACE = 4.0, -4.0, 2.0, 0.3, 0.8
HINT = 8.0  # score by words from which a symptom recalls an entry
HINT_OF_ERROR = 14.0  # the same for an unknown message, which uses words by accident
SURE = 17.0  # score by words from which it sounds like the entry
A_WORD = 2.2  # a text of few words is understood with so much for each
NEAR = 0.55  # of the best score: what is worth naming beside it


@dataclass(frozen=True)
class Ranked:
    """A cause with what speaks for it: a score, and sentences about the numbers."""

    cause: Cause
    score: float
    reasons: tuple = ()


@dataclass(frozen=True)
class Explanation:
    """What `explain` found; `print` shows it.

    message: what was recognised, or None. facts: sentences about the numbers. causes:
    `Ranked`, the likeliest first. by_words: the text holds no known message, and the
    causes were found by their words. weak: these words are few, and prove little.
    known: False if nothing was recognised.
    """

    text: str
    message: Message | None
    facts: tuple
    causes: tuple
    by_words: bool = False
    weak: bool = False

    @property
    def known(self):
        return self.message is not None or bool(self.causes)

    @property
    def about_shapes(self):
        """False for a message of another kind (memory, imports), None if unknown."""
        return bool(self.causes) if self.known else None

    def __str__(self):
        return as_text(self)


def explain(text, index=None):
    """Say what an error message, a traceback or a symptom in words may come from.

    text: what you see, in full or in part, or the name of an entry of the index.
    Numbers are left out when the message is looked up, and read afterwards: 197 =
    14 x 14 + 1. Several causes are ranked by what the numbers and the other words say,
    each with the question that decides. What is unknown is called unknown. Raises
    TypeError for anything but a text or an exception, and ValueError for an empty text.
    """
    if isinstance(text, BaseException):
        text = f"{type(text).__name__}: {text}"
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a message, got {type(text).__name__}")
    if not text.strip():
        raise ValueError("the text is empty: paste the message, or say what you see")
    index = index or read_index()
    if cause := index.causes.get(text.strip()):
        return Explanation(text, None, (), (Ranked(cause, 0.0),))
    message, numbers = find_message(index.messages, text)
    if message is None:
        return by_words(index, text)
    facts = facts_of(message.numbers, message.roles, numbers)
    sentences = tuple(dict.fromkeys(facts.values())) or tuple(read_any(numbers))
    ranked = rank(index, message, facts, text)
    return Explanation(text, message, sentences, tuple(ranked))


def rank(index, message, facts, text):
    """The causes of a message, the likeliest first."""
    said = set(words_of(" ".join(message.says)))
    scores = library(index).scores(text, idle=said)
    low, ranked = text.lower(), []
    for place, name in enumerate(message.causes):
        cause = index.causes[name]
        score = -PLACE * math.log2(1 + place) + WORDS * scores.get(name, 0.0)
        score += FITS * bool(facts.keys() & set(cause.fits))
        score += UNLESS * bool(facts.keys() & set(cause.unless))
        score += CLUE * any(clue in low for clue in cause.clues)
        reasons = tuple(facts[fact] for fact in cause.fits if fact in facts)
        ranked.append(Ranked(cause, score, reasons))
    return sorted(ranked, key=lambda one: -one.score)


def by_words(index, text):
    """The causes that sound like the text, if any does; the numbers, in any case."""
    numbers = tuple(read_any(without_numbers(text)[1]))
    scores = library(index).scores(text)
    low = text.lower()
    for name in scores:
        scores[name] += any(clue in low for clue in index.causes[name].clues)
    best = max(scores.values(), default=0.0)
    named = sorted(scores, key=lambda name: -scores[name])
    needed = HINT_OF_ERROR if ERROR_LINE.search(text) else HINT
    of_few_words = A_WORD * len(set(words_of(text)))
    enough, weak = best >= min(needed, of_few_words), best < min(SURE, of_few_words)
    kept = [name for name in named if enough and scores[name] >= NEAR * best]
    if named and not library(index).agree(text, named[0]):
        kept = []
    causes = tuple(Ranked(index.causes[name], scores[name]) for name in kept[:6])
    return Explanation(text, None, numbers, causes, by_words=True, weak=weak)


@cache
def library(index):
    """The causes as texts to search: what people say counts three times."""
    return ByWords(
        {
            cause.id: " ".join(
                (*cause.words * 3, cause.title, cause.cause, *cause.clues)
            )
            for cause in index.causes.values()
        }
    )
