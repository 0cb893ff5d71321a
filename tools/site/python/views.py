"""Other shapes of the numbers of a tensor, and parts of them."""

import operator
from itertools import accumulate
from math import prod

import kernels  # kernels.js
from pyodide.ffi import to_js


class Views:
    """data: a Float64Array of JavaScript, row-major. shape: a tuple. dtype: a name."""

    def __init__(self, data, shape, dtype):
        self.data, self.shape, self.dtype = data, tuple(shape), dtype

    def dim(self):
        return len(self.shape)

    def numel(self):
        return prod(self.shape)

    def __len__(self):
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def strides(self):
        """How far apart two numbers are that are neighbours along an axis."""
        sizes = [1, *self.shape[:0:-1]]
        return list(accumulate(sizes, operator.mul))[::-1][: self.dim()]

    def view(self, shape, strides, offset=0):
        """A copy: number (i, j, ...) is the one at offset + i * strides[0] + ..."""
        data = kernels.strided(self.data, to_js(shape), to_js(strides), offset)
        return type(self)(data, shape, self.dtype)

    def reshape(self, *shape):
        known = prod(size for size in shape if size != -1)
        shape = [self.numel() // known if size == -1 else size for size in shape]
        return type(self)(self.data, shape, self.dtype)

    def flatten(self, start=0, end=-1):
        start, end = start % self.dim(), end % self.dim()
        middle = prod(self.shape[start : end + 1])
        return self.reshape(*self.shape[:start], middle, *self.shape[end + 1 :])

    def unflatten(self, axis, sizes):
        axis %= self.dim()
        return self.reshape(*self.shape[:axis], *sizes, *self.shape[axis + 1 :])

    def permute(self, axes):
        strides = self.strides()
        return self.view([self.shape[a] for a in axes], [strides[a] for a in axes])

    def movedim(self, source, target):
        axes = list(range(self.dim()))
        axes.insert(target % self.dim(), axes.pop(source))
        return self.permute(axes)

    def transpose(self, one, two):
        axes = list(range(self.dim()))
        axes[one], axes[two] = axes[two], axes[one]
        return self.permute(axes)

    def flip(self, axis):
        shape, strides = list(self.shape), self.strides()
        last = (shape[axis] - 1) * strides[axis]
        strides[axis] = -strides[axis]
        return self.view(shape, strides, last)

    def repeat_interleave(self, times, axis=0):
        """Each number of an axis, so many times."""
        before, after = self.shape[: axis + 1], self.shape[axis + 1 :]
        wide = self.reshape(*before, 1, *after).expand((*before, times, *after))
        return wide.flatten(axis, axis + 1)

    def expand(self, shape):
        """Repeated along axes that are new, or that have the length 1."""
        if self.shape == tuple(shape):
            return self
        own = zip(self.shape, self.strides(), strict=True)
        strides = [0 if size == 1 else stride for size, stride in own]
        return self.view(list(shape), [0] * (len(shape) - self.dim()) + strides)

    def __getitem__(self, key):
        """By numbers, slices and None; by a mask; by numbers of the first axis."""
        if isinstance(key, Views):
            return self.pick(key)
        strides, shape, steps, offset, axis = self.strides(), [], [], 0, 0
        for part in key if isinstance(key, tuple) else (key,):
            if part is None:
                shape, steps = [*shape, 1], [*steps, 0]
                continue
            if isinstance(part, slice):
                start, stop, step = part.indices(self.shape[axis])
                shape.append(len(range(start, stop, step)))
                steps.append(step * strides[axis])
            else:
                start = range(self.shape[axis])[part]
            offset += start * strides[axis]
            axis += 1
        shape += self.shape[axis:]
        return self.view(shape, steps + strides[axis:], offset)

    def pick(self, key):
        mask = key.dtype == "bool"
        numbers = kernels.places(key.data) if mask else key.data
        found = (numbers.length,) if mask else key.shape
        rest = self.shape[key.dim() if mask else 1 :]
        data = kernels.rows(self.data, numbers, prod(rest))
        return type(self)(data, (*found, *rest), self.dtype)

    def nonzero(self):
        """The places of all numbers that are not 0, (count, axes)."""
        sizes = list(zip(self.strides(), self.shape, strict=True))
        places = kernels.places(self.data).to_py().tolist()
        rows = [int(p) // stride % size for p in places for stride, size in sizes]
        data = kernels.array(to_js(rows))
        return type(self)(data, (len(places), self.dim()), "long")
