"""Exercise of notebook 04: what the cells of a self-attention look at."""

from helpers.classroom.checks.judge import either, exercise, random


@exercise(
    (random(2, 4, 15, 15).softmax(-1), 3, 5), (random(3, 2, 8, 8).softmax(-1), 4, 2)
)
def check_looked_at(weights, h, w):
    """attempt(weights (B, A, N, N), h, w) -> what a cell receives, (B, h, w)."""
    x = weights.unflatten(-1, (h, w))  # (B, A, N, h, w)
    mean, right = weights.mean(1), x.mean((1, 2))  # (B, N, N), (B, h, w)
    given = mean.mean(2).unflatten(-1, (h, w))  # (B, h, w)
    own = mean.diagonal(dim1=1, dim2=2).unflatten(-1, (h, w))  # (B, h, w)
    turned = mean.mean(1).unflatten(-1, (w, h))  # (B, w, h)
    return right, {
        "that is the mean of each row, 1 / N everywhere: columns are looked at": given,
        "the mean, not the sum: the map must sum to 1": either(
            x.sum((1, 2)), x.mean(1).sum(1), x.sum(1).mean(1)
        ),
        "mean, not the largest": [x.amax((1, 2)), x.mean(1).amax(1), x.amax(1).mean(1)],
        "that is the row of one cell: average all": [x.mean(1)[:, n] for n in (0, -1)],
        "that is the diagonal, what each cell gives itself": own,
        "that is one head alone: average over all": [x[:, a].mean(1) for a in (0, -1)],
        "the heads are still there: average over them": x.mean(2),
        "keep the images: (B, h, w)": right.mean(0),
        "(h, w), in this order": [turned, right.mT],
        "row by row: unflatten into (h, w), do not transpose (w, h)": turned.mT,
        "now lay it out: unflatten the N cells into (h, w)": mean.mean(1),
    }
