"""A trace as a table: rows of steps, those that repeat folded, as text and HTML."""

import html
import math
import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch

FAILED = "FAILED"
NUMBER = re.compile(r"(?<![^._])(\d+)(?![^._])")  # of a layer, in its name
SIGNS = {"matmul": "@", "add": "+", "sub": "-", "mul": "*", "div": "/"}
SIGNS["getitem"] = "[...]"
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
        lines = [f"{FAILED} with {type(self.error).__name__}: {self.error}"]
        lines += [f"it could take: {self.wanted}"] * bool(self.wanted)
        return lines + [f"in {self.line}"] * bool(self.line)

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


def tensors(values):
    """The tensors in a sequence of arguments, lists and tuples opened."""
    opened = (tensors(v) if isinstance(v, list | tuple) else [v] for v in values)
    return [v for entry in opened for v in entry if isinstance(v, torch.Tensor)]


def shapes(value):
    """Shapes as text: (2, 15, 32), or several with commas, names where there are."""
    if isinstance(value, torch.Tensor):
        return str(tuple(value.shape))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shapes(entry)}" for name, entry in value.items())
    if isinstance(value, list | tuple):
        texts = [shapes(entry) for entry in value]
        if len(texts) > 2 and len(set(texts)) == 1:
            return f"{len(texts)} of {texts[0]}"
        return ", ".join(texts)
    if hasattr(value, "__dataclass_fields__"):
        return shapes({name: getattr(value, name) for name in vars(value)})
    return "None" if value is None else type(value).__name__


def call(name, args, kwargs):
    """A call as a reader knows it: reshape(14, 14), softmax(dim=-1)."""
    name = name.strip("_")
    if sign := SIGNS.get(name) or SIGNS.get(name.removeprefix("r")):  # radd is add
        return sign
    plain = [str(a) for a in args[1:] if is_plain(a)]
    named = [f"{k}={v}" for k, v in kwargs.items() if is_plain(v) and k[0] != "_"]
    return f"{name}({', '.join(plain + named)})"


def is_plain(value):
    """A number, a word, or a few of them: short enough to show."""
    if isinstance(value, list | tuple):
        return all(is_plain(entry) for entry in value)
    return isinstance(value, int | float | str)


def wants(step, args=(), keywords=None):
    """What a function could have taken, where PyTorch leaves that open; or ''."""
    args = [*args, *(keywords or {}).values()]
    sizes = [tuple(a.shape) for a in args if isinstance(a, torch.Tensor)]
    if step in ("reshape", "view", "unflatten") and sizes:
        return reshape_wants(sizes[0], args[1:], step)
    if step in ("matmul", "__matmul__", "bmm") and len(sizes) == 2 and all(sizes):
        (*_, last), second = sizes
        middle = second[-2] if len(second) > 1 else second[-1]
        return (
            f"the last axis of the left ({last}) must be as long as the last but one "
            f"of the right ({middle}), and the axes before them must line up"
        )
    return ""


def reshape_wants(size, asked, step):
    """How many numbers there are, and how many places were asked for."""
    if step == "unflatten" and asked and isinstance(asked[0], int):
        axis, *asked = asked
        size = size[axis : axis + 1 or None]
    if asked and isinstance(asked[0], tuple | list):
        asked = asked[0]
    numbers = [n for n in asked if isinstance(n, int)]
    if not size or not numbers or len(numbers) < len(asked):  # e.g. view(dtype)
        return ""
    known = math.prod(n for n in numbers if n > 0)
    count = " x ".join(map(str, size)) + (f" = {math.prod(size)}" * (len(size) > 1))
    if -1 in numbers:
        return f"{count} numbers, which must be a multiple of {known}"
    return f"{count} numbers; the shape asked for has {known} places"
