"""PyTorch's own layers, which take another way where nobody listens.

That way has other rounding: so that the model returns the same bit for bit, such a
layer is run once more, unheard.
"""

import torch
from torch import nn

from helpers.inspection.shapes.text import tensors

FAST = (nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.MultiheadAttention)


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
