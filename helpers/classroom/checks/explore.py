"""Exercises of notebook 11: what an explorer shows."""

import torch

from helpers.classroom.checks.judge import either, exercise, random


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


@exercise(
    maps_of_heads(3, 4, (1, 2), (2, 0), (0, 3)),
    maps_of_heads(5, 2, (3, 1), (0, 0), (4, 0)),
)
def check_best_head(weights, covered):
    """attempt(weights (L, A, N), covered (N,)) -> (layer, head)."""
    L, A, _ = weights.shape
    mass = weights @ covered  # (L, A)
    number = int(mass.argmax())  # of the head, counted through all layers
    touching = int(weights[..., covered > 0].sum(-1).argmax())
    peak = int(weights.amax(-1).argmax())
    right = divmod(number, A)
    return right, {
        "that is the highest peak: weigh it by `covered`": divmod(peak, A),
        "a cell half covered counts half: multiply": divmod(touching, A),
        "the number counts through all heads: divmod it by A": number,
        "divide by A, the heads of a layer, not by L": divmod(number, L),
        "layer first, then head": right[::-1],
        "the most mass, not the least": divmod(int(mass.argmin()), A),
    }


def a_move(moved, told, fainter=0.5):
    """A map, the same moved by `moved` cells, and what was told of it."""
    heat = torch.zeros(5, 9)
    heat[1, 3] = 1.0
    return heat, fainter * heat.roll(moved, (0, 1)), *told  # (h, w), (h, w)


@exercise(
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
    }
)
def check_follows(before, after, down, right):
    """attempt(before (h, w), after (h, w), down, right) -> bool, for several pairs."""
    h, w = before.shape

    def moved(width=w):
        """Rows and columns that the peak moved."""
        places = [divmod(int(heat.argmax()), width) for heat in (before, after)]
        return [b - a for a, b in zip(*places, strict=True)]

    moves, told = moved(), [down, right]
    rows, columns = moves
    misses = abs(rows - down), abs(columns - right)
    expected = before.roll((down, right), (0, 1))  # (h, w)
    return moves == told, {
        "compare where the peaks are, not the values": after.equal(expected),
        "one map stayed where it was: return False": bool((before != after).any()),
        "it has to go where the object went, not just anywhere": moves != [0, 0],
        "rows first: divmod(argmax, w) is row, column": moves == [right, down],
        "heat.shape[1], the count of columns, divides": moved(width=h) == [down, right],
        "from before to after, not back": moves == [-down, -right],
        "down and right, both of them": either(
            rows == down, columns == right, rows == down or columns == right
        ),
        "left is not right: keep the sign": [*map(abs, moves)] == [*map(abs, told)],
        "by exactly as much: not one cell more or less": max(misses) <= 1,
    }
