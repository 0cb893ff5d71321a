"""Hears what a model calls, and files the weights under the layer that made them."""

import threading
from dataclasses import dataclass, field

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from helpers.capture.captured import CALL, Captured
from helpers.capture.kernels import four_axes, fused_by_hand
from helpers.capture.layers import (
    argument_names,
    differ,
    has_weights,
    is_attention,
    is_router,
    is_torchs,
)
from helpers.capture.reads import Found, Reads
from helpers.shapes.text import tensors

# Names that transformers and torch give to what is looked at.
SECOND = "key keys kv key_value_states encoder_hidden_states cross_attention_states"
SECOND = (*SECOND.split(), "memory", "context", "inputs")
FUSED = functional.scaled_dot_product_attention
WHOLE = functional.multi_head_attention_forward


@dataclass
class Frame:
    """A module that is running: softmaxes that nothing was read with yet, and whether
    any weights were kept meanwhile."""

    module: torch.nn.Module
    unread: list = field(default_factory=list)
    kept: bool = False


@dataclass
class Inputs:
    """What came into a module: the shape of the first tensor, whether there were two
    sequences (None: it does not show), whether a sequence and one vector an image."""

    first: tuple = ()
    cross: bool = None
    state: bool = False


class Listener(TorchFunctionMode):
    """Knows which module is running, and keeps what the functions return."""

    def __init__(self, model):
        super().__init__()
        self.root = model
        self.names = {module: name for name, module in model.named_modules()}
        self.captured = Captured()
        self.reads = Reads()
        self.frames = []  # of the modules that are running, outermost first
        self.words = {}  # module -> the names of its arguments
        self.inputs = {}  # module -> its latest Inputs
        self.seen = set()  # modules that ran while weights were kept
        self.ran = {}  # modules of the model that ran -> the attention around them
        self.shut = []  # names of layers with a kernel that never gives weights
        self.thread = threading.get_ident()

    def elsewhere(self):
        """Hooks hear all threads, but functions are heard in this one alone."""
        return threading.get_ident() != self.thread

    def enter(self, module, inputs):
        if self.elsewhere():
            return
        if module in self.names and module not in self.ran:
            self.ran[module] = [f.module for f in self.frames if is_attention(f.module)]
        self.frames.append(Frame(module))

    def leave(self, module, inputs, output):
        if self.elsewhere() or not self.frames:
            return
        frame = self.frames.pop()
        if not frame.kept:  # a layer called attention that leaves the reading to others
            for found in frame.unread:
                self.keep(found)

    def inputs_of(self, module, inputs, keywords):
        """Two different sequences in one attention: it is cross-attention."""
        if self.elsewhere():
            return
        if module not in self.words:
            self.words[module] = argument_names(module)
        named = {**dict(zip(self.words[module], inputs, strict=False)), **keywords}
        first = next((x for n, x in named.items() if x is not None), None)
        first = named.get("query", named.get("hidden_states", first))
        if not isinstance(first, torch.Tensor):
            self.inputs[module] = Inputs()
            return
        others = [x for n, x in named.items() if n in SECOND]
        for second in inputs[1:2]:  # keys, by another name: as wide, and no mask
            pair = second[0] if isinstance(second, tuple) and second else second
            mask = "mask" in "".join(self.words[module][1:2])
            if isinstance(pair, torch.Tensor) and pair.dim() == 3 and not mask:
                same_width = pair.shape[-1] == first.shape[-1] and first.dim() == 3
                vector = first.dim() == 2  # one query an image
                others += [pair] if same_width or vector or pair is not second else []
        cross = any(differ(first, other) for other in others) or None
        # Heads apart, or an image, say nothing, but for keys that are the queries.
        if first.dim() < 4 or any(other is first for other in others):
            cross = bool(cross)
        axes = {x.dim() for x in tensors(named.values()) if x.is_floating_point()}
        self.inputs[module] = Inputs(first.shape, cross, {2, 3} <= axes)

    def hidden(self):
        """Names of attention layers that ran without a sign of weights."""
        return self.shut + [
            self.names[module] or type(module).__name__
            for module, around in self.ran.items()
            if is_attention(module) and module not in self.seen and not around
        ]

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is FUSED:
            output, weights = fused_by_hand(*args, **kwargs)
            self.keep(self.place(Found(weights, -1, single=weights.dim() == 2)))
            return output
        if function is WHOLE:
            return self.ask_for_weights(args, kwargs)
        if getattr(function, "__name__", "") == "flex_attention":
            place = self.place(Found(None, -1))
            self.seen.update(place.running)
            self.shut += [self.names[place.layer]] if place.layer in self.names else []
        output = function(*args, **kwargs)
        for found in self.reads.read_by(function, args, kwargs, output):
            self.keep(found)
        if found := self.reads.made_by(function, args, kwargs, output):
            self.place(found)
            for frame in self.frames:
                if frame.module is found.layer and is_attention(found.layer):
                    frame.unread.append(found)
        return output

    def ask_for_weights(self, args, kwargs):
        """nn.MultiheadAttention, called as a whole: all heads, whatever was wanted."""
        asked = {**kwargs, "need_weights": True, "average_attn_weights": False}
        output, dropped = WHOLE(*args, **asked)  # ([B,] A, T, N)
        weights = dropped
        rate = kwargs.get("dropout_p", args[10] if len(args) > 10 else 0)
        if rate and kwargs.get("training"):  # once more, without dropout
            with torch.no_grad():
                weights = WHOLE(*args, **{**asked, "training": False})[1]
        whole = weights if weights.dim() == 4 else weights[None]  # (B, A, T, N)
        wanted = kwargs.get("need_weights", True)
        if not wanted and whole.isnan().any():  # a query that may look at no key
            output, whole = WHOLE(*args, **kwargs)[0], whole.nan_to_num()
        self.keep(self.place(Found(whole, -1)))
        if not wanted:
            return output, None
        averaged = kwargs.get("average_attn_weights", True)
        return output, dropped.mean(-3) if averaged else dropped

    def place(self, found):
        """Note in which layer of the model it was found: None for another model's."""
        found.running = [frame.module for frame in self.frames]
        inside = [m for m in reversed(found.running) if m in self.names]
        own = [m for m in inside if not is_torchs(m)]
        # The innermost attention by name, or else the innermost layer with parameters.
        likely = [m for m in inside if is_attention(m) or (m in own and has_weights(m))]
        nobody = None if found.running else self.root  # a method that is not forward
        found.layer = next(iter([*likely, *own, *inside]), nobody)
        around = [m for m in likely if is_attention(m) and m is not found.layer]
        heard = [self.inputs.get(m, Inputs()) for m in (found.layer, *around)]
        found.first, found.state = heard[0].first, heard[0].state
        known = [one.cross for one in heard if one.cross is not None]
        found.cross = known[0] if known else None
        return found

    def keep(self, found):
        """File the weights under their layer, or again where they were masked since."""
        if found.layer is None or is_router(found.layer):
            return
        if found.name is None:
            self.seen.update(found.running)
            for frame in self.frames:
                frame.kept = True
            found.name = first = self.names[found.layer] or type(found.layer).__name__
            count = 1
            while found.name in self.captured.weights:
                count += 1
                found.name = f"{first}{CALL}{count}"
        weights = four_axes(found.rows(), found.first, found.layer)  # (B, A, T, N)
        cross = bool(found.cross) or (found.state and found.one_query())
        if not is_attention(found.layer):  # nothing but the numbers to go by
            cross = cross or weights.shape[-2] != weights.shape[-1]
        self.captured.weights[found.name] = weights
        self.captured.kinds[found.name] = "cross" if cross else "self"
