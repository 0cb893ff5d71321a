"""Score `explain` on cases: `python -m tests.inspection.cases [FILE ...] [--show]`.

With --held-out, each case is asked of an index without what came from it: its phrases
and its count. That is nearer to what an unseen case is led to, and takes a minute.

With --count, write which causes the cases have behind each message, and how often, to
data/errors/counts.toml, where `explain` takes them from.

A case has an `id`, the `message` or symptom as people wrote it, what the person knows
(`model`, `shapes`), its `cause` and `remedy` in our words, the `thread`, and `expect`:
the ids of the entries that are right. An empty list means that no entry fits; `family`
is the message to recognise, or "" where there is none.

2: a right entry comes first, or is one of those that a question tells apart (the first
three). 1: it is only named, or hinted at behind another, or nothing is said but what
the message means. -1: other causes are given. 0: nothing, or a hint that leads nowhere
and says that it is no more than a hint. A judge who reads what `--show` prints may see
it otherwise.
"""

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

from helpers.inspection.messages import explain
from helpers.inspection.messages.explain import library
from helpers.inspection.messages.index import COUNTS, read_index
from helpers.inspection.messages.index import FOLDER as ERRORS
from helpers.inspection.messages.recognise import clean, find
from helpers.inspection.messages.search import terms_of
from tests.inspection.cases import read_cases

FOLDER = Path(__file__).parent
DECIDED = 3  # causes that a question tells apart
PLACES = 1, 3, 8
FROM_IT = 0.75  # of a phrase's words: it came from the case that has them


def text_of(case):
    """What the person would paste: the message, and what they say about it."""
    return "\n".join(case[part] for part in ("message", "said") if part in case)


def points(case, explanation):
    """2, 1, 0 or -1."""
    named = [ranked.cause.id for ranked in explanation.causes]
    known = explanation.message.id if explanation.message else ""
    if not case["expect"] and known and known == case["family"]:
        return 2
    right = set(case["expect"])
    if right & set(named[: DECIDED if known else 1]):
        return 2
    if right & set(named):
        return 1
    if not known:
        return 0
    return -1 if named or not right else 1


def without(index, case):
    """The index without the phrases that came from a case, and without its count."""
    terms, causes = terms_of(text_of(case)), dict(index.causes)
    for name in causes.keys() & set(case["expect"]):
        kept = tuple(said for said in causes[name].said if not came_from(said, terms))
        causes[name] = replace(causes[name], said=kept)
    first = next((name for name in case["expect"] if name in causes), None)
    counts = {
        message: {name: n - (name == first) for name, n in found.items()}
        for message, found in index.counts.items()
    }
    library.cache_clear()
    return replace(index, causes=causes, counts=counts)


def came_from(phrase, terms):
    """Has a case nearly all words of a phrase? (Pairs and letters are no words.)"""
    said = [term for term in terms_of(phrase) if term.isidentifier()]
    shared = sum(term in terms for term in said)
    return len(said) >= 3 and shared >= FROM_IT * len(said)


def reached(places):
    """How many right causes came first, among three and among eight, as a text."""
    shares = (sum(place <= most for place in places) / len(places) for most in PLACES)
    return ", ".join(f"{s:.1%} in {n}" for s, n in zip(shares, PLACES, strict=True))


def counted(cases):
    """How often each cause is behind each message, as the text of a TOML file."""
    index, counts = read_index(), {}
    for case in cases:
        message, *_ = find(index.messages, clean(text_of(case)))
        if message and message.causes:
            known = [name for name in case["expect"] if name in index.causes]
            counts.setdefault(message.id, Counter()).update(known[:1])
    lines = ["# Behind each message, how many of the collected cases had which cause."]
    lines += ["# Written by `python -m tests.inspection.cases --count`."]
    for message, found in sorted(counts.items()):
        said = ", ".join(f"{name} = {n}" for name, n in found.most_common())
        lines.append(f"{message} = {{ {said} }}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="TOML files; default: all in here")
    parser.add_argument("--show", action="store_true", help="print what is said")
    parser.add_argument("--held-out", action="store_true", help="without its phrases")
    parser.add_argument("--count", action="store_true", help="count the causes")
    arguments = parser.parse_args()
    cases = read_cases(FOLDER, "case", arguments.files)
    if arguments.count:
        (ERRORS / COUNTS).write_text(counted(cases), encoding="utf-8")
        return
    scores, places, index = [], {"messages": [], "words": []}, read_index()
    for case in cases:
        asked = without(index, case) if arguments.held_out else index
        explanation = explain(text_of(case), asked)
        scores.append(points(case, explanation))
        named = [ranked.cause.id for ranked in explanation.causes]
        if right := index.causes.keys() & set(case["expect"]):
            found = (place for place, name in enumerate(named, 1) if name in right)
            kind = "messages" if explanation.message else "words"
            places[kind].append(next(found, len(index.causes)))
        named = named[:DECIDED]
        known = explanation.message.id if explanation.message else "-"
        print(f"{scores[-1]:2} {case['id']}: {known}: {', '.join(named) or '-'}")
        if arguments.show:
            print(f"\n{text_of(case)}\n\nCause: {case['cause']}\n\n{explanation}\n")
    most, wrong = 2 * len(cases), scores.count(-1)
    share = sum(scores) / most
    for kind, found in places.items():
        print(f"{kind}: {len(found)}" + (f", right {reached(found)}" if found else ""))
    print(f"{sum(scores)} of {most} points ({share:.0%}), {wrong} mislead")


if __name__ == "__main__":
    main()
