"""Read an error message: its numbers, the causes behind it, what tells them apart."""

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache

from helpers.inspection.messages.facts import facts_of
from helpers.inspection.messages.index import Cause, Message, mentions, read_index
from helpers.inspection.messages.numbers import FACTS, read_any, without_numbers
from helpers.inspection.messages.prose import facts_in_words
from helpers.inspection.messages.recognise import clean, errors_in, find
from helpers.inspection.messages.report import FULL, MANY, as_text
from helpers.inspection.messages.search import (
    ABOUT,
    Ranking,
    terms_of,
    weighed,
    words_of,
)

# What counts how much, beside the words in common: a fact about the numbers for a
# cause, one that many causes have, or one against it; a clue in the text; a setting
# that the text says is set already; a message behind which the cause is known, less by
# its place there, and more by the cases that were counted.
FITS, GENERAL, UNLESS, CLUE = 48.0, 12.0, -16.0, 8.0
USED = 0.5
LISTED, PLACE, SEEN, SPOKEN = 72.0, 6.0, 3.0, 0.5
# Without a message: the least score in words, half of it for what an entry explains
# nearly; what the best must have to be sure: a score, so far ahead of the second, so
# much of the text.
HINT, NEARLY = 32.0, 0.6
SURE, AHEAD, EXPLAINED = 60.0, 1.4, 0.4
KEEP = False
REACH = 36.0  # the score of a cause that is not known behind a message
NEAR = 0.4  # of the best score: what is worth naming beside it
BRIEF = 8  # words of a text that is asked for its numbers
PERCENT = re.compile(r"\d+(\.\d+)? ?%")
ALWAYS, GENERIC = (frozenset(FACTS[kind]) for kind in ("always", "generic"))


@dataclass(frozen=True)
class Ranked:
    """A cause with what speaks for it: a score, and sentences about the numbers.

    told: something in the text speaks for it, not its place behind the message alone.
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
    of its words. weak: what speaks for the causes are words, and these are few. known:
    False if nothing was recognised.
    """

    text: str
    message: Message | None
    facts: tuple
    causes: tuple
    close: bool = False
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
        return in_words(index, text)
    facts = facts_of(message, numbers, text)
    ranked = behind(index, message, facts, text)
    used = {fact for one in ranked[:FULL] for fact in one.cause.fits}
    kept = [facts[fact] for fact in facts if fact in ALWAYS | used]
    if close and not kept:
        kept = read_any(without_numbers(text)[1])
    hints = in_words(index, text).causes if message.like and not ranked else ()
    sentences, weak = tuple(dict.fromkeys(kept)), bool(hints)
    return Explanation(text, message, sentences, ranked or hints, close, weak)


def rank(index, message, facts, text):
    """All causes by what the words, the numbers and the message say, the best first."""
    says = terms_of(" ".join(message.says)) if message else frozenset()
    error = next(iter(errors_in(text)), "")
    words = library(index).scores(weighed(text, error, says))
    listed = {}
    if message:
        counts = index.counts.get(message.id, {})
        for place, name in enumerate(dict.fromkeys((*message.causes, *counts))):
            listed[name] = LISTED - PLACE * math.log2(1 + place)
            listed[name] += SEEN * math.log2(1 + counts.get(name, 0))
    ranked = []
    for name, cause in index.causes.items():
        score, reasons, told = evidence(cause, facts, text)
        spoken = words[name] * (USED if cause.in_use(text) else 1)
        score += spoken * (SPOKEN if message else 1) + listed.get(name, 0)
        ranked.append(Ranked(cause, score, reasons, told or name not in listed))
    return sorted(ranked, key=lambda one: -one.score), words, listed


def evidence(cause, facts, text):
    """What the facts and the clues in a text add to a score, (score, reasons, told)."""
    fitting = [fact for fact in cause.fits if fact in facts]
    telling = tuple(facts[fact] for fact in fitting if fact not in GENERIC)
    clue = any(mentions(text, clue) for clue in cause.clues)
    score = FITS if telling else GENERAL * bool(fitting)
    score += UNLESS * any(fact in facts for fact in cause.unless)
    score += CLUE * bool(clue)
    return score, telling, bool(fitting or clue)


def apart(ranked):
    """Causes with those reasons only that tell the ones shown in full apart."""
    shown = Counter(reason for one in ranked[:FULL] for reason in one.reasons)
    return tuple(
        replace(one, reasons=tuple(r for r in one.reasons if shown[r] < FULL))
        for one in ranked
    )


def behind(index, message, facts, text):
    """The causes of a message, the likeliest first; of a kind only those told of.

    One that is not known behind it is among them if as much speaks for it.
    """
    ranked, _, listed = rank(index, message, facts, text)
    if not message.causes:
        return ()
    return apart(
        [
            one
            for one in ranked
            if (one.told or not message.like or KEEP)
            and (one.cause.id in listed or one.score >= REACH)
        ]
    )


def in_words(index, text):
    """The causes that sound like the text, if any does; of a short one the numbers."""
    numbers = without_numbers(PERCENT.sub("", text))[1]
    ranked, words, _ = rank(index, None, facts_in_words(numbers, text), text)
    spoken, best = words_of(text), ranked[0]
    share = library(index).explained(spoken, best.cause.id)
    # In a long story numbers are years and pixels: what a cause fits is with it.
    error = errors_in(text)
    brief = error or len(text.split()) <= BRIEF
    # A short text scores low, however well it is explained; an unknown error may be of
    # anything: its numbers alone recall no entry.
    needed = HINT / (1 + (share >= NEARLY))
    found = max(words.values()) >= needed or best.reasons and not error
    least = NEAR * best.score if found else math.inf
    others = (score for name, score in words.items() if name != best.cause.id)
    sure = (
        words[best.cause.id] >= max(SURE, AHEAD * max(others))
        and share >= EXPLAINED
        and spoken & ABOUT
    )
    return Explanation(
        text,
        message=None,
        facts=tuple(read_any(numbers)) if brief else (),
        causes=apart([one for one in ranked[:MANY] if one.score >= least]),
        weak=not sure,
    )


@cache
def library(index):
    """The causes as texts to search."""
    causes = index.causes.values()
    return Ranking(
        {cause.id: cause.said for cause in causes},
        {cause.id: (cause.title, cause.cause, *cause.clues) for cause in causes},
    )
