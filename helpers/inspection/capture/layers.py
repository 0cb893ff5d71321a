"""What kind of layer a module is."""

import re

import torch
from torch import nn

from helpers.inspection.shapes.text import tensors

# PyTorch's own layers, which take another way where nobody listens. That way has other
# rounding: so that the model returns the same bit for bit, such a layer is run once
# more, unheard.
FAST = (nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.MultiheadAttention)


def is_attention(module):
    return bool(re.search("attention|attn", type(module).__name__, re.IGNORECASE))


def is_router(module):
    """It picks experts, not places."""
    name = type(module).__name__.lower()
    return not is_attention(module) and bool(
        re.search(r"router|moe|(expert|gate|gating)s?$", name)
    )


def has_weights(module):
    return next(module.parameters(), None) is not None


def is_torchs(module):
    """A module that PyTorch brings along, or a scripted one."""
    return type(module).__module__.startswith(("torch.nn", "torch.jit"))


def is_scripted_product(module):
    """A scripted module with an attention's product in it, which nobody can watch."""
    if not isinstance(module, torch.jit.ScriptModule):
        return False
    calls = r"aten::(matmul|bmm|einsum|baddbmm|softmax|scaled_dot_product_attention)\("
    return bool(re.search(calls, str(module.inlined_graph)))


def innermost_attention(inside, reading):
    """The innermost attention by name, or else the innermost layer that has parameters
    or did both, weights and reading; None if nothing ran.

    inside: the modules that were running as the weights began, innermost first.
    reading: those that were running when values were read with them.
    """
    own = [module for module in inside if not is_torchs(module)]
    likely = [
        module
        for module in inside
        if is_attention(module)
        or (module in own and (has_weights(module) or module in reading))
    ]
    return next(iter([*likely, *own, *inside]), None)


def takes_fast_path(module, args):
    """True where PyTorch may take it: in eval mode, and where nothing learns."""
    if not isinstance(module, FAST) or module.training:
        return False
    return not torch.is_grad_enabled() or not any(
        tensor.requires_grad for tensor in [*module.parameters(), *tensors(args)]
    )


def run_unheard(module, args, kwargs):
    with torch._C.DisableTorchFunction():
        return module.forward(*args, **kwargs)
