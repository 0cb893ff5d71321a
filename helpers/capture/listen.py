"""Get the attention weights out of a model that hides them.

Every attention ends in one of two functions: a softmax over the keys, or the fused
`scaled_dot_product_attention` of PyTorch, which never makes the weights. So it is
enough to listen to these two, and to work the second one out by hand while we listen.
No layer is replaced and no option of the model is changed.
"""

import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from helpers.capture.kernels import four_axes, fused_by_hand

SOFTMAX = (torch.softmax, torch.Tensor.softmax, functional.softmax)
SOFTMAX += (torch._C._nn.softmax,) if hasattr(torch._C._nn, "softmax") else ()
SECOND = ("key_value_states", "encoder_hidden_states", "key", "memory")
FUSED = functional.scaled_dot_product_attention
WHOLE = functional.multi_head_attention_forward
CALL = ", call "  # between a layer's name and the number of its second or later call


@dataclass
class Captured:
    """The weights of every attention that ran, in order.

    weights: {layer: (B, A, T, N)}, before dropout; a layer that ran several times has
    its later calls as "layer, call 2". kinds: {layer: "self" or "cross"}.
    """

    weights: dict = field(default_factory=dict)
    kinds: dict = field(default_factory=dict)

    def of(self, kind):
        """The weights of one kind, "self" or "cross": {layer: (B, A, T, N)}."""
        return {n: w for n, w in self.weights.items() if self.kinds[n] == kind}

    def steps(self, kind, under=""):
        """What `generate` ran, as it nests attentions: steps of layers (B, A, T, N).

        kind: "self" or "cross". under: only layers whose name begins so, for instance
        "text_decoder". A layer that ran less often than others (an encoder) is not
        part of a step. For `follow_caption`.
        """
        calls = {}
        for name, weights in self.of(kind).items():
            if name.startswith(under):
                calls.setdefault(name.split(CALL)[0], []).append(weights)
        most = max(map(len, calls.values()), default=0)
        layers = [found for found in calls.values() if len(found) == most]
        return tuple(zip(*layers, strict=True))


@contextmanager
def capture_attention(model):
    """Listen to every attention that runs in the block.

        with capture_attention(model) as captured:
            model(images)
        captured.weights  # {"encoder.layers.0.self_attention": (B, A, T, N), ...}

    model: any nn.Module. Nothing is left behind, also after an exception. Raises
    TypeError for what is no module, RuntimeError at the end of the block if a model ran
    and no attention was seen (a compiled model, or a kernel from outside of PyTorch);
    warns by name of single attention layers that ran and hid their weights.
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
        if is_attention(module)
    ]
    try:
        with listener:
            yield listener.captured
    finally:
        for hook in hooks:
            hook.remove()
    if listener.ran and not listener.captured.weights:
        raise RuntimeError(
            f"{type(model).__name__} ran and no attention was seen: no softmax in an "
            "attention layer, no scaled_dot_product_attention. A compiled model or a "
            "kernel from outside of PyTorch hides its weights: run the plain model, "
            'for transformers with attn_implementation="sdpa" or "eager"'
        )
    if hidden := listener.hidden():
        warnings.warn(
            f"{len(hidden)} attention layers ran and hid their weights: "
            f"{', '.join(hidden[:3])}{', ...' if len(hidden) > 3 else ''}",
            stacklevel=3,
        )


def is_attention(module):
    return bool(re.search("attention|attn", type(module).__name__, re.IGNORECASE))


class Listener(TorchFunctionMode):
    """Knows which module is running, and keeps what the two functions return."""

    def __init__(self, model):
        super().__init__()
        self.names = {module: name for name, module in model.named_modules()}
        self.captured = Captured()
        self.stack = []  # modules that are running, outermost first
        self.cross = {}  # attention module -> whether its inputs come from two places
        self.first = {}  # attention module -> the shape of what came in first
        self.seen = set()  # modules that ran while weights were kept
        self.ran = {}  # modules of the model that ran -> the attention around them

    def enter(self, module, inputs):
        around = [m for m in self.stack if is_attention(m)]
        if module in self.names:
            self.ran.setdefault(module, around)
        self.stack.append(module)

    def leave(self, module, inputs, output):
        if self.stack:
            self.stack.pop()

    def inputs_of(self, module, inputs, keywords):
        """Two different sequences in one attention: it is cross-attention."""
        first = keywords.get("query", keywords.get("hidden_states"))
        first = inputs[0] if inputs else first
        others = [keywords.get(n) for n in SECOND if keywords.get(n) is not None]
        for second in inputs[1:2]:  # keys; not a mask, which has another width
            pair = second[0] if isinstance(second, tuple) and second else second
            if isinstance(pair, torch.Tensor) and pair.dim() == 3 == first.dim():
                same_width = pair.shape[-1] == first.shape[-1]
                others += [pair] if same_width or pair is not second else []
        self.cross[module] = any(other is not first for other in others)
        if isinstance(first, torch.Tensor):
            self.first[module] = first.shape

    def hidden(self):
        """Names of attention layers that ran without a sign of weights."""
        return [
            self.names[module] or type(module).__name__
            for module, around in self.ran.items()
            if is_attention(module) and module not in self.seen and not around
        ]

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is FUSED:
            output, weights = fused_by_hand(*args, **kwargs)
            self.keep(weights)
            return output
        if function is WHOLE:
            return self.ask_for_weights(args, kwargs)
        output = function(*args, **kwargs)
        if function in SOFTMAX and self.over_keys(args, kwargs, output):
            self.keep(output)
        return output

    def over_keys(self, args, kwargs, output):
        """A softmax over the last axis, inside of an attention layer."""
        dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
        inside = any(is_attention(module) for module in self.stack)
        last = dim in (-1, output.dim() - 1)
        return inside and last and output.dim() in (3, 4, 5)

    def ask_for_weights(self, args, kwargs):
        """nn.MultiheadAttention, called as a whole: all heads, whatever was wanted."""
        wanted = kwargs.get("need_weights", True)
        averaged = kwargs.get("average_attn_weights", True)
        kwargs = {**kwargs, "need_weights": True, "average_attn_weights": False}
        output, weights = WHOLE(*args, **kwargs)  # ([B,] A, T, N)
        self.keep(weights)
        if not wanted:
            return output, None
        return output, weights.mean(-3) if averaged else weights

    def keep(self, weights):
        """File the weights under the innermost attention layer that is running."""
        inside = [m for m in self.stack if m in self.names]
        attentions = [m for m in inside if is_attention(m)] or inside[-1:]
        if not attentions:
            return
        self.seen.update(self.stack)
        name = first = self.names[attentions[-1]] or type(attentions[-1]).__name__
        count = 1
        while name in self.captured.weights:
            count += 1
            name = f"{first}{CALL}{count}"
        shape = self.first.get(attentions[-1], ())
        self.captured.weights[name] = four_axes(weights.detach(), shape)
        cross = any(self.cross.get(module) for module in attentions)
        self.captured.kinds[name] = "cross" if cross else "self"
