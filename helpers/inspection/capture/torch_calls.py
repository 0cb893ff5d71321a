"""A call of a function of torch: what it was given, and whether it is a product of two
tensors, written as einsum writes them, or made numbers that sum to 1."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch.nn.parameter import UninitializedTensorMixin

from helpers.inspection.capture.axis_origins import all_born, flat, size_of
from helpers.inspection.capture.axis_rules import gathered
from helpers.inspection.shapes.trace_table import tensors

FIRST = ("input", "query", "tensors", "self")  # what torch calls a first argument
PRODUCTS = "matmul rmatmul bmm mm mv baddbmm addmm dot inner einsum tensordot linear"
PRODUCTS = PRODUCTS.split()
# {function: where its axis stands among its arguments}
SOFTMAX = {"softmax": 1, "softmin": 1, "gumbel_softmax": 4}


@dataclass
class TorchCall:
    """A function of torch, what it was called with, and what it returned."""

    function: object
    args: tuple
    kwargs: dict
    output: object = None

    def __post_init__(self):
        """Put what it works on in front, also if it was named, and no numpy's name for
        a dimension."""
        self.name = getattr(self.function, "__name__", "").strip("_")
        named = {"dim" if n == "axis" else n: value for n, value in self.kwargs.items()}
        first = [] if self.args else [n for n in FIRST if n in named][:1]
        self.args = (*self.args, *map(named.pop, first))
        self.kwargs = named

    def argument(self, name, place, default=None):
        given = self.args[place] if len(self.args) > place else default
        return self.kwargs.get(name, given)

    @cached_property
    def operands(self):
        return tensors([*self.args, *self.kwargs.values()])

    @cached_property
    def results(self):
        return tensors([self.output])

    def dims(self, rank):
        """The axes, of so many, that sum, max and their like take away."""
        dims = self.argument("dim", 1)
        if dims is None or isinstance(dims, bool | torch.dtype | torch.Tensor):
            return set(range(rank))
        return {dim % rank for dim in ([dims] if isinstance(dims, int) else dims)}


def is_apart(tensor):
    """Tensors whose axes cannot be followed: of a lazy layer, nested, inside vmap."""
    if isinstance(tensor, UninitializedTensorMixin):
        return True
    return tensor.is_nested or torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def rows_of(rank):
    """Letters of all axes but the last two; axes that line up have the same letter."""
    return [f"b{i}" for i in range(rank, 2, -1)]


def letters_of(call):
    """(tensors, the letters of each, the letters of the result) of a product, or None.

    Letters stand for axes: the same letter is the same axis; one that is missing in
    the result was summed over.
    """
    name = call.name
    if name not in PRODUCTS or len(call.operands) < 2:
        return None
    if name == "einsum":
        return einsum_letters(*call.args)
    added = name in ("baddbmm", "addmm")  # their first tensor takes no part
    tensors = call.operands[added : added + 2]
    if name in ("linear", "inner"):
        return tensordot_letters(tensors, ([-1], [-1]))
    if name == "tensordot":
        return tensordot_letters(tensors, call.argument("dims", 2, 2))
    first, second = tensors = tensors[:: -1 if name == "rmatmul" else 1]
    ones = [*rows_of(first.dim()), *"tk"[-first.dim() :]]
    others = [*rows_of(second.dim()), *"kn"[: second.dim()]]
    rows = rows_of(max(first.dim(), second.dim()))
    return tensors, [ones, others], [*rows, *(n for n in "tn" if n in ones + others)]


def tensordot_letters(tensors, dims):
    """dims: the axes of each that are summed over together, or how many."""
    dims = dims.tolist() if isinstance(dims, torch.Tensor) else dims
    if isinstance(dims, int):
        dims = (range(-dims, 0), range(dims))
    first, second = tensors
    ones = [f"a{i}" for i in range(first.dim())]
    others = [f"c{i}" for i in range(second.dim())]
    for i, (one, other) in enumerate(zip(*dims, strict=True)):
        ones[one] = others[other] = f"k{i}"
    return tensors, [ones, others], [n for n in ones + others if n[0] != "k"]


def einsum_letters(equation, *tensors):
    if not isinstance(equation, str):
        return None
    if isinstance(tensors[0], list | tuple):
        (tensors,) = tensors
    given, arrow, result = equation.replace(" ", "").partition("->")
    if not arrow:
        letters = sorted(given.replace(".", "").replace(",", ""))
        result = "".join(["...", *(n for n in letters if letters.count(n) == 1)])
    terms = given.split(",")
    pairs = zip(terms, tensors, strict=True)
    spare = [x.dim() - len(term.replace("...", "")) for term, x in pairs]
    return tensors, list(map(spread, terms, spare)), spread(result, max(spare))


def spread(term, spare):
    """The letters of one term; '...' is `spare` axes, counted from the right."""
    before, dots, behind = term.partition("...")
    return [*before, *(f".{i}" for i in range(spare, 0, -1) if dots), *behind]


def axes_of_product(known, lists, result):
    """The axes of a product whose axes have letters, see `letters_of`: of an axis of
    both, those of the longer one, of one that does not just repeat, of the first."""
    of_letter = {}
    for axes, letters in zip(known, lists, strict=True):
        for letter, spans in zip(letters, axes.spans, strict=True):
            of_letter.setdefault(letter, []).append(spans)

    def says_most(spans):
        return size_of(spans), not all_born(spans, "expanded")

    spans = [max(of_letter[letter], key=says_most) for letter in result]
    gone = [flat(own) for letter, own in of_letter.items() if letter not in result]
    return gathered(known, spans, frozenset(flat(gone)))


def softmax_axis(call):
    """The axis along which this call made its result sum to 1; None for others."""
    name, output, axes = call.name, call.results[0], []
    if name in SOFTMAX:
        dim = call.argument("dim", SOFTMAX[name], -1)
        return dim % output.dim() if isinstance(dim, int) else None
    if name in ("div", "truediv") and len(call.operands) == 2:
        whole, parts = call.operands  # parts: its sums, perhaps
        sizes = (1,) * (whole.dim() - parts.dim()) + parts.shape
        if whole.shape == output.shape:
            axes = [i for i, size in enumerate(sizes) if size == 1 < output.shape[i]]
    return next((axis for axis in axes if sums_to_one(output, axis)), None)


def sums_to_one(tensor, axis):
    """True for numbers of 0 or more whose sums along the axis are 1, some perhaps 0."""
    if not tensor.is_floating_point() or tensor.is_meta or not tensor.numel():
        return False
    tensor = tensor.detach()
    first = tensor.select(axis, 0)
    if bool((first < 0).any()) or bool((first > 1.01).any()):  # the cheap look
        return False
    sums = tensor.sum(axis, dtype=torch.float32)
    rounding = max(1e-3, 2 * torch.finfo(tensor.dtype).eps)  # more would be chance
    one = (sums - 1).abs() < rounding
    return bool((one | (sums == 0)).all() and one.any() and (tensor >= 0).all())
