"""Which softmax is an attention: one that the model reads values with.

A classifier ends in a softmax, too. But an attention goes on: its weights are
multiplied with the values, as they are or after a dropout, a mask, a reshape. So a
softmax is followed until it meets a product. That needs no name of a layer.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional
from torch.utils.weak import WeakTensorKeyDictionary

from helpers.shapes.text import tensors

SOFTMAX = {torch.softmax, torch.Tensor.softmax, torch.special.softmax}
SOFTMAX |= {functional.softmax}
MATRIX = ("matmul", "rmatmul", "bmm", "mm", "mv", "einsum", "baddbmm", "tensordot")


@dataclass(eq=False)
class Found:
    """What a softmax returned, and where: it may prove to be an attention.

    weights: as they came, keys along axis `dim`. single: no batch, one query a row.
    layer: the layer that made them, `running` with all around it; first, cross, state:
    what came into it. name: under which it was filed, None if it was not.
    """

    weights: torch.Tensor
    dim: int
    single: bool = False
    layer: nn.Module = None
    running: list = ()
    first: tuple = ()
    cross: bool = None
    state: bool = False
    name: str = None

    def rows(self):
        """The weights with their keys last: every row along them sums to 1."""
        rows = self.weights.detach().movedim(self.dim, -1)  # (..., N)
        return rows[None, None] if self.single else rows

    def one_query(self):
        """True for one query an image: (B, N), (B, 1, N), or a column (B, N, 1)."""
        return self.rows().dim() < 3 or self.rows().shape[-2] == 1


class Reads:
    """Follows what softmaxes return, through other tensors, to the product."""

    def __init__(self):
        self.open = WeakTensorKeyDictionary()  # tensor -> the Found that it comes from

    def made_by(self, function, args, kwargs, output):
        """A new Found, if this call made weights along one of the last two axes."""
        if function in SOFTMAX:
            dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
            dim = dim - output.dim() if isinstance(dim, int) and dim >= 0 else dim
        elif "div" in getattr(function, "__name__", ""):
            dim = divided_by_own_sum(args, output)
        else:
            return None
        if dim not in (-1, -2):
            return None
        old = None if function in SOFTMAX else self.open.get(args[0])
        if old is not None:  # masked, then made to sum to 1 again: the same attention
            old.weights, old.dim = output.detach(), dim
            self.open[output] = old
            return None
        self.open[output] = found = Found(output.detach(), dim)
        return found

    def read_by(self, function, args, kwargs, output):
        """The Founds that this call multiplies with values, none for other calls."""
        if not self.open or not isinstance(output, torch.Tensor):
            return []
        given = tensors([*args, *kwargs.values()])
        read = []
        for tensor in given:
            found = self.open.get(tensor)
            if found is None:
                continue
            others = [other for other in given if other is not tensor]
            name = getattr(function, "__name__", "").strip("_")
            same = output.numel() == tensor.numel()
            product = name in MATRIX or (name in ("mul", "rmul") and not same)
            if others and product:
                flat = all(one.dim() == 2 for one in [tensor, *others])
                found.single |= flat and name in MATRIX and found.weights.dim() == 2
                read.append(found)
            elif same:
                self.open[output] = found
                if output.shape == found.weights.shape and masks(name, others):
                    found.weights = output.detach()
        return read


def masks(name, others):
    """True for a call that strikes weights out: what is left is what is read with."""
    if name == "masked_fill":
        return True
    zeros = name in ("mul", "rmul") and len(others) == 1
    return zeros and bool(((others[0] == 0) | (others[0] == 1)).all())


def divided_by_own_sum(args, output):
    """The axis along which a division made a tensor sum to 1, None for any other."""
    pair = [a for a in args[:2] if isinstance(a, torch.Tensor)]
    if len(pair) < 2 or not output.is_floating_point():
        return None
    whole, parts = pair
    if whole.shape != output.shape or parts.numel() >= whole.numel():
        return None
    lined_up = (1,) * (whole.dim() - parts.dim()) + parts.shape
    for dim in (-1, -2)[: whole.dim()]:
        if lined_up[dim] == 1 < whole.shape[dim]:
            sums = output.detach().sum(dim, dtype=torch.float32)
            if bool(((sums - 1).abs() < 0.02).all()) and bool((output >= 0).all()):
                return dim
    return None
