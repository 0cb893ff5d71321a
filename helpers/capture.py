"""Get the attention weights out of a model that hides them.

Every attention ends in one of two functions: a softmax over the keys, or the fused
`scaled_dot_product_attention` of PyTorch, which never makes the weights. So it is
enough to listen to these two, and to work the second one out by hand while we listen.
No layer is replaced and no option of the model is changed.
"""

import math
import re
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

SOFTMAX = (torch.softmax, torch.Tensor.softmax, functional.softmax)
SOFTMAX += (torch._C._nn.softmax,) if hasattr(torch._C._nn, "softmax") else ()
SECOND = ("key_value_states", "encoder_hidden_states", "key", "memory")
FUSED = functional.scaled_dot_product_attention
WHOLE = functional.multi_head_attention_forward


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


@contextmanager
def capture_attention(model):
    """Listen to every attention that runs in the block.

        with capture_attention(model) as captured:
            model(images)
        captured.weights  # {"encoder.layers.0.self_attention": (B, A, T, N), ...}

    model: any nn.Module. Nothing is left behind, also after an exception. Raises
    TypeError for what is no module, RuntimeError at the end of the block if a model ran
    and no attention was seen (a compiled model, or a kernel from outside of PyTorch).
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


def is_attention(module):
    return bool(re.search("attention|attn", type(module).__name__, re.IGNORECASE))


class Listener(TorchFunctionMode):
    """Knows which module is running, and keeps what the two functions return."""

    def __init__(self, model):
        super().__init__()
        self.names = {module: name for name, module in model.named_modules()}
        self.captured = Captured()
        self.stack = []  # modules that are running, outermost first
        self.given = {}  # attention module -> whether its inputs come from two places
        self.ran = False

    def enter(self, module, inputs):
        self.ran = self.ran or module in self.names
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
        self.given[module] = any(other is not first for other in others)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is FUSED:
            return self.by_hand(*args, **kwargs)
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
        return inside and last and output.dim() in (3, 4)

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

    def by_hand(self, query, key, value, attn_mask=None, dropout_p=0.0, **how):
        """What the fused kernel does, with the weights in between."""
        if how.get("enable_gqa"):  # fewer heads for keys and values than for queries
            groups = query.shape[-3] // key.shape[-3]
            key = key.repeat_interleave(groups, dim=-3)  # (B, A, N, d)
            value = value.repeat_interleave(groups, dim=-3)  # (B, A, N, d)
        scale = how.get("scale") or 1 / math.sqrt(query.shape[-1])
        scores = scale * query @ key.mT  # (B, A, T, N)
        if how.get("is_causal"):
            ahead = torch.ones_like(scores, dtype=torch.bool).triu(1)  # (B, A, T, N)
            scores = scores.masked_fill(ahead, float("-inf"))  # (B, A, T, N)
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, float("-inf"))  # (B, A, T, N)
        elif attn_mask is not None:
            scores = scores + attn_mask  # (B, A, T, N)
        weights = scores.softmax(-1)  # (B, A, T, N)
        self.keep(weights)
        weights = torch.dropout(weights, dropout_p, train=dropout_p > 0)
        return weights @ value  # (B, A, T, d)

    def keep(self, weights):
        """File the weights under the innermost attention layer that is running."""
        inside = [m for m in self.stack if m in self.names]
        attentions = [m for m in inside if is_attention(m)] or inside[-1:]
        if not attentions:
            return
        name = first = self.names[attentions[-1]] or type(attentions[-1]).__name__
        count = 1
        while name in self.captured.weights:
            count += 1
            name = f"{first}, call {count}"
        if weights.dim() == 3:  # without heads (B, T, N)
            weights = weights[:, None]  # (B, 1, T, N)
        self.captured.weights[name] = weights.detach()
        cross = any(self.given.get(module) for module in attentions)
        self.captured.kinds[name] = "cross" if cross else "self"


def follow_caption(generated, kind="cross_attentions", row=0, end=None):
    """The attention of ONE returned caption: a (T, A, N) tensor for each layer.

    generated: what a transformers `generate(..., output_attentions=True,
    return_dict_in_generate=True)` returned, greedy or with beams. kind: the name of its
    attentions, a tuple of steps of tuples of layers (B * beams, A, T_step, N). row:
    which of the returned captions. end: the id of the end token; its step and all after
    it are cut off. Where the keys grow from step to step, earlier rows get zeros
    behind. Raises ValueError where there are no attentions, IndexError for another row.
    """
    steps = getattr(generated, kind, None)
    if not steps or not steps[0]:
        raise ValueError(
            f"no {kind} came back: pass output_attentions=True and "
            'return_dict_in_generate=True, with attn_implementation="eager"'
        )
    if not 0 <= row < len(generated.sequences):
        raise IndexError(f"row {row} of {len(generated.sequences)} captions")
    beams = getattr(generated, "beam_indices", None)
    # With beams there may be more steps than words: a longer beam lost in the end.
    count = len(steps) if beams is None else beams.shape[1]
    ids = generated.sequences[row, -count:].tolist()
    T = ids.index(end) if end in ids else count
    rows = [row] * T if beams is None else beams[row, :T].tolist()
    rows = [r for r in rows if r >= 0]  # -1 follows the end token
    N = steps[max(len(rows) - 1, 0)][0].shape[-1]  # with a cache, keys only get more
    found = []
    for layer, first in enumerate(steps[0]):
        maps = first.new_zeros(len(rows), first.shape[1], N)  # (T, A, N)
        for t, r in enumerate(rows):
            own = steps[t][layer][r, :, -1]  # (A, N or less)
            maps[t, :, : own.shape[-1]] = own
        found.append(maps)
    return found
