"""What the doctor hands back: axes, candidates for the layout, problems. Data only."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from textwrap import TextWrapper

from helpers.maps.token_layout import TokenLayout

BY_PLACE = "by its position"  # evidence for the name of an axis
MOST = 4  # proposals that are shown
WRAPPER = TextWrapper(88, break_long_words=False, break_on_hyphens=False)


class Known(StrEnum):
    """How a layout is known; only COUNTED is no proof."""

    COUNTED = "counted only"
    RUN = "from the run"
    TESTED = "tested by experiment"
    NAMED = "as you named it"


@dataclass(frozen=True)
class Candidate:
    """A layout that fits.

    source: where its grid comes from. others: what the keys off the grid are. known:
    how it is known. likely: usual strides, or just the patch that was given. merge: so
    many patches of a side make one cell. free: where the cells stand among the keys is
    a guess. kind: how they are ordered, see `readings`. images: numbers in the batch of
    those that have this layout, () for all.
    """

    layout: TokenLayout
    source: str
    others: str = "no other key"
    known: Known = Known.COUNTED
    likely: bool = True
    merge: int = 1
    free: bool = False
    kind: str = "cells"
    images: tuple = ()

    @property
    def cells(self):
        """How many keys are cells."""
        return self.layout.index.numel()

    @property
    def off_grid(self):
        """How many keys are no cells."""
        return self.layout.length - self.cells

    @property
    def size(self):
        """The grid, in words."""
        return " x ".join(map(str, self.layout.grid))

    def __str__(self):
        source = f" ({self.source})" if self.source else ""
        return f"{self.size} cells{source}, {self.others}"


@dataclass(frozen=True)
class Problem:
    """kind: one word for programs. found, cause, remedy: sentences for people."""

    kind: str
    found: str
    cause: str
    remedy: str

    def __str__(self):
        return f"{self.found}\n    cause:  {self.cause}\n    remedy: {self.remedy}"


@dataclass(frozen=True)
class Axis:
    """An axis of the weights: its name, its length, and why it has that name; named: by
    a count that the caller gave."""

    name: str
    size: int
    evidence: str
    named: bool = False


@dataclass
class Report:
    """What `diagnose` found; print it.

    axes: an Axis each. candidates: Candidates for the layout, best first. problems:
    Problems. ambiguous: what stays open, and what would settle it. sinks: keys that
    hold much of the weight whatever the query. notes: worth knowing, and nothing wrong.
    looked_at: what was looked at. what: weights, or what they are instead. next: the
    next line to run. sums: axes over which the values sum to 1; None without values.
    causal: as many queries as keys, and none looks ahead. looking: the Candidate of the
    queries where they are cells, too. others: {number: entry} of a collection, the
    first of each other shape.
    """

    shape: tuple
    axes: list = field(default_factory=list)
    candidates: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    ambiguous: list = field(default_factory=list)
    sinks: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    looked_at: str = "the shape; values were not given"
    what: str = "weights"
    next: str = ""
    sums: tuple | None = None
    causal: bool = False
    looking: Candidate | None = None
    others: dict = field(default_factory=dict, repr=False)

    @property
    def best(self):
        """The first candidate; None if there is none."""
        return next(iter(self.candidates), None)

    @property
    def queries(self):
        """How many queries look at the keys; 0 where no axis has them, or two have."""
        return next((axis.size for axis in self.axes if axis.name == "queries"), 0)

    @property
    def layouts(self):
        """The TokenLayouts of the candidates. The first is that of all images, unless
        they have one each (prompts of unlike length, pictures of unlike size): then
        `candidates[k].images` says whose number k is, and `next` takes each one's."""
        return [candidate.layout for candidate in self.candidates]

    @property
    def reasons(self):
        """The candidates as text."""
        return [str(candidate) for candidate in self.candidates]

    @property
    def proven(self):
        """True if the first layout is more than a count."""
        return bool(self.best) and self.best.known != Known.COUNTED

    def in_short(self):
        """Shape, axes, the first candidate and what the queries are, in a line."""
        axes = ", ".join(in_number(f"{axis.size} {axis.name}") for axis in self.axes)
        own = [f"the queries are {self.looking}"] * bool(self.looking)
        found = [axes, *map(str, self.candidates[:1]), *own]
        return f"{self.shape}: {'; '.join(found)}"

    def __str__(self):
        return self.text()

    def text(self, change=str):
        """What it says, each line changed by a function of it, and wrapped."""
        lines = map(change, self.lines())
        return "\n".join(part for line in lines for part in wrapped(line))

    def lines(self):
        """What it says, a line each, not wrapped."""
        lines = [f"{self.what} {self.shape}"]
        for number, axis in enumerate(self.axes):
            size = in_number(f"{axis.size} {axis.name}")
            lines.append(f"  axis {number}: {size} ({axis.evidence})")
        for number, candidate in enumerate(self.candidates[:MOST], start=1):
            known = candidate.known
            word = "proposal" if known == Known.COUNTED else "layout"
            lines.append(f"{word} {number}, {known}: {candidate}")
        if len(self.candidates) > MOST:
            less = ", less likely" * (not self.proven and not self.best.images)
            lines.append(f"and {len(self.candidates) - MOST} more{less}")
        lines += [f"PROBLEM: {problem}" for problem in self.problems]
        lines += [f"open: {doubt}" for doubt in self.ambiguous]
        lines += [f"note: {note}" for note in self.notes]
        settled = self.sums is not None or not self.ambiguous
        if self.candidates and not self.problems and settled:
            lines.append(f"no problem found in {self.looked_at}")
        return lines + [f"next: {self.next}"] * bool(self.next)


def in_number(text):
    """1 head for "1 heads", 1 query for "1 queries"."""
    one = re.sub(r"(\w{3,})s\b", r"\1", text.replace("queries", "query"))
    return one if text.startswith("1 ") else text


def wrapped(text):
    """The lines of a text, none longer than a narrow page, later parts set in; code
    stays on one line."""
    for line in text.splitlines():
        WRAPPER.subsequent_indent = " " * (4 + 2 * (len(line) - len(line.lstrip())))
        yield from [line] if line.startswith("next: ") else WRAPPER.wrap(line)
