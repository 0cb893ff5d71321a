"""One number for many: along one axis of a tensor, along several, or along all."""

from functools import partialmethod
from math import prod
from types import SimpleNamespace

import kernels  # kernels.js
from views import Views


class Reductions(Views):
    """The methods of a tensor that take axes away."""

    def reduce(self, name, axes=None, keepdim=False, dtype=None):
        """Along one axis, along several, or along all."""
        axes = range(self.dim()) if axes is None else axes
        axes = [axes] if isinstance(axes, int) else axes
        axes = sorted(axis % self.dim() for axis in axes)
        kept = [axis for axis in range(self.dim()) if axis not in axes]
        last = self.permute([*kept, *axes]) if kept else self
        shape, gone = ([self.shape[i] for i in some] for some in (kept, axes))
        data = kernels.reduce(name, last.data, prod(gone), prod(shape))
        if keepdim:
            shape = [1 if i in axes else size for i, size in enumerate(self.shape)]
        return type(self)(data, shape, dtype or self.dtype)

    amax = max = partialmethod(reduce, "amax")
    amin = min = partialmethod(reduce, "amin")

    def sum(self, axes=None, keepdim=False, dtype=None):
        kind = "long" if self.dtype == "bool" else self.dtype
        return self.reduce("sum", axes, keepdim, dtype or kind)

    def mean(self, axes=None):
        total = self.sum(axes)
        return total / (self.numel() / total.numel())

    def all(self, dim=None):
        return self.reduce("all", dim, dtype="bool")

    def any(self, dim=None):
        return self.reduce("any", dim, dtype="bool")

    def argmax(self, axis):
        """Along the last axis; of equals the first."""
        data = kernels.argmax(self.data, self.shape[axis])
        return type(self)(data, self.shape[:-1], "long")

    def at(self, i):
        """Number i along the last axis, of numbers in their order: (...)."""
        n = self.shape[-1]
        data = kernels.sorted(self.data, n)
        return type(self)(data, self.shape, self.dtype).reshape(-1, n)[:, i]

    def median(self, dim=None, keepdim=True):
        rows = self.flatten() if dim is None else self
        found = rows.at((rows.shape[-1] - 1) // 2)
        if dim is None:
            return found[0]
        return SimpleNamespace(values=found.reshape(*self.shape[:-1], 1))

    def quantile(self, share, dim):
        rows = self.movedim(dim, -1)
        place = share * (rows.shape[-1] - 1)
        low, rest = int(place), place % 1
        found = rows.at(low)
        return found + (rows.at(low + 1) - found) * rest if rest else found
