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

from helpers.inspection.capture.listener import Listener
from helpers.inspection.capture.unseen import hidden_layers, layers_without_places


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
            listener.leave, with_kwargs=True, always_call=True
        ),
    ]
    try:
        with torch.compiler.set_stance("force_eager"), listener:
            yield listener.captured
    finally:
        for hook in hooks:
            hook.remove()
    listener.finish()
    report(listener)


def report(listener):
    """Raise where nothing was seen; warn by name of layers that hid their weights."""
    hidden, apart = hidden_layers(listener), layers_without_places(listener)
    named = ", ".join(hidden[:3]) + (", ..." if len(hidden) > 3 else "")
    if not listener.captured.in_order:
        ran = "ran and no attention was seen" if listener.executed else "did not run"
        doubt = f" (in doubt: {named})" if hidden else ""
        others = f"; over features or parameters: {', '.join(apart[:3])}"
        raise RuntimeError(
            f"{type(listener.root).__name__} {ran} in the block: no softmax whose "
            "result is multiplied with values, no scaled_dot_product_attention"
            f"{doubt}{others if apart else ''}. A scripted model, another thread, "
            "vmap, flex_attention, weights that do not sum to 1 or a kernel from "
            "outside of PyTorch hide them: run the plain model, for transformers "
            'with attn_implementation="sdpa" or "eager"'
        )
    if hidden:
        warnings.warn(
            f"{len(hidden)} attention layers ran and hid their weights: {named}",
            stacklevel=4,
        )
