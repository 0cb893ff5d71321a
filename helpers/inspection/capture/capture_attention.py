"""Get the attention weights out of a model that hides them.

Every function that the model calls is heard; no layer is replaced, no option changed.

- Weights are what sums to 1 along an axis, its keys, and is then multiplied with values
  and summed over the keys (torch_calls, tracker). A fused kernel of PyTorch never makes
  them: they are worked out beside it (kernels).
- Every axis is followed from where it began (axis_origins, axis_rules). One that the
  values share is images, one cut out of features is heads, the others are queries
  (name_axes). Self-attention has queries and keys of one sequence (candidate).
- Pieces of a loop, and keys that were read in stretches, are put together (pieces).
- The name is that of the innermost module called attention, or else with parameters
  (listener).
"""

import re
import warnings
from contextlib import contextmanager

import torch
from torch import nn

from helpers.inspection.capture.listener import (
    Listener,
    is_attention,
    is_router,
    is_scripted,
)
from helpers.inspection.capture.picked import of_picked_keys


@contextmanager
def capture_attention(model):
    """Listen to every attention that runs in the block.

        with capture_attention(model) as captured:
            model(images)
        captured.weights  # {"encoder.layers.0.self_attention": (B, A, T, N), ...}

    model: any nn.Module; one of torch.compile runs uncompiled in the block. Weights are
    copies in float32 or float64, as they were before dropout: what dropout leaves does
    not sum to 1 and differs from run to run. Outputs are those of the model alone.
    Nothing is left behind, also after an exception. Raises TypeError for what is no
    module, RuntimeError at the end of the block if no attention was seen (another model
    ran, a scripted model, a kernel from outside of PyTorch). Warns by name of single
    layers that hid their weights, that have none over places (linear attention,
    attention over channels), or whose keys were picked by topk or a sort. A softmax
    outside of torch, as one of numpy, cannot be heard: such a layer is named only if
    its class is called attention.
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
    """Raise where nothing was seen; warn by name of layers whose weights are not
    listed, or are over keys without places."""
    hidden = hidden_layers(listener)
    apart = [name for name in layers_apart(listener) if name not in hidden]
    if not listener.captured.in_order:
        raise RuntimeError(nothing_seen(listener, hidden))
    picks = [one.candidate.layer for one in listener.filed if of_picked_keys(one)]
    picks = [listener.name_of(layer) for layer in dict.fromkeys(picks)]
    said = {
        f"{len(hidden)} attention layers ran and hid their weights": hidden,
        "linear attention or attention over channels or parameters ran, which has no "
        "weights over places to list": apart,
        "the last axis counts keys that topk or a sort picked, not places": picks,
    }
    for what, layers in said.items():
        if layers:
            warnings.warn(f"{what}: {first_of(layers)}", stacklevel=4)


def nothing_seen(listener, hidden):
    """What to say of a model in which no attention was seen."""
    layers = dict.fromkeys(one.layer for one in listener.tracker.refused)
    apart = [listener.name_of(layer) for layer in layers if layer]
    ran = "ran and no attention was seen" if listener.executed else "did not run"
    doubt = f" (in doubt: {first_of(hidden)})" if hidden else ""
    others = f"; over features or parameters: {', '.join(apart[:3])}"
    return (
        f"{type(listener.root).__name__} {ran} in the block: no softmax whose "
        "result is multiplied with values, no scaled_dot_product_attention"
        f"{doubt}{others if apart else ''}. A scripted model, another thread, "
        "vmap, flex_attention, weights that do not sum to 1 or a kernel from "
        "outside of PyTorch hide them: run the plain model, for transformers "
        'with attn_implementation="sdpa" or "eager"'
    )


def first_of(names):
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def hidden_layers(listener):
    """Names of layers that ran, and may have attended, without a sign of weights:
    those called attention, scripted ones with a product in them, and those that
    multiplied with a product of two tensors."""
    tracker = listener.tracker
    seen = listener.observed.union(*(one.running for one in tracker.refused))
    unseen = [
        module
        for module, around in listener.executed.items()
        if module not in seen and not around
        if is_attention(module) or is_scripted(module)
    ]
    unread = [one.layer for one in tracker.waiting if may_attend(one, listener.names)]
    filed = {None, *(read.candidate.layer for read in listener.filed)}
    suspects = [s for s in [*listener.suspects, *unread] if s not in filed]
    layers = dict.fromkeys([*listener.opaque, *unseen, *suspects])
    names = [listener.name_of(layer) for layer in layers if layer]
    return [n for n in names if not any(n.startswith(f"{m}.") for m in names)]


def may_attend(found, names):
    """Weights that were used, by a layer that attends by its name or by the product
    that made their scores: more than a gate."""
    named = f"{names.get(found.layer)} {type(found.layer).__name__}"
    likely = found.scored or re.search("att(ention|n)", named, re.IGNORECASE)
    return found.touched and likely and not is_router(found.layer)


def layers_apart(listener):
    """Names of layers that attended and gave no weights over places: what they read
    were features or parameters, or they made a map for each feature.

    Not of those inside of an attention that is listed, as its table of positions.
    """
    filed = {None, *(read.candidate.layer for read in listener.filed)}
    layers = {}
    for one in listener.tracker.refused:
        around = filter(is_attention, one.running)
        attends = one.attends and not is_router(one.layer)
        if attends or is_attention(one.layer):
            if filed.isdisjoint([one.layer, *around]):
                layers[one.layer] = None
    return list(map(listener.name_of, layers))
