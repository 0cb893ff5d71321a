"""The products of two tensors, all written as einsum writes them."""

import torch

PRODUCTS = "matmul rmatmul bmm mm mv baddbmm addmm dot inner einsum tensordot linear"
PRODUCTS = PRODUCTS.split()


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
    kept = [letter for letter in "tn" if letter in ones + others]
    return tensors, [ones, others], [*rows, *kept]


def tensordot_letters(tensors, dims):
    """dims: the axes of each that are summed over together, or how many."""
    if isinstance(dims, torch.Tensor):
        return None
    if isinstance(dims, int):
        dims = (range(-dims, 0), range(dims))
    first, second = (range(x.dim()) for x in tensors)
    ones, others = [f"a{i}" for i in first], [f"c{i}" for i in second]
    for i, (one, other) in enumerate(zip(*dims, strict=True)):
        ones[one] = others[other] = f"k{i}"
    result = [letter for letter in ones + others if letter[0] != "k"]
    return tensors, [ones, others], result


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
