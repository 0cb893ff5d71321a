"""Diagrams of notebooks 02 and 03: attention on four cells, the decoder's step, and the
decoder unrolled over its words."""

from helpers.classroom.diagrams import LABEL, arrow, box, canvas, numbers
from helpers.classroom.figures import finished


def attention_flow(query, cells, hidden, scores, weights, context):
    """From a query and four cells to a context, with all numbers: a Figure.

    query, context (D,); cells, hidden (N, D); scores, weights (N,).
    """
    figure, axes = canvas(10.5, 4.6, "additive attention, from a question to an answer")
    asked = numbers(axes, 1.0, 3.8, query, "query h", kind="query", digits=1)
    keys = numbers(axes, 1.0, 1.8, cells, "cells k", kind="key", digits=1)
    bent = numbers(axes, 4.2, 1.8, hidden, "tanh of the sum")
    score = numbers(axes, 6.1, 1.8, scores[:, None], "scores")
    weight = numbers(axes, 7.9, 1.8, weights[:, None], "weights", kind="weight")
    out = numbers(axes, 9.8, 1.8, context, "context", kind="value")
    arrow(axes, asked.right, (4.2, 3.35), bend=-0.25)
    axes.text(2.9, 4.05, r"$W_h h + b$: the same for every cell", color=LABEL)
    arrow(axes, keys.right, bent.left, r"$W_k k$")
    arrow(axes, bent.right, score.left, r"$v\cdot$")
    arrow(axes, score.right, weight.left, "softmax")
    arrow(axes, weight.right, out.left, "sum")
    axes.plot([1.0, 1.0, 9.8], [0.62, 0.3, 0.3], color=LABEL, linewidth=1.5)
    arrow(axes, (9.8, 0.3), (9.8, 1.48))
    axes.text(5.2, 0.42, "the cells themselves are read", ha="center", color=LABEL)
    return finished(figure)


def decoder_step(sizes):
    """What happens between one word and the next: a Figure.

    sizes: {"B", "D", "N", "P", "V": a number}.
    """
    B, D, N, P, V = (sizes[axis] for axis in "BDNPV")
    figure, axes = canvas(10.5, 5.0, "one step of the decoder")
    word = box(axes, 1.0, 4.3, f"word\n({B}, {D})", kind="query", height=0.7)
    state = box(axes, 1.0, 2.8, f"state\n({B}, {D})", kind="query", height=0.7)
    cells = box(axes, 1.0, 1.0, f"cells\n({B}, {N}, {D})", 1.4, 0.7, "key")
    look = box(axes, 3.5, 1.8, f"attention\nquery ({B}, {2 * D})", 1.7, 0.8, "query")
    weights = box(axes, 5.8, 1.8, f"weights\n({B}, {N})", 1.2, 0.7, "weight")
    context = box(axes, 8.3, 0.8, f"context\n({B}, {D})", 1.2, 0.7, "value")
    where = box(axes, 8.3, 2.5, f"where\n({B}, {P})", 1.2, 0.7, "value")
    gru = box(axes, 5.8, 4.1, f"GRU\nreads ({B}, {D + P})", 1.6, 0.8)
    new = box(axes, 8.3, 4.1, f"new state\n({B}, {D})", 1.3, 0.7, "query")
    said = box(axes, 9.8, 1.8, f"logits\n({B}, {V})", 1.1, 0.7, "weight")
    arrow(axes, word.right, (3.3, 2.25), bend=-0.25)
    arrow(axes, state.right, (2.9, 2.25))
    arrow(axes, cells.right, (2.6, 1.55))
    arrow(axes, look.right, weights.left)
    arrow(axes, weights.right, context.left)
    arrow(axes, weights.right, where.left)
    axes.text(7.0, 0.85, "@ cells", ha="center", color=LABEL)
    axes.text(6.95, 2.5, "@ places", ha="center", color=LABEL)
    arrow(axes, word.right, (5.0, 4.25))
    arrow(axes, state.right, (5.0, 3.9))
    arrow(axes, where.top, (6.2, 3.7))
    arrow(axes, gru.right, new.left)
    arrow(axes, new.right, said.top, bend=-0.3)
    arrow(axes, context.right, said.bottom, bend=0.3)
    return finished(figure)


def unrolled(inputs, targets, shares):
    """The decoder over three words, the answer one ahead of the question: a Figure.

    inputs, targets: three words each. shares: what the decoder gives each target, 0..1.
    """
    figure, axes = canvas(10.5, 4.8, "three words: what goes in, what is to come out")
    image = box(axes, 5.6, 0.4, "the cells of the image", 9.0, 0.5, "key")
    before = box(axes, 0.7, 2.4, "first\nstate", 0.9, 0.8, "query")
    goals = []
    for t, (word, target, share) in enumerate(
        zip(inputs, targets, shares, strict=True)
    ):
        x = 2.5 + 3.1 * t
        step = box(axes, x, 2.4, "look,\nupdate, say", 1.5, 0.8)
        fed = box(axes, x - 0.9, 1.3, word, 1.1, 0.5, "query")
        goal = box(axes, x, 4.1, target, 1.1, 0.5, "weight")
        arrow(axes, fed.top, (x - 0.5, 2.0))
        arrow(axes, (x + 0.4, image.top[1]), (x + 0.4, 2.0))
        arrow(axes, step.top, goal.bottom)
        axes.text(x + 0.12, 3.2, f"p = {share:.2f}", color=LABEL)
        arrow(axes, before.right, step.left)
        if goals:
            arrow(axes, goals[-1].right, fed.top, bend=-0.25)
        before = step
        goals.append(goal)
    arrow(axes, before.right, (10.4, 2.4))
    axes.text(0.1, 4.1, "targets", va="center", color=LABEL)
    axes.text(0.1, 1.3, "inputs", va="center", color=LABEL)
    return finished(figure)


def dot_product_flow(query, keys, values, scores, weights, context):
    """From a query over keys to what is read from the values: a Figure.

    query (d,); keys (N, d); values (N, D); scores, weights (N,); context (D,).
    """
    figure, axes = canvas(10.5, 4.6, "queries ask, keys answer, values are read")
    asked = numbers(axes, 1.3, 3.8, query, "query", kind="query", digits=0)
    found = numbers(axes, 1.3, 1.8, keys, "keys", kind="key", digits=0)
    score = numbers(axes, 4.0, 1.8, scores[:, None], "scores", digits=0)
    weight = numbers(axes, 6.0, 1.8, weights[:, None], "weights", kind="weight")
    told = numbers(axes, 7.9, 1.8, values, "values", kind="value", digits=0)
    numbers(axes, 7.9, 4.0, context, "context", kind="value", digits=1)
    arrow(axes, asked.right, (3.9, 3.3), bend=-0.2)
    arrow(axes, found.right, score.left, "key · query")
    arrow(axes, score.right, weight.left, "softmax")
    arrow(axes, weight.right, told.left, "×")
    arrow(axes, (8.7, 1.8), (8.6, 4.0), bend=0.5)
    axes.text(9.7, 2.9, "sum", ha="center", color=LABEL)
    return finished(figure)
