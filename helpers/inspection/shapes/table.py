"""A trace as a table: rows of steps, repeated ones folded, text and HTML."""

import html
import re
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import NamedTuple

FAILED = "FAILED"


class Row(NamedTuple):
    """One step: where, what, the shapes that went in and came out."""

    where: str
    what: str
    got: str
    gave: str = FAILED  # until the step has ended


@dataclass(repr=False)
class Trace:
    """What a run did, step by step; print it, or leave it at the end of a cell.

    rows: a Row for every step. output: what came back, None after a failure. error: the
    exception, or None. wanted: what the failing step could take. line: where it failed.
    """

    rows: list = field(default_factory=list)
    output: object = None
    error: Exception = None
    wanted: str = ""
    line: str = ""

    def last(self, count):
        """The same trace with its last `count` steps only."""
        return replace(self, rows=self.rows[-count:])

    def table(self):
        """Lines of five cells: how often, where, step, in, out."""
        folded = fold(self.rows)
        return [(f"x{times}" if times > 1 else "", *row) for times, row in folded]

    def failure(self):
        """The lines that follow the table of a failed run."""
        if self.error is None:
            return []
        wanted, line = f"it could take: {self.wanted}", f"in {self.line}"
        return [
            f"{FAILED} with {type(self.error).__name__}: {self.error}",
            *[wanted] * bool(self.wanted),
            *[line] * bool(self.line),
        ]

    def __str__(self):
        rows = [("", "where", "step", "in", "out"), *self.table()]
        widths = [max(len(row[i]) for row in rows) for i in range(4)] + [0]
        padded = [map(str.ljust, row, widths) for row in rows]
        lines = ["  ".join(cells).rstrip() for cells in padded]
        return "\n".join(lines + self.failure())

    __repr__ = __str__

    def _repr_html_(self):
        page = "<table>"
        for row in [("", "where", "step", "in", "out"), *self.table()]:
            tag = "th" if row[-1] in (FAILED, "out") else "td"
            start = f'<{tag} style="text-align: left">'
            cells = [f"{start}{html.escape(cell)}</{tag}>" for cell in row]
            page += f"<tr>{''.join(cells)}</tr>"
        failure = (f"<p>{html.escape(line)}</p>" for line in self.failure())
        return page + "</table>" + "".join(failure)


def fold(rows):
    """(times, row) for all rows; what repeats at once is kept once.

    Layers that differ only in their number count as the same: layers.0 and layers.1
    become layers.*
    """
    groups = [(key, list(group)) for key, group in groupby(rows, alike)]
    return [(len(rows), key if len({*rows}) > 1 else rows[0]) for key, rows in groups]


def alike(row):
    return re.sub(r"(?<![^._])\d+(?![^._])", "*", row[0]), *row[1:]
