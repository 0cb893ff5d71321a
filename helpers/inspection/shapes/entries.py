"""What the entries of a collection tell together, if they differ in shape."""

from helpers.inspection.shapes.families import say
from helpers.inspection.shapes.report import Axis

FIRST = ["images", "heads"]


def add_others(report, others):
    """Say on a report what the entries of other shapes are, and what the first asks.

    others: {number: Report} of the first entry of each other shape.
    """
    count_windows(report, others)
    report.notes += [f"entry {n}, {other.in_short()}" for n, other in others.items()]
    for other in [*others.values()][:1]:  # the next would ask the same
        new = [doubt for doubt in other.ambiguous if doubt not in report.ambiguous]
        report.ambiguous += new[:1]


def count_windows(report, others):
    """Name the first axis where it differs from entry to entry, with the heads: so do
    the windows of stages, and no batch."""
    reports = [*others.values(), report]
    if any([axis.name for axis in one.axes[:2]] != FIRST for one in reports):
        return
    images, heads = zip(*(one.axes[:2] for one in reports), strict=True)
    sizes = [axis.size for axis in images]
    alike = any(axis.named for axis in images) or len({a.size for a in heads}) == 1
    if len(set(sizes)) != len(sizes) or alike or not others:
        return
    for one in reports:
        one.axes[0] = Axis("images x windows", one.shape[0], say("differs"))
    report.notes.append(say("count windows", sizes=", ".join(map(str, sizes))))
