"""The products of two tensors, all written as einsum writes them."""

import re

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
    lists = [
        [f"{s}{i}" for i in range(x.dim())] for s, x in zip("ac", tensors, strict=True)
    ]
    for i, (one, other) in enumerate(zip(*dims, strict=True)):
        lists[0][one] = lists[1][other] = f"k{i}"
    return tensors, lists, [s for s in lists[0] + lists[1] if not s.startswith("k")]


def einsum_letters(equation, *tensors):
    if not isinstance(equation, str):
        return None
    if isinstance(tensors[0], list | tuple):
        (tensors,) = tensors
    given, arrow, result = equation.replace(" ", "").partition("->")
    terms = given.split(",")
    spare = [
        tensor.dim() - len(term.replace("...", ""))
        for term, tensor in zip(terms, tensors, strict=True)
    ]
    dots = [f"...{i}" for i in range(max(spare))]
    lists = [spread(t, dots, s) for t, s in zip(terms, spare, strict=True)]
    if not arrow:
        letters = given.replace(",", "").replace(".", "")
        result = "..." if "..." in given else ""
        result += "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return tensors, lists, spread(result, dots, len(dots))


def spread(term, dots, spare):
    """The letters of one term, with the last `spare` of the dots in place of '...'."""
    found = []
    for part in re.findall(r"\.\.\.|.", term):
        found += dots[len(dots) - spare :] if part == "..." else [part]
    return found
