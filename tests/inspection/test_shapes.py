"""The doctor on shapes of published models and of public threads."""

import pytest
from cases.shapes.__main__ import points, read_cases, weights_of

from helpers.inspection import diagnose

CASES = read_cases()


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_no_report_misleads(case):
    assert points(case, diagnose(weights_of(case), **case["knows"])) >= 0


def test_most_reports_are_right():
    scores = [points(c, diagnose(weights_of(c), **c["knows"])) for c in CASES]
    assert scores.count(2) >= 0.8 * len(scores) and len(scores) >= 40
