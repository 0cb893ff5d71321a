"""Get the attention weights out of a model that hides them.

Every attention ends in one of two functions: a softmax over the keys, or the fused
`scaled_dot_product_attention` of PyTorch, which never makes the weights. So it is
enough to listen to these two, and to work the second one out by hand while we listen.
No layer is replaced and no option of the model is changed.
"""

import warnings
from contextlib import contextmanager

import torch
from torch import nn

from helpers.capture.layers import is_attention, is_torchs
from helpers.capture.listener import Listener


@contextmanager
def capture_attention(model):
    """Listen to every attention that runs in the block.

        with capture_attention(model) as captured:
            model(images)
        captured.weights  # {"encoder.layers.0.self_attention": (B, A, T, N), ...}

    model: any nn.Module; one of torch.compile runs uncompiled in the block. Nothing is
    left behind, also after an exception. Raises TypeError for what is no module,
    RuntimeError at the end of the block if no attention was seen (another model ran, a
    scripted model, a kernel from outside of PyTorch); warns by name of single attention
    layers that ran and hid their weights.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"expected an nn.Module, got {type(model).__name__}")
    listener = Listener(model)
    hooks = [
        nn.modules.module.register_module_forward_pre_hook(listener.enter),
        nn.modules.module.register_module_forward_hook(
            listener.leave, always_call=True
        ),
    ]
    hooks += [
        module.register_forward_pre_hook(listener.inputs_of, with_kwargs=True)
        for module in model.modules()
        if is_attention(module) or not is_torchs(module)
    ]
    try:
        with torch.compiler.set_stance("force_eager"), listener:
            yield listener.captured
    finally:
        for hook in hooks:
            hook.remove()
    if not listener.captured.weights:
        ran = "ran and no attention was seen" if listener.ran else "did not run"
        raise RuntimeError(
            f"{type(model).__name__} {ran} in the block: no softmax whose result is "
            "multiplied with values, no scaled_dot_product_attention. A scripted "
            "model, another thread, flex_attention or a kernel from outside of PyTorch "
            "hides the weights: run the plain model, for transformers with "
            'attn_implementation="sdpa" or "eager"'
        )
    if hidden := listener.hidden():
        warnings.warn(
            f"{len(hidden)} attention layers ran and hid their weights: "
            f"{', '.join(hidden[:3])}{', ...' if len(hidden) > 3 else ''}",
            stacklevel=3,
        )
