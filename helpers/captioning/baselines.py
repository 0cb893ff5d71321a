"""Maps that ignore the picture: the baselines that every score is compared with."""

import torch


def uniform_map(h, w):
    """The same weight on every cell: (h, w), sums to 1. It has no peak."""
    return torch.full((h, w), 1 / (h * w))


def random_map(h, w, generator):
    """All weight on one random cell: (h, w), sums to 1."""
    heat = torch.zeros(h * w)  # (N,)
    heat[torch.randint(h * w, (1,), generator=generator)] = 1
    return heat.unflatten(0, (h, w))  # (h, w)


def centre_map(h, w):
    """A Gaussian around the centre: (h, w), sums to 1.

    Its standard deviation is a quarter of each side.
    """
    rows = torch.linspace(-2, 2, h)[:, None]  # (h, 1), in standard deviations
    columns = torch.linspace(-2, 2, w)  # (w,)
    heat = (-(rows**2 + columns**2) / 2).exp()  # (h, w)
    return heat / heat.sum()
