"""A tensor with what is true of it, and what a report on it is worth."""

from dataclasses import dataclass, field
from enum import StrEnum

from helpers.inspection import diagnose
from helpers.inspection.shapes.report import Known


class Verdict(StrEnum):
    """FIRST, NAMED: right. PROPOSED: among the proposals, and said to be open. PLACE:
    the right grid, and said that the place of its keys is open. UNSURE: not right, and
    said to be open. ALARM: a problem where none is. WRONG: not right, and no doubt.
    """

    FIRST = "right, first"
    NAMED = "right, named"
    PROPOSED = "right among proposals"
    PLACE = "right grid, place open"
    UNSURE = "unsure"
    ALARM = "false alarm"
    WRONG = "CONFIDENTLY WRONG"


@dataclass
class Case:
    """known: the sizes that the user knows. told: what a user may know besides. run:
    what only the run can say. layout: the true one, None where no key has a cell.
    kinds: Problems that name what is broken."""

    name: str
    weights: object
    known: dict = field(default_factory=dict)
    run: dict = field(default_factory=dict)
    layout: object = None
    keys: int = -1
    kinds: tuple = ()
    told: dict = field(default_factory=dict)

    def report(self, with_run=False):
        return diagnose(self.weights, **(self.known | (self.run if with_run else {})))

    def verdict(self, with_run=False):
        report = self.report(with_run)
        if self.kinds:
            named = [problem.kind for problem in report.problems[:1]]
            if named and named[0] in self.kinds:
                return Verdict.NAMED
            return Verdict.WRONG if named else Verdict.UNSURE
        if report.problems:
            return Verdict.ALARM
        names = [axis.name for axis in report.axes]
        if names[self.keys] != "keys":
            said = any("queries by" in doubt for doubt in report.ambiguous)
            return Verdict.UNSURE if said else Verdict.WRONG
        return self.of_layouts(report)

    def of_layouts(self, report):
        proven = [c for c in report.candidates if c.known != Known.COUNTED]
        # What an axis before the keys is says nothing of where the keys have cells.
        doubts = [one for one in report.ambiguous if not one.startswith("axis ")]
        doubtful = bool(doubts) and not proven
        if self.layout is None:
            return Verdict.FIRST if not report.layouts else (
                Verdict.UNSURE if doubtful else Verdict.WRONG
            )  # fmt: skip
        if not report.layouts:
            return Verdict.UNSURE if report.ambiguous or report.notes else Verdict.WRONG
        if report.layouts[0] == self.layout:
            return Verdict.FIRST
        if not doubtful:
            return Verdict.WRONG
        if self.layout in report.layouts[:4]:
            return Verdict.PROPOSED
        free = [c.layout.grid for c in report.candidates[:4] if c.free]
        if report.candidates[0].free and self.layout.grid in free:
            return Verdict.PLACE
        return Verdict.UNSURE
