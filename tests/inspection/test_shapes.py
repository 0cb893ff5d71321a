"""The doctor on shapes of published models and of public threads."""

import pytest

from tests.inspection.cases import read_cases
from tests.inspection.cases.shapes.__main__ import FOLDER, points, report_of

CASES = read_cases(FOLDER, "shape")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_no_report_misleads(case):
    assert points(case, report_of(case)) >= 0


def test_most_reports_are_right():
    scores = [points(c, report_of(c)) for c in CASES]
    assert scores.count(2) >= 0.8 * len(scores) and len(scores) >= 40
