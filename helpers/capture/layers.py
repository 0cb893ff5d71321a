"""What kind of layer a module is."""

import inspect
import re

import torch


def is_attention(module):
    return bool(re.search("attention|attn", type(module).__name__, re.IGNORECASE))


def is_router(module):
    """It picks experts, not places."""
    name = type(module).__name__.lower()
    return not is_attention(module) and bool(re.search("router|expert|moe|gate", name))


def differ(first, other):
    """Two sequences, and not two views of one cut into heads."""
    other = other[0] if isinstance(other, tuple | list) and other else other
    if not isinstance(other, torch.Tensor) or other is first:
        return False
    return first.dim() < 4 or other.shape != first.shape


def has_weights(module):
    return next(module.parameters(), None) is not None


def is_torchs(module):
    """A module that PyTorch brings along, or a scripted one."""
    return type(module).__module__.startswith(("torch.nn", "torch.jit"))


def argument_names(module):
    """The names of what `forward` takes; none where Python cannot tell."""
    try:
        return list(inspect.signature(module.forward).parameters)
    except (TypeError, ValueError):
        return []
