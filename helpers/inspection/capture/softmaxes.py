"""Calls that make numbers sum to 1 along an axis: weights, perhaps."""

import torch

# {function: where its axis stands among its arguments}; the last is for exp to undo.
SOFTMAX = {"softmax": 1, "softmin": 1, "gumbel_softmax": 4, "log_softmax": 1}


def softmax_axis(call):
    """The axis along which this call made its result sum to 1; None for others."""
    name, output, axes = call.name, call.results[0], []
    if name in SOFTMAX:
        dim = call.argument("dim", SOFTMAX[name], -1)
        return dim % output.dim() if isinstance(dim, int) else None
    if name == "exp":
        axes = range(output.dim())[-1:]
    elif name in ("div", "truediv") and len(call.operands) == 2:
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
