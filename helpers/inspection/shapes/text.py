"""Shapes and calls as a reader knows them, and what a step could have taken."""

import math

import torch


def tensors(values):
    """The tensors in a sequence of arguments, lists and tuples opened."""
    opened = (tensors(v) if isinstance(v, list | tuple) else [v] for v in values)
    return [v for entry in opened for v in entry if isinstance(v, torch.Tensor)]


def shapes(value):
    """Shapes as text: (2, 15, 32), or several with commas, names where there are."""
    if isinstance(value, torch.Tensor):
        return str(tuple(value.shape))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shapes(entry)}" for name, entry in value.items())
    if isinstance(value, list | tuple):
        texts = [shapes(entry) for entry in value]
        if len(texts) > 2 and len(set(texts)) == 1:
            return f"{len(texts)} of {texts[0]}"
        return ", ".join(texts)
    if hasattr(value, "__dataclass_fields__"):
        return shapes({name: getattr(value, name) for name in vars(value)})
    return "None" if value is None else type(value).__name__


def call(name, args, kwargs):
    """A call as a reader knows it: reshape(14, 14), softmax(dim=-1)."""
    signs = {"matmul": "@", "add": "+", "sub": "-", "mul": "*", "div": "/"}
    name = name.strip("_")
    name = name.removeprefix("r") if name in ("radd", "rsub", "rmul", "rdiv") else name
    if name in signs:
        return signs[name]
    if name == "getitem":
        return "[...]"
    plain = [str(a) for a in args[1:] if is_plain(a)]
    named = [f"{k}={v}" for k, v in kwargs.items() if is_plain(v) and k[0] != "_"]
    return f"{name}({', '.join(plain + named)})"


def is_plain(value):
    """A number, a word, or a few of them: short enough to show."""
    if isinstance(value, list | tuple):
        return all(is_plain(entry) for entry in value)
    return isinstance(value, int | float | str)


def wants(step, args=(), keywords=None):
    """What a function could have taken, where PyTorch leaves that open; or ''."""
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
