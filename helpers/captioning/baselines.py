"""Maps of those who do not look at the picture: what a score must be held against."""

import torch


def uniform_map(h, w):
    """The map of one who looks everywhere alike, (h, w), sums to 1. It has no peak."""
    return torch.full((h, w), 1 / (h * w))


def random_map(h, w, generator):
    """The map of one who looks at a cell by chance, (h, w), sums to 1."""
    heat = torch.zeros(h * w)  # (N,)
    heat[torch.randint(h * w, (1,), generator=generator)] = 1
    return heat.unflatten(0, (h, w))  # (h, w)


def centre_map(h, w):
    """The map of one who always looks at the middle, (h, w), sums to 1.

    A Gaussian, a quarter of each side wide.
    """
    rows = torch.linspace(-2, 2, h)[:, None]  # (h, 1), in widths
    columns = torch.linspace(-2, 2, w)  # (w,)
    heat = (-(rows**2 + columns**2) / 2).exp()  # (h, w)
    return heat / heat.sum()
