"""A trace as a table: rows of steps, repeated ones folded, text and HTML."""

import html
import re
from dataclasses import dataclass, field, replace
from itertools import groupby

FAILED = "FAILED"


@dataclass
class Row:
    """One step: where, what, the shapes that went in and came out."""

    where: str
    what: str
    got: str
    gave: str = FAILED  # until the step has ended

    def cells(self):
        return self.where, self.what, self.got, self.gave


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
        lines = fold([row.cells() for row in self.rows])
        return [(f"x{times}" if times > 1 else "", *row) for times, row in lines]

    def failure(self):
        """The lines that follow the table of a failed run."""
        if self.error is None:
            return []
        lines = [f"{FAILED} with {type(self.error).__name__}: {self.error}"]
        lines += [f"it could take: {self.wanted}"] if self.wanted else []
        return lines + ([f"in {self.line}"] if self.line else [])

    def __str__(self):
        rows = [("", "where", "step", "in", "out"), *self.table()]
        widths = [max(len(row[i]) for row in rows) for i in range(4)] + [0]
        lines = [
            "  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True))
            for row in rows
        ]
        return "\n".join([line.rstrip() for line in lines] + self.failure())

    __repr__ = __str__

    def _repr_html_(self):
        rows = ""
        for row in [("", "where", "step", "in", "out"), *self.table()]:
            tag = "th" if row[-1] in (FAILED, "out") else "td"
            start = f'<{tag} style="text-align: left">'
            cells = [f"{start}{html.escape(cell)}</{tag}>" for cell in row]
            rows += f"<tr>{''.join(cells)}</tr>"
        after = "".join(f"<p>{html.escape(line)}</p>" for line in self.failure())
        return f"<table>{rows}</table>{after}"


def fold(rows):
    """(times, row) for all rows; what repeats at once is kept once.

    Layers that differ only in their number count as the same: layers.0 and layers.1
    become layers.*
    """
    found = []
    for key, group in groupby(rows, alike):
        same = list(group)
        found.append((len(same), same[0] if len(set(same)) == 1 else key))
    return found


def alike(row):
    return re.sub(r"(?<![^._])\d+(?![^._])", "*", row[0]), *row[1:]
