"""How often is the doctor right? python -m tests.inspection.fuzz --seed 1"""

import argparse
import random
import time
from collections import Counter

from .broken import broken
from .classical import classical, shape_only
from .modern import as_run, as_told, modern, with_reader
from .others import other

RIGHT = ("right, first", "right, named")
HELPFUL = (*RIGHT, "right among proposals", "right grid, place open")


def groups(count):
    """{name: (number of cases, how a case is made, whether the run is given)}."""
    return {
        "classical": (3 * count, classical, False),
        "classical, shape only": (count, lambda r: shape_only(classical(r)), False),
        "modern, sizes alone": (count, modern, False),
        "modern, as a user knows it": (
            2 * count,
            lambda r: as_told(r, modern(r)),
            False,
        ),
        "modern, with the run": (count, lambda r: as_run(modern(r)), True),
        "modern, by experiment": (
            count // 2,
            lambda r: with_reader(as_run(modern(r))),
            True,
        ),
        "broken": (2 * count, broken, False),
        "no weights": (2 * count, other, False),
    }


def score(seed, count, only="", show=False):
    """{group: Counter of verdicts}"""
    found = {}
    for group, (number, make, with_run) in groups(count).items():
        if only not in group:
            continue
        found[group] = Counter()
        for case in range(number):
            made = make(random.Random(f"{seed} {group} {case}"))
            verdict = made.verdict(with_run)
            found[group][str(verdict)] += 1
            if show and verdict not in RIGHT:
                print(f"--- {group} {case}: {made.name}, {verdict}, {made.known}")
                print(made.layout, "first:", made.layout and made.layout.index.min())
                print(made.report(with_run))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--only", default="", help="part of a group's name")
    parser.add_argument("--show", action="store_true", help="what is not right")
    arguments = parser.parse_args()
    start = time.perf_counter()
    found = score(arguments.seed, arguments.count, arguments.only, arguments.show)
    for group, verdicts in found.items():
        number = sum(verdicts.values())
        right = sum(verdicts[name] for name in RIGHT) / number
        helpful = sum(verdicts[name] for name in HELPFUL) / number
        print(f"{group}: {right:.1%} right, {helpful:.1%} with proposals that hold it")
        print("   ", ", ".join(f"{n} {name}" for name, n in verdicts.most_common()))
    print(f"seed {arguments.seed}, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
