"""Score `explain` on cases: `python -m tests.inspection.cases [FILE ...] [--show]`.

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
from pathlib import Path

from helpers.inspection.messages import explain
from helpers.inspection.messages.index import COUNTS, read_index
from helpers.inspection.messages.index import FOLDER as ERRORS
from helpers.inspection.messages.recognise import clean, find
from tests.inspection.cases import read_cases

FOLDER = Path(__file__).parent
DECIDED = 3  # causes that a question tells apart


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
    if right & set(named[: 1 if explanation.weak else DECIDED]):
        return 2
    if right & set(named):
        return 1
    if explanation.weak or not explanation.known:
        return 0
    return -1 if named or not right else 1


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
    parser.add_argument("--count", action="store_true", help="count the causes")
    arguments = parser.parse_args()
    cases = read_cases(FOLDER, "case", arguments.files)
    if arguments.count:
        (ERRORS / COUNTS).write_text(counted(cases), encoding="utf-8")
        return
    scores = []
    for case in cases:
        explanation = explain(text_of(case))
        scores.append(points(case, explanation))
        named = [ranked.cause.id for ranked in explanation.causes[:DECIDED]]
        known = explanation.message.id if explanation.message else "-"
        print(f"{scores[-1]:2} {case['id']}: {known}: {', '.join(named) or '-'}")
        if arguments.show:
            print(f"\n{text_of(case)}\n\nCause: {case['cause']}\n\n{explanation}\n")
    most, wrong = 2 * len(cases), scores.count(-1)
    share = sum(scores) / most
    print(f"{sum(scores)} of {most} points ({share:.0%}), {wrong} mislead")


if __name__ == "__main__":
    main()
