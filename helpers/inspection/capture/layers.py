"""What kind of layer a module is."""

import re

import torch
from torch import nn

# PyTorch's own layers, which take a faster way in eval mode where nobody listens.
FAST = (nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.MultiheadAttention)


def is_attention(module):
    return bool(re.search("attention|attn", type(module).__name__, re.IGNORECASE))


def is_router(module):
    """It picks experts, not places."""
    name = type(module).__name__.lower()
    picks = re.search(r"router|moe|(expert|gate|gating)s?$", name)
    return bool(picks) and not is_attention(module)


def is_scripted(module):
    """A scripted module with an attention's product in it, which nobody can watch."""
    calls = r"aten::(matmul|bmm|einsum|baddbmm|softmax|scaled_dot_product_attention)\("
    scripted = isinstance(module, torch.jit.ScriptModule)
    return scripted and bool(re.search(calls, str(module.inlined_graph)))
