"""Shapes and calls as a reader knows them."""

import torch


def tensors(values):
    """The tensors in a sequence of arguments, lists and tuples opened."""
    found = []
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += tensors(value)
    return found


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


def say(name, args, kwargs):
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
