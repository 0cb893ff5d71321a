"""Read an error message: its numbers, the causes behind it, what tells them apart."""

import math
import re
from dataclasses import dataclass
from functools import cache

from helpers.inspection.messages.facts import facts_of
from helpers.inspection.messages.index import Cause, Message, mentions, read_index
from helpers.inspection.messages.numbers import FACTS, read_any, without_numbers
from helpers.inspection.messages.prose import facts_in_words
from helpers.inspection.messages.recognise import clean, errors_in, find
from helpers.inspection.messages.report import SORTING, as_text
from helpers.inspection.messages.search import ABOUT, Ranking, prose, terms_of

# What counts how much with a message: a fact about the numbers for a cause, one that
# many causes have, or one against it; a clue in the text around it, words in common;
# the place in the message's order, and how often it was counted behind the message.
FITS, GENERAL, UNLESS, CLUE, WORDS, PLACE, SEEN = 5.0, 2.0, -4.0, 2.0, 0.07, 0.6, 0.3
# Without one: a fact about numbers, the least score, and what the best must have to be
# sure: a score, so far ahead of the second, so much of a phrase and of the text.
COUNTED, HINT, DOUBT = 50.0, 18.0, 32.0  # in doubt, what is seen is asked for as well
SURE, AHEAD, SHARE, EXPLAINED = 40.0, 1.4, 0.55, 0.5
BRIEF = 8  # words of a text that is asked for its numbers
NEARLY = 0.7  # of a phrase: nearly all of it
NEAR = 0.33  # of the best score: what is worth naming beside it
HINTS = 3
PERCENT = re.compile(r"\d+(\.\d+)? ?%")
USED = 0.6  # what the text says it has set already
ALWAYS, GENERIC = (frozenset(FACTS[kind]) for kind in ("always", "generic"))


@dataclass(frozen=True)
class Ranked:
    """A cause with what speaks for it: a score, and sentences about the numbers.

    told: a fact or a clue in the text speaks for it, not its place in the list alone.
    generic: among the sentences, those that hold for many causes.
    """

    cause: Cause
    score: float
    reasons: tuple = ()
    told: bool = False
    generic: tuple = ()


@dataclass(frozen=True)
class Explanation:
    """What `explain` found; `print` shows it.

    message: what was recognised, or None. facts: sentences about the numbers. causes:
    `Ranked`, the likeliest first. close: no wording of the message was found, but most
    of its words. by_words: the text holds no known message, and the causes were found
    by their words. weak: these words are few, and prove little. sorting: where they
    prove nothing, (what is seen, cause) for each kind of symptom. known: False if
    nothing was recognised.
    """

    text: str
    message: Message | None
    facts: tuple
    causes: tuple
    close: bool = False
    by_words: bool = False
    weak: bool = False
    sorting: tuple = ()

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
    facts = facts_of(message, numbers, text)
    ranked = causes_of(index, message, facts, text)
    used = {reason for one in ranked[:HINTS] for reason in one.reasons}
    kept = [said for fact, said in facts.items() if fact in ALWAYS or said in used]
    if close and not kept:
        kept = read_any(without_numbers(text)[1])
    hints = by_words(index, text).causes if message.like and not ranked else ()
    sentences, weak = tuple(dict.fromkeys(kept)), bool(hints)
    return Explanation(text, message, sentences, ranked or hints, close, weak=weak)


def causes_of(index, message, facts, text):
    """The causes of a message, the likeliest first; of a kind only those told of."""
    terms, shelf = terms_of(text) - terms_of(" ".join(message.says)), library(index)
    ranked = []
    counts = index.counts.get(message.id, {})
    for place, name in enumerate(dict.fromkeys((*message.causes, *counts))):
        score = WORDS * shelf.score(terms, name) - PLACE * math.log2(1 + place)
        score += SEEN * math.log2(1 + counts.get(name, 0))
        ranked.append(rank(index.causes[name], score, facts, text))
    ranked.sort(key=lambda one: -one.score)
    if message.like:
        ranked = [one for one in ranked if one.reasons or (one.told and not facts)]
    return tuple(ranked)


def rank(cause, score, facts, text):
    """A cause with what the facts and the clues in the text add to its score."""
    fitting = [fact for fact in cause.fits if fact in facts]
    reasons = tuple(facts[fact] for fact in fitting)
    generic = tuple(facts[fact] for fact in fitting if fact in GENERIC)
    clue = any(mentions(text, clue) for clue in cause.clues)
    score += FITS if len(reasons) > len(generic) else GENERAL * bool(reasons)
    score += UNLESS * any(fact in facts for fact in cause.unless)
    score += CLUE * clue + UNLESS * cause.in_use(text)
    return Ranked(cause, score, reasons, bool(reasons or clue), generic)


def by_words(index, text):
    """The causes that sound like the text, if any does; of a short one the numbers."""
    numbers, shelf = without_numbers(PERCENT.sub("", text))[1], library(index)
    spoken, named = map(terms_of, prose(text))
    facts, terms, ranked = facts_in_words(numbers, text), spoken | named, []
    for name, cause in index.causes.items():
        reasons = tuple(facts[fact] for fact in cause.fits if fact in facts)
        score = shelf.score(terms, name) + COUNTED * bool(reasons)
        score *= USED ** cause.in_use(text)
        ranked.append(Ranked(cause, score, reasons, bool(reasons)))
    ranked.sort(key=lambda one: -one.score)
    best, second = ranked[:2]
    error, share = errors_in(text), shelf.nearest(spoken, best.cause.id)[0]
    # In a long story numbers are years and pixels: what a cause fits is with it.
    brief = error or len(text.split()) <= BRIEF
    # A short text scores low, however near to a phrase it is; an unknown error may be
    # of anything: its numbers alone recall no entry.
    needed = HINT / (1 + (share >= NEARLY)) + COUNTED * bool(best.reasons and error)
    least = NEAR * best.score if best.score >= needed else math.inf
    sure = (
        best.score >= max(SURE, AHEAD * second.score)
        and share >= SHARE
        and shelf.explained(spoken, best.cause.id) >= EXPLAINED
        and spoken & ABOUT
    )
    doubt = best.score < DOUBT and share < NEARLY and spoken & ABOUT
    return Explanation(
        text,
        message=None,
        facts=tuple(read_any(numbers)) if brief else (),
        causes=tuple(one for one in ranked[:HINTS] if one.score >= least),
        by_words=True,
        weak=not sure,
        sorting=sorted_out(ranked) if doubt else (),
    )


def sorted_out(ranked):
    """(what is seen, cause) for each kind of symptom: of its causes the likeliest."""
    causes = [one.cause for one in ranked]
    return tuple(
        (seen, next(cause for cause in causes if cause.id in names.split()))
        for seen, names in SORTING.items()
    )


@cache
def library(index):
    """The causes as texts to search."""
    causes = index.causes.values()
    return Ranking(
        {cause.id: cause.said for cause in causes},
        {cause.id: (cause.cause, *cause.clues) for cause in causes},
    )
