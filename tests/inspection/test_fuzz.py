"""A small part of the fuzzer: the doctor is right, or says that it is not sure."""

import random
from collections import Counter

import pytest
from fuzz.__main__ import HELPFUL, RIGHT, groups

# {group: (cases, share that is right, share whose proposals hold what is right)}
PARTS = {
    "classical": (60, 0.96, 0.96),
    "classical, shape only": (30, 0.9, 0.9),
    "modern, sizes alone": (40, 0.1, 0.5),
    "modern, as a user knows it": (80, 0.6, 0.8),
    "modern, with the run": (40, 0.95, 0.95),
    "modern, by experiment": (12, 0.9, 0.9),
    "broken": (100, 0.95, 0.95),
    "no weights": (100, 0.95, 0.95),
}


@pytest.mark.parametrize("group", PARTS)
def test_the_doctor_is_right_or_says_that_it_is_not_sure(group):
    count, right, helpful = PARTS[group]
    _, make, with_run = groups(1)[group]
    verdicts, names = Counter(), {}
    for number in range(count):
        case = make(random.Random(f"suite {group} {number}"))
        verdict = case.verdict(with_run)
        verdicts[verdict] += 1
        names.setdefault(verdict, []).append((number, case.name))
    assert "CONFIDENTLY WRONG" not in verdicts, names["CONFIDENTLY WRONG"]
    assert "false alarm" not in verdicts, names["false alarm"]
    assert sum(verdicts[v] for v in RIGHT) >= right * count, names
    assert sum(verdicts[v] for v in HELPFUL) >= helpful * count, names
