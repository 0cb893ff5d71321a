"""What the order of the cells of a map is worth, whatever their values are."""

from helpers.captioning.metrics import coverage


def rank_accuracy(heat, mask):
    """The share of the K brightest cells of a map (h, w) that lie on an object, 0..1.

    K is how many cells lie on it: those that the mask (H, W) covers by half or more.
    Of cells that are equally bright, those count first that come first. The relevance
    rank accuracy of Arras, Osman & Samek 2022, "CLEVR-XAI: A benchmark dataset for the
    ground truth evaluation of neural network explanations", on cells in place of
    pixels. Raises ValueError for an object that covers no cell by half.
    """
    on = (coverage(mask, heat.shape) >= 0.5).flatten()  # (N,)
    K = int(on.sum())
    if not K:
        raise ValueError(
            f"an object of {int(mask.sum())} pixels covers no cell of a "
            f"{heat.shape[0]} x {heat.shape[1]} grid by half: there is nothing to rank"
        )
    order = heat.flatten().argsort(descending=True, stable=True)  # (N,)
    return float(on[order[:K]].double().mean())


def rank_correlation(one, two):
    """Spearman's rank correlation of two tensors (..., n), a row at a time: (...).

    1: the same order, 0: none, -1: the reverse. Equal values share their mean rank; a
    row whose values are all equal has no order, and gets 0.
    """
    ranks = [mean_ranks(x) - (x.shape[-1] - 1) / 2 for x in (one, two)]  # (..., n)
    scale = (ranks[0].norm(dim=-1) * ranks[1].norm(dim=-1)).clamp(min=1e-9)  # (...)
    return (ranks[0] * ranks[1]).sum(-1) / scale


def mean_ranks(x):
    """The rank of each value in its row (..., n), from 0; equal values share theirs."""
    x = x.double()
    below = (x[..., None, :] < x[..., None]).sum(-1)  # (..., n)
    equal = (x[..., None, :] == x[..., None]).sum(-1)  # (..., n), itself included
    return below + (equal - 1) / 2
