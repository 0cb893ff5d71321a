"""Read an error message: its numbers, the causes behind it, what tells them apart."""

import math
import re
from dataclasses import dataclass
from functools import cache
from operator import ge

from helpers.inspection.messages.facts import facts_of
from helpers.inspection.messages.index import Cause, Message, read_index
from helpers.inspection.messages.numbers import FACTS, read_any, without_numbers
from helpers.inspection.messages.spoken import facts_in_words
from helpers.inspection.messages.text import as_text
from helpers.inspection.messages.wording import clean, errors_in, find
from helpers.inspection.messages.words import SUBJECT, ByWords, prose, words_of

# What counts how much: a fact about the numbers for or against a cause, a clue in the
# text around the message, words in common, a phrase, the place in the message's order.
FITS, UNLESS, CLUE, WORDS, PHRASE, PLACE = 4.0, -4.0, 2.0, 0.3, 1.0, 0.8
HINT, HINT_OF_ERROR = 4.5, 10.0  # scores that recall an entry; an error uses words less
# How much of a phrase, how rare its words, how far ahead, and the score of all words:
# nearly as people say it, or less of it and well ahead of all others.
SURE = ((0.8, 4.8, 1.0, 15.0), (0.7, 3.8, 1.4, 15.0), (0.6, 6.0, 1.3, 15.0))
NEAR = 0.55  # of the best score: what is worth naming beside it
EXPLAINED = 0.3  # of the weight of a text's words: less is no symptom of the entry
HINTS = SHOWN = 3
ALWAYS = frozenset(FACTS["always"])


@dataclass(frozen=True)
class Ranked:
    """A cause with what speaks for it: a score, and sentences about the numbers.

    told: a fact or a clue in the text speaks for it, not its place in the list alone.
    """

    cause: Cause
    score: float
    reasons: tuple = ()
    told: bool = False


@dataclass(frozen=True)
class Explanation:
    """What `explain` found; `print` shows it.

    message: what was recognised, or None. facts: sentences about the numbers. causes:
    `Ranked`, the likeliest first. close: no wording of the message was found, but most
    of its words. by_words: the text holds no known message, and the causes were found
    by their words. weak: these words are few, and prove little. known: False if nothing
    was recognised.
    """

    text: str
    message: Message | None
    facts: tuple
    causes: tuple
    close: bool = False
    by_words: bool = False
    weak: bool = False

    @property
    def known(self):
        return self.message is not None or bool(self.causes)

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
    text = clean(text)
    if not text.strip():
        raise ValueError("the text is empty: paste the message, or say what you see")
    index = index or read_index()
    if cause := index.causes.get(text.strip()):
        return Explanation(text, None, (), (Ranked(cause, 0.0),))
    message, numbers, close = find(index.messages, text)
    if message is None:
        return by_words(index, text)
    facts = facts_of(message, numbers)
    numbers = without_numbers(text)[1] if close else numbers
    ranked = causes_of(index, message, facts, text)
    used = {reason for one in ranked[:SHOWN] for reason in one.reasons}
    kept = [said for fact, said in facts.items() if fact in ALWAYS or said in used]
    sentences = tuple(dict.fromkeys(kept)) or tuple(read_any(numbers) if close else ())
    hints = by_words(index, text).causes if message.like and not ranked else ()
    causes, weak = ranked or hints, bool(hints)
    return Explanation(text, message, sentences, causes, close=close, weak=weak)


def causes_of(index, message, facts, text):
    """The causes of a message, the likeliest first; of a kind only those told of."""
    said = set(words_of(" ".join(message.says)))
    scores = library(index).scores(set(words_of(text)) - said)
    ranked = [
        ranked_by(
            index.causes[name],
            WORDS * scores.get(name, 0.0) - PLACE * math.log2(1 + place),
            facts,
            text,
        )
        for place, name in enumerate(message.causes)
    ]
    ranked.sort(key=lambda one: -one.score)
    if message.like:
        ranked = [one for one in ranked if one.reasons or (one.told and not facts)]
    return tuple(ranked)


def ranked_by(cause, score, facts, text):
    """A cause with what the facts and the clues in the text add to its score."""
    reasons = tuple(facts[fact] for fact in cause.fits if fact in facts)
    clue = any(mentions(text, clue) for clue in cause.clues)
    score += FITS * bool(reasons) + UNLESS * any(fact in facts for fact in cause.unless)
    return Ranked(cause, score + CLUE * clue, reasons, bool(reasons or clue))


def mentions(text, clue):
    """Does a word of the text begin with the clue? (A number has to stand alone.)"""
    end = r"(?!\d)" if clue[-1].isdigit() else ""
    start = r"(?<![a-z\d])" if clue[0].isalnum() else ""
    return re.search(start + re.escape(clue) + end, text, re.IGNORECASE)


def by_words(index, text):
    """The causes that sound like the text, if any does; the numbers, in any case."""
    numbers, words = without_numbers(text)[1], set(words_of(text))
    spoken = set(words_of(prose(text)))
    facts, shelf = facts_in_words(numbers, text), library(index)
    scores = shelf.scores(words)
    ranked = [
        ranked_by(
            cause,
            scores.get(name, 0.0)
            + PHRASE * math.prod(shelf.said(spoken, name))
            + FITS * bool(facts.keys() & set(cause.fits)),
            facts,
            text,
        )
        for name, cause in index.causes.items()
    ]
    ranked.sort(key=lambda one: -one.score)
    about, error = bool(words & SUBJECT), bool(errors_in(text))
    best, sentences = ranked[0], tuple(read_any(numbers) if error else ())
    counted = [one for one in ranked if one.reasons and (about or not error)][:2]
    needed = HINT_OF_ERROR if error else HINT
    if (best.score < needed or not about) and not counted:
        return Explanation(text, None, sentences, (), by_words=True)
    ahead = best.score / max(ranked[1].score, 1e-9)
    said = (*shelf.said(spoken, best.cause.id), ahead, best.score)
    sure = best.reasons or shelf.share(words, best.cause.id) >= EXPLAINED
    weak = not sure or not any(all(map(ge, said, bound)) for bound in SURE)
    kept = [one for one in ranked[:6] if one.score >= NEAR * best.score]
    if weak:  # what the numbers say comes before what the words recall
        kept = [*counted, *(one for one in kept if one not in counted)][:HINTS]
    return Explanation(text, None, sentences, tuple(kept), by_words=True, weak=weak)


@cache
def library(index):
    """The causes as texts to search: what people say counts three times."""
    causes = index.causes.values()
    texts = {
        cause.id: " ".join((*cause.words * 3, cause.title, cause.cause, *cause.clues))
        for cause in causes
    }
    return ByWords(texts, {cause.id: cause.words for cause in causes})
