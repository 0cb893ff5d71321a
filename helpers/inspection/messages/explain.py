"""Read an error message: its numbers, the causes behind it, what tells them apart."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from math import inf, log2

from helpers.inspection.messages.beside import beside
from helpers.inspection.messages.facts import facts_of
from helpers.inspection.messages.index import Cause, Message, read_index
from helpers.inspection.messages.notes import mentions, notes_in
from helpers.inspection.messages.numbers import FACTS
from helpers.inspection.messages.prose import facts_in_words, of_text_alone
from helpers.inspection.messages.ranking import Ranking, rare
from helpers.inspection.messages.recognise import asked, clean, errors_in, find
from helpers.inspection.messages.relations import counted, read_any, related
from helpers.inspection.messages.report import FULL, MANY, as_text

# What counts how much, beside the words in common: a fact about the numbers for a
# cause, one that many causes have, or one against it; clues in the text, by how few
# causes have them, and at most; a setting that the text says is set already; a message
# behind which the cause is known, less by its place there, and more by the cases that
# were counted.
FITS, GENERAL, UNLESS, CLUE, CLUES = 48.0, 24.0, -32.0, 1.5, 12.0
USED = 0.5
LISTED, PLACE, SEEN, SPOKEN = 72.0, 6.0, 3.0, 0.4
HINT = 20.0  # the least score of the best cause without a message
TOLD, REACH = 18.0, 36.0  # of a cause for which the text speaks, known or not
NEAR = 0.4  # of the best score: what is worth naming beside it
BRIEF = 8  # words of a text that is asked for its numbers
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
    of its words. named: what is known of models and libraries in the text. beside:
    (id, note), what further causes say of it. known: False if nothing was recognised.
    """

    text: str
    message: Message | None
    facts: tuple
    causes: tuple
    close: bool = False
    named: tuple = ()
    beside: tuple = ()

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
    found = of_message(index, text, *find(index.messages, text))
    named = notes_in(text, "\n".join(index.names.values()))
    return replace(found, named=tuple(named))


def of_message(index, text, message, numbers, close):
    """The Explanation of a text in which this message was found, if it is one."""
    if message is None:
        return in_words(index, text)
    facts = facts_of(message, numbers, text)
    ranked = rank(index, facts, text, message) if message.causes else ()
    further, ranked = beside_them(index, text, ranked, message), apart(ranked)
    used = {fact for one in ranked[:FULL] for fact in one.cause.fits}
    kept = [facts[fact] for fact in facts if fact in ALWAYS | used]
    if not kept and not of_text_alone(text):
        own = related(numbers) if message.numbers == "pair" else ()
        kept = read_any(counted(text)) if close else own
    kept = tuple(dict.fromkeys(kept))
    return Explanation(text, message, kept, ranked, close, beside=further)


def beside_them(index, text, ranked, message=None):
    """What the notes of causes say beside those that are shown; () without causes."""
    if not ranked:
        return ()
    return beside(text, ranked, library(index).weights(asked(text, message)))


def rank(index, facts, text, message=None):
    """All causes by what words, numbers and the message say, the likeliest first.

    Behind a message one that is not known there is left out, if less speaks for it.
    """
    words = library(index).scores(asked(text, message))
    known, share, ranked = known_behind(index, message), SPOKEN if message else 1, []
    clues = clues_in(index, text)
    for name, cause in index.causes.items():
        fitting = [fact for fact in cause.fits if fact in facts]
        reasons = tuple(facts[fact] for fact in fitting if fact not in GENERIC)
        clue = sum(clues[clue] for clue in cause.clues if clue in clues)
        score = share * words[name] * (USED if cause.in_use(text) else 1)
        score += FITS if reasons else GENERAL * bool(fitting)
        score += UNLESS * any(fact in facts for fact in cause.unless)
        score += min(CLUE * clue, CLUES)
        told = bool(fitting or clue) or score >= TOLD
        if message is None or name in known or score >= REACH:
            ranked.append(Ranked(cause, score + known.get(name, 0), reasons, told))
    return sorted(ranked, key=lambda one: -one.score)


def clues_in(index, text):
    """{clue: its weight} of those in a text: what few causes have says more."""
    known = Counter(clue for cause in index.causes.values() for clue in cause.clues)
    text = text.lower()
    found = [clue for clue in known if mentions(text, clue)]
    return {clue: rare(known[clue], len(index.causes)) for clue in found}


def known_behind(index, message):
    """{name: score} of the causes that are known behind a message."""
    if message is None:
        return {}
    counts = index.counts.get(message.id, {})
    names = dict.fromkeys((*message.causes, *counts))
    return {
        name: LISTED - PLACE * log2(1 + n) + SEEN * log2(1 + counts.get(name, 0))
        for n, name in enumerate(names)
    }


def apart(ranked):
    """Causes with those reasons only that tell the ones shown in full apart."""
    shown = Counter(reason for one in ranked[:FULL] for reason in one.reasons)
    return tuple(
        replace(one, reasons=tuple(r for r in one.reasons if shown[r] < FULL))
        for one in ranked
    )


def in_words(index, text):
    """The causes that sound like the text, if any does; of a short one the numbers."""
    numbers = counted(text)
    ranked, error = rank(index, facts_in_words(numbers, text), text), errors_in(text)
    # An unknown error may be of anything: its numbers alone recall no entry.
    best = ranked[0].score - FITS * bool(ranked[0].reasons and error)
    least = NEAR * best if best >= HINT else inf
    # In a long story numbers are years and pixels: what a cause fits is with it.
    brief = (error or len(text.split()) <= BRIEF) and not of_text_alone(text)
    causes = apart([one for one in ranked[:MANY] if one.score >= least])
    return Explanation(
        text,
        message=None,
        facts=tuple(read_any(numbers)) if brief else (),
        causes=causes,
        beside=causes and beside_them(index, text, ranked),
    )


@cache
def library(index):
    """The causes as texts to search."""
    causes = index.causes.values()
    return Ranking(
        {cause.id: cause.said for cause in causes},
        {
            one.id: (one.title, one.cause, one.brief, one.ask, *one.clues)
            for one in causes
        },
    )
