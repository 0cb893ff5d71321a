"""What a step could have taken, where PyTorch's own message leaves it open."""

import math

import torch


def wants(step, args=(), keywords=None):
    """A sentence for a function's name and its arguments; or ''."""
    args = [*args, *(keywords or {}).values()]
    sizes = [tuple(a.shape) for a in args if isinstance(a, torch.Tensor)]
    if step in ("reshape", "view", "unflatten") and sizes:
        return reshape_wants(sizes[0], args[1:], step)
    if step in ("matmul", "__matmul__", "bmm") and len(sizes) == 2 and all(sizes):
        (*_, last), second = sizes
        middle = second[-2] if len(second) > 1 else second[-1]
        return (
            f"the last axis of the left ({last}) must be as long as the last but one "
            f"of the right ({middle}), and the axes before them must line up"
        )
    return ""


def reshape_wants(size, asked, step):
    """How many numbers there are, and how many places were asked for."""
    if step == "unflatten" and asked and isinstance(asked[0], int):
        axis, *asked = asked
        size = size[axis : axis + 1 or None]
    if asked and isinstance(asked[0], tuple | list):
        asked = asked[0]
    numbers = [n for n in asked if isinstance(n, int)]
    if not size or not numbers or len(numbers) < len(asked):  # e.g. view(dtype)
        return ""
    known = math.prod(n for n in numbers if n > 0)
    count = " x ".join(map(str, size)) + (f" = {math.prod(size)}" * (len(size) > 1))
    if -1 in numbers:
        return f"{count} numbers, which must be a multiple of {known}"
    return f"{count} numbers; the shape asked for has {known} places"
