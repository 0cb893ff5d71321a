"""Stands in for torch in the browser: the part that the doctor uses, by torch's names.

Pyodide has no torch. Numbers lie in a Float64Array of JavaScript, and kernels.js has
the loops over them. A test compares what the doctor says on it with what it says on
torch.
"""

import sys
from functools import partialmethod
from math import prod

import kernels  # kernels.js
from pyodide.ffi import to_js
from reductions import Reductions

bool, long = "bool", "long"
float16, bfloat16, float32, float64 = "float16", "bfloat16", "float32", "float64"
# Of two kinds the later one stays.
RANK = [bool, long, float16, bfloat16, float32, float64].index
LARGEST = {
    float16: 65504.0,
    bfloat16: (2 - 2**-7) * 2.0**127,
    float32: (2 - 2**-23) * 2.0**127,
    float64: sys.float_info.max,
}
Size = tuple


class Tensor(Reductions):
    """Numbers with a shape; what changes them returns another Tensor."""

    is_meta = is_sparse = False

    def tolist(self):
        flat = self.data.to_py().tolist()
        flat = flat if self.is_floating_point() else list(map(int, flat))
        for size in self.shape[:0:-1]:
            flat = [flat[i : i + size] for i in range(0, len(flat), size)]
        return flat if self.shape else flat[0]

    def item(self):
        return self.reshape().tolist()

    def __bool__(self):
        return self.item() != 0

    def __int__(self):
        return int(self.item())

    __index__ = __int__

    def __format__(self, how):
        return format(self.item(), how)

    def is_floating_point(self):
        return self.dtype in LARGEST

    def is_complex(self):
        return False

    def detach(self):
        return self

    cpu = detach

    def map(self, name, dtype=None):
        data = kernels.map(name, self.data)
        return Tensor(data, self.shape, dtype or self.dtype)

    abs = partialmethod(map, "abs")
    exp = partialmethod(map, "exp")
    log = partialmethod(map, "log")
    log2 = partialmethod(map, "log2")
    isfinite = partialmethod(map, "isfinite", bool)
    __invert__ = partialmethod(map, "invert", bool)

    def to(self, dtype):
        return self if dtype == self.dtype else self.map(dtype, dtype)

    int = partialmethod(to, long)
    float = partialmethod(to, float32)
    double = partialmethod(to, float64)

    def pair(self, name, other, dtype=None):
        """With another tensor, or with a number."""
        if not isinstance(other, Tensor):
            kind = dtype or max(self.dtype, float32 if other % 1 else bool, key=RANK)
            return Tensor(kernels.pair(name, self.data, other), self.shape, kind)
        kind = dtype or max(self.dtype, other.dtype, key=RANK)
        shape = together(self.shape, other.shape)
        one, two = self.expand(shape), other.expand(shape)
        return Tensor(kernels.pair(name, one.data, two.data), shape, kind)

    def where(self, mask, other):
        shape = together(self.shape, mask.shape)
        two = other.expand(shape).data if isinstance(other, Tensor) else other
        data = kernels.select(mask.expand(shape).data, self.expand(shape).data, two)
        return Tensor(data, shape, self.dtype)

    def masked_fill(self, mask, value):
        return self.where(~mask, value)

    def nan_to_num(self):
        if not self.is_floating_point():
            return self
        data = kernels.nanToNum(self.data, LARGEST[self.dtype])
        return Tensor(data, self.shape, self.dtype)

    def triu(self, diagonal):
        rows, columns = (arange(size) for size in self.shape[-2:])
        return self.where(columns - rows[:, None] >= diagonal, 0)

    def __matmul__(self, column):
        data = kernels.matvec(self.data, column.data, self.shape[-1])
        return Tensor(data, column.shape, self.dtype)

    def unique(self):
        return tensor(sorted(set(self.flatten().tolist())))

    def argsort(self):
        numbers = self.tolist()
        return tensor(sorted(range(len(numbers)), key=numbers.__getitem__))

    def view_as(self, other):
        return self.reshape(*other.shape)


for name in ("add", "sub", "mul", "truediv", "floordiv", "mod"):
    setattr(Tensor, f"__{name}__", partialmethod(Tensor.pair, name))
for name in ("eq", "ne", "lt", "le", "gt", "ge", "and", "or"):
    setattr(Tensor, f"__{name}__", partialmethod(Tensor.pair, name, dtype=bool))
Tensor.__radd__, Tensor.__rmul__ = Tensor.__add__, Tensor.__mul__
Tensor.__rsub__ = lambda self, number: self * -1 + number
Tensor.clamp_min = partialmethod(Tensor.pair, "maximum")


def together(one, two):
    """The shape of two tensors that are combined: axes of length 1 give way."""
    length = max(len(one), len(two))
    pairs = [((1,) * (length - len(shape)) + tuple(shape)) for shape in (one, two)]
    return tuple(b if a == 1 else a for a, b in zip(*pairs, strict=True))


def full(shape, value, dtype):
    return Tensor(kernels.filled(prod(shape), value), shape, dtype)


def ones(*shape, dtype):
    return full(shape, 1, dtype)


class nn:
    """A page has no models."""

    class Module: ...


def empty(*shape, dtype=float32):
    return full(shape, 0, dtype)


def tensor(numbers):
    return Tensor(kernels.array(to_js(numbers)), (len(numbers),), long)


def arange(count):
    return tensor(list(range(count)))


def as_tensor(value, dtype=None):
    return value


def equal(one, two):
    return one.shape == two.shape and (one == two).all().item() != 0
