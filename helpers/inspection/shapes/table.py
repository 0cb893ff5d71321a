"""A trace as a table: rows of steps, repeated ones folded, text and HTML."""

import html
import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

FAILED = "FAILED"
NUMBER = re.compile(r"(?<![^._])(\d+)(?![^._])")  # of a layer, in its name
MOST_STEPS = 200  # of a block that repeats


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
        return [(mark, *row) for mark, row in fold(self.rows)]

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
    """(mark, row) for all rows; steps that repeat, one or a block of them, stand once.

    mark: "x12" at the first of them, "|" at the others of its block. Layers that differ
    only in their number count as the same: layers.0 and layers.1 become layers.*
    """
    keys, folded, start = [alike(row) for row in rows], [], 0
    while start < len(rows):
        times, size = longest(keys, start)
        end = start + times * size
        for place in range(start, start + size):
            same = rows[place:end:size]
            mark = "" if times == 1 else "|" if place > start else f"x{times}"
            folded.append((mark, (joined([row[0] for row in same]), *same[0][1:])))
        start = end
    return folded


def longest(keys, start):
    """(how often, how many keys) of what repeats at once from here on: as much of it as
    can be, in as few keys as can be."""
    found = [(1, 1)]
    for size in range(1, min(MOST_STEPS, (len(keys) - start) // 2) + 1):
        block, times = keys[start : start + size], 1
        while keys[start + times * size : start + (times + 1) * size] == block:
            times += 1
        found += [(times, size)] * (times > 1)
    return max(found, key=lambda one: (one[0] * one[1], one[0]))


def alike(row):
    return *NUMBER.split(row[0])[::2], *row[1:]


def joined(names):
    """One name for all, with a star for the numbers that differ."""
    parts = zip(*map(NUMBER.split, names), strict=True)
    return "".join(part[0] if len({*part}) == 1 else "*" for part in parts)
