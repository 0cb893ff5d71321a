"""Print what the tool makes of the cases, or of those with a part of a name.

    python -m tests.inspection.handwritten [part of name] [--wrong]

With --wrong, only the cases that are not as expected.
"""

import sys
from collections import Counter

from helpers.inspection import capture_attention

from . import CASES
from .judge import accepted, try_tool


def main(words: list[str]) -> None:
    """Print a line for each case, then totals by group."""
    only_wrong = "--wrong" in words
    part = " ".join(word for word in words if not word.startswith("--"))
    totals: dict[str, Counter] = {}
    for case in sorted(CASES, key=lambda case: case.group):
        if part not in f"{case.group} {case.name}":
            continue
        verdict = try_tool(case, capture_attention)
        as_expected = accepted(case, verdict)
        totals.setdefault(case.group, Counter())[verdict.word] += 1
        totals[case.group]["as expected"] += as_expected
        if not (only_wrong and as_expected):
            mark = " " if as_expected else "X"
            why = " ".join(verdict.why.split())[:160]
            print(f"{mark} {case.group[:2]} {case.name:46} {verdict.word:20} {why}")
    totals["all"] = sum(totals.values(), Counter())
    for group, seen in totals.items():
        good, cases = seen.pop("as expected"), seen.total()
        told = ", ".join(f"{word} {count}" for word, count in seen.most_common())
        print(f"{good:4} of {cases:3} as expected   {group:42} {told}")


if __name__ == "__main__":
    main(sys.argv[1:])
