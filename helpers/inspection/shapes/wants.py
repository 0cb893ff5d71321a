"""What a step could have taken, for the row at which a trace stops."""

import math

import torch
from torch import nn

# Of two tensors, axis by axis; other functions of two tensors have rules of their own.
PAIRWISE = ("add", "sub", "mul", "div", "radd", "rsub", "rmul", "rdiv", "truediv")


def wants(step, args=(), keywords=None):
    """A sentence for a module, or for a function's name and its arguments; or ''."""
    if isinstance(step, nn.Module):
        return module_wants(step)
    args = [*args, *(keywords or {}).values()]
    sizes = [tuple(a.shape) for a in args if isinstance(a, torch.Tensor)]
    if step in ("reshape", "view", "unflatten") and sizes:
        return reshape_wants(sizes[0], args[1:], step)
    if step in ("matmul", "__matmul__", "bmm") and len(sizes) == 2 and all(sizes):
        (*_, last), second = sizes[0], sizes[1]
        middle = second[-2] if len(second) > 1 else second[-1]
        return (
            f"the last axis of the left ({last}) must be as long as the last but one "
            f"of the right ({middle}), and the axes before them must line up"
        )
    if step in ("cat", "stack", "concat"):
        return "tensors of equal shape; for cat, but for the axis they are joined along"
    if step.strip("_") in PAIRWISE and len(sizes) == 2:
        return "axes that are equal or 1, lined up at the right"
    return ""


def reshape_wants(size, asked, step):
    """How many numbers there are, and how many places were asked for."""
    if step == "unflatten" and asked and isinstance(asked[0], int):
        axis, *asked = asked
        if not -len(size) <= axis < len(size):
            return f"an axis from {-len(size)} to {len(size) - 1}"
        size = (size[axis],)
    if asked and isinstance(asked[0], tuple | list):
        asked = asked[0]
    numbers = [n for n in asked if isinstance(n, int)]
    if not numbers or len(numbers) < len(asked):  # a view as another dtype
        return ""
    known = math.prod(n for n in numbers if n > 0)
    count = " x ".join(map(str, size)) + (f" = {math.prod(size)}" * (len(size) > 1))
    count += " numbers"
    if -1 in numbers:
        return f"{count}, which must be a multiple of {known}"
    return f"{count}; the shape asked for has {known} places"


def module_wants(module):
    """What the common layers take, with their own numbers."""
    if isinstance(module, nn.RNNBase):
        order = "B, T" if module.batch_first else "T, B"
        layers = module.num_layers * (2 if module.bidirectional else 1)
        state = f"state ({layers}, B, {module.proj_size or module.hidden_size})"
        if isinstance(module, nn.LSTM):
            state += f", cell ({layers}, B, {module.hidden_size})"
        return f"input ({order}, {module.input_size}), {state}"
    if isinstance(module, nn.RNNCellBase):
        return f"input (B, {module.input_size}), state (B, {module.hidden_size})"
    if isinstance(module, nn.MultiheadAttention):
        order = "B, T" if module.batch_first else "T, B"
        D, K, V = module.embed_dim, module.kdim, module.vdim
        if D == K == V:
            return f"query, key, value ({order}, {D})"
        return f"query ({order}, {D}), key ({order}, {K}), value ({order}, {V})"
    if isinstance(module, nn.Linear):
        return f"(..., {module.in_features})"
    if isinstance(module, nn.Conv2d):
        return f"(B, {module.in_channels}, H, W)"
    if isinstance(module, nn.LayerNorm):
        return f"(..., {', '.join(map(str, module.normalized_shape))})"
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        return f"(B, {module.num_features}, ...)"
    if isinstance(module, nn.Embedding):
        return f"whole numbers from 0 to {module.num_embeddings - 1}"
    return ""
