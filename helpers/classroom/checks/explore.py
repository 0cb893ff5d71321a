"""Checks of notebook 11: what an explorer shows."""

import torch

from helpers.classroom.checks.judge import Check_ as Check
from helpers.classroom.checks.judge import random


def best(number, heads):
    return divmod(int(number), heads)  # (layer, head)


def mass(weights, covered):
    return (weights * covered).sum(-1)  # (L, A)


def maps_of_heads(layers, heads, right, peak, touching):
    """Weights (L, A, 35) and an object: `right` lies on it, `peak` beside it.

    touching: a head with more weight than `right`, on cells that are covered by half.
    """
    weights = 0.1 * random(layers, heads, 35).softmax(-1)  # (L, A, N)
    covered = torch.zeros(35)  # (N,)
    covered[[8, 9, 15]] = torch.tensor([1.0, 0.5, 0.5])
    weights[(*right, 8)] += 0.5
    weights[(*peak, 30)] += 0.9
    weights[touching][[9, 15]] += 0.4
    return weights, covered


check_best_head = Check(
    "attempt(weights (L, A, N), covered (N,)) -> (layer, head).",
    lambda w, covered: best(mass(w, covered).argmax(), w.shape[1]),
    {
        "3 layers of 4 heads": maps_of_heads(3, 4, (1, 2), (2, 0), (0, 3)),
        "5 layers of 2 heads": maps_of_heads(5, 2, (3, 1), (0, 0), (4, 0)),
    },
    {
        "that is the highest peak: weigh it by `covered`": (
            lambda w, covered: best(w.amax(-1).argmax(), w.shape[1])
        ),
        "a cell half covered counts half: multiply": (
            lambda w, covered: best(mass(w, covered > 0).argmax(), w.shape[1])
        ),
        "the number counts through all heads: divmod it by A": (
            lambda w, covered: mass(w, covered).argmax()
        ),
        "divide by A, the heads of a layer, not by L": (
            lambda w, covered: best(mass(w, covered).argmax(), w.shape[0])
        ),
        "layer first, then head": (
            lambda w, covered: best(mass(w, covered).argmax(), w.shape[1])[::-1]
        ),
        "the most mass, not the least": (
            lambda w, covered: best(mass(w, covered).argmin(), w.shape[1])
        ),
    },
)


def place(heat, width=None):
    return divmod(int(heat.argmax()), width or heat.shape[1])  # (row, column)


def follows(sign=1, order=1, width=lambda heat: None):
    """The check, right as it stands; each argument is a part that may go wrong."""

    def check(before, after, down, right):
        row, column = place(before, width(before))
        moved = (row + sign * down, column + sign * right)
        if order < 0:
            moved = (row + right, column + down)
        return place(after, width(after)) == moved

    return check


def a_move(moved, told, fainter=0.5):
    """A map, the same moved by `moved` cells, and what was told of it."""
    heat = torch.zeros(5, 9)
    heat[1, 3] = 1.0
    return heat, fainter * heat.roll(moved, (0, 1)), *told  # (h, w), (h, w)


def steps(before, after):
    """Rows and columns that the peak moved."""
    return [b - a for a, b in zip(place(before), place(after), strict=True)]


check_follows = Check(
    "attempt(before (h, w), after (h, w), down, right) -> bool, for several pairs.",
    follows(),
    {
        "a map that came along, 2 down and 4 right": a_move((2, 4), (2, 4)),
        "a map that came along, 2 down and 3 left": a_move((2, -3), (2, -3)),
        "a map that came along, 1 right": a_move((0, 1), (0, 1)),
        "a map that went 1 up and 2 left, not down and right": a_move((-1, -2), (1, 2)),
        "a map that stayed where it was": a_move((0, 0), (2, 4)),
        "a map that went 3 down and 2 right, not 2 and 3": a_move((3, 2), (2, 3)),
        "a map that went 2 down, and not to the right": a_move((2, 0), (2, 4)),
        "a map that went 4 right, and not down": a_move((0, 4), (2, 4)),
        "a map that went 2 down and 3 left, not right": a_move((2, -3), (2, 3)),
        "a map that went one cell too far": a_move((2, 5), (2, 4)),
        "a map that came along half the way": a_move((1, 2), (2, 4)),
    },
    {
        "compare where the peaks are, not the values": (
            lambda before, after, down, right: torch.equal(
                after, before.roll((down, right), (0, 1))
            ),
            lambda before, after, down, right: torch.allclose(
                after, before.roll((down, right), (0, 1))
            ),
        ),
        "one map stayed where it was: that is no": (
            lambda before, after, down, right: bool((before != after).any())
        ),
        "it has to go where the object went, not just anywhere": (
            lambda before, after, down, right: place(before) != place(after)
        ),
        "rows first: divmod(argmax, w) is row, column": follows(order=-1),
        "the number of columns, heat.shape[1], divides the key": (
            follows(width=lambda heat: heat.shape[0])
        ),
        "from before to after, not back": follows(sign=-1),
        "down and right, both of them": (
            lambda before, after, down, right: steps(before, after)[0] == down,
            lambda before, after, down, right: steps(before, after)[1] == right,
            lambda before, after, down, right: (
                steps(before, after)[0] == down or steps(before, after)[1] == right
            ),
        ),
        "left is not right: keep the sign": lambda before, after, down, right: (
            [abs(n) for n in steps(before, after)] == [abs(down), abs(right)]
        ),
        "by exactly as much: not one cell more or less": (
            lambda before, after, down, right: all(
                abs(a - b) <= 1
                for a, b in zip(steps(before, after), (down, right), strict=True)
            )
        ),
    },
)
