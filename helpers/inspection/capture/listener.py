"""Hears what a model calls, and files the weights under the layer that made them."""

import re
import threading
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from helpers.inspection.capture.axes import Axes
from helpers.inspection.capture.candidate import AttentionCandidate
from helpers.inspection.capture.captured import CALL, Captured
from helpers.inspection.capture.fused import FUSED
from helpers.inspection.capture.joining import joined
from helpers.inspection.capture.layers import (
    has_weights,
    is_attention,
    is_router,
    is_scripted_product,
    is_torchs,
)
from helpers.inspection.capture.lookups import is_apart
from helpers.inspection.capture.tracker import SoftmaxTracker
from helpers.inspection.shapes.text import tensors

# PyTorch's own layers take another way, with other rounding, where nobody listens.
FAST = (nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.MultiheadAttention)

FIRST = ("input", "query", "tensors", "self")  # what torch calls a first argument


@dataclass
class ModuleFrame:
    """A module that is running: the candidates that began in it and were not read yet,
    those of its own that were, and whether any were read meanwhile."""

    module: torch.nn.Module
    unread: list = field(default_factory=list)
    read: list = field(default_factory=list)
    kept: bool = False


class Listener(TorchFunctionMode):
    """Knows which module is running, and watches what the functions return."""

    def __init__(self, model):
        super().__init__()
        self.root = model
        self.names = {module: name for name, module in model.named_modules()}
        self.captured = Captured()
        self.filed = []  # (candidate, name), in the order of their reads
        self.tracker = SoftmaxTracker(model.buffers())
        self.frames = []  # of the modules that are running, outermost first
        self.unread = []  # (candidate, tensor) of layers called attention
        self.observed = set()  # modules that ran while weights were kept
        self.executed = {}  # modules of the model that ran -> the attention around
        self.suspects = []  # candidates that may have read values, unrecognised
        self.opaque = []  # names of layers with a kernel that never gives weights
        self.thread = threading.get_ident()
        self.paused = False

    def elsewhere(self):
        """Hooks hear all threads, but functions are heard in this one alone."""
        return self.paused or threading.get_ident() != self.thread

    def enter(self, module, inputs):
        if self.elsewhere():
            return
        if module in self.names and module not in self.executed:
            around = [f.module for f in self.frames if is_attention(f.module)]
            self.executed[module] = around
        self.frames.append(ModuleFrame(module))

    def leave(self, module, args, *rest):
        """rest: keywords and output; after an error in the module, None alone."""
        if self.elsewhere() or not self.frames:
            return None
        frame = self.frames.pop()
        if not frame.kept:  # a layer called attention that leaves the reading to others
            self.unread += frame.unread
        for found in joined(frame.read):
            made = (found.first or found).key.size
            if found.lost and found.weights.shape[-1] < made:
                self.hide(found)  # only some of its keys were followed
            elif not found.refused:
                self.file(found)
        failed = len(rest) < 2 or rest[1] is None
        if failed or any(isinstance(f.module, FAST) for f in self.frames):
            return None
        return self.as_unheard(module, args, *rest)

    def as_unheard(self, module, args, kwargs, output):
        """What this layer returns when nobody listens, bit for bit."""
        if not isinstance(module, FAST) or module.training:
            return None
        learns = torch.is_grad_enabled() and any(
            tensor.requires_grad for tensor in [*module.parameters(), *tensors(args)]
        )
        if learns:
            return None
        self.paused = True
        try:
            with torch._C.DisableTorchFunction():
                own = module.forward(*args, **kwargs)
        finally:
            self.paused = False
        for heard, one in zip(tensors([output]), tensors([own]), strict=True):
            self.tracker.axes[one] = self.tracker.of(heard)
        return own

    def finish(self):
        """At the end: weights that a layer called attention made and nobody read."""
        for found, tensor in self.unread:
            whole = found.weights is None and not (found.refused or found.lost)
            if whole and found.key.size > 1:
                letters = list(range(tensor.dim()))
                rows = max(1, tensor.dim() - 2)
                shared = Axes(self.tracker.of(tensor).spans[:rows])
                for read in self.tracker.read(
                    found, tensor, letters, shared, letters[:rows]
                ):
                    self.file(read)

    def hidden(self):
        """Names of layers that ran, and may have attended, without a sign of weights:
        those called attention, scripted ones with a product in them, and those that
        multiplied with a product of two tensors."""
        none = {m for one in self.tracker.refused for m in one.running}
        found = [
            module
            for module, around in self.executed.items()
            if module not in self.observed | none and not around
            if is_attention(module) or is_scripted_product(module)
        ]
        filed = {found.layer for found, _ in self.filed}
        unread = [s for s in self.tracker.waiting if s.touched and self.is_likely(s)]
        suspects = [*self.suspects, *unread]
        found += [s.layer for s in suspects if s.layer not in filed and s.layer]
        names = dict.fromkeys([*self.opaque, *map(self.name_of, found)])
        return [n for n in names if not any(n.startswith(f"{m}.") for m in names)]

    def no_places(self):
        """In words: layers whose softmax is no attention over places."""
        layers = dict.fromkeys(one.layer for one in self.tracker.refused)
        names = [self.name_of(layer) for layer in layers if layer]
        return f"; over features or parameters: {', '.join(names[:3])}" if names else ""

    def is_likely(self, found):
        """By the product that made its scores, or by a name: more than a gate."""
        named = f"{self.names.get(found.layer)} {type(found.layer).__name__}"
        likely = found.scored or re.search("att(ention|n)", named, re.IGNORECASE)
        return bool(likely) and not is_router(found.layer)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "").strip("_")
        if self.elsewhere():
            return function(*args, **kwargs)
        if name == "iter" and args[0].dim():  # a loop over the first axis
            return iter(self.heard_call(torch.unbind, "unbind", args, {}))
        return self.heard_call(function, name, args, kwargs)

    def heard_call(self, function, name, args, kwargs):
        """Call the function as it was called, and note what came of it."""
        given, named = first_in_front(args, kwargs)
        self.tracker.before(name, given, named)
        output = function(*args, **kwargs)
        if function in FUSED:
            self.heard_kernel(FUSED[function], given, named, output)
        elif name == "flex_attention":
            self.hide(self.place(AttentionCandidate()))
        else:
            began, read = self.tracker.after(function, name, given, named, output)
            if began:
                self.place(began)
                for frame in self.frames:
                    if frame.module is began.layer and is_attention(began.layer):
                        frame.unread.append((began, output))
            for found in read:
                self.keep(found)
            if self.tracker.unexplained:
                self.suspects.append(self.place(AttentionCandidate()))
        return output

    def hide(self, found):
        self.observed.update(found.running)
        self.opaque += [self.names[found.layer]] if found.layer in self.names else []

    def heard_kernel(self, call, args, kwargs, output):
        """A fused kernel ran: read with the weights that `call` works out aside."""
        found = self.place(AttentionCandidate(own=True))
        if any(is_apart(tensor) for tensor in tensors([*args, *kwargs.values()])):
            return self.hide(found)
        weights, axes, letters, value, named = call(self.tracker, found, args, kwargs)
        results = tensors([output])
        self.tracker.note(None, "", (), {}, tensors(args[:1]), results)
        self.tracker.axes[weights] = axes
        for read in self.tracker.read(found, weights, letters, value, named):
            self.tracker.of(results[0]).after = read.number
            self.keep(read)

    def place(self, found, reading=()):
        """Note in which layer of the model it began: None for another model's.

        reading: the modules that were running when values were read with it.
        """
        found.running = found.running or [frame.module for frame in self.frames]
        inside = [m for m in reversed(found.running) if m in self.names]
        own = [m for m in inside if not is_torchs(m)]
        # The innermost attention by name, or else the innermost layer that has
        # parameters or did both, weights and reading.
        likely = [
            m
            for m in inside
            if is_attention(m) or (m in own and (has_weights(m) or m in reading))
        ]
        nobody = None if found.running else self.root  # a method that is not forward
        found.layer = next(iter([*likely, *own, *inside]), nobody)
        return found

    def keep(self, found):
        """Hold on to weights that were read, until their layer has run."""
        self.place(found, [frame.module for frame in self.frames])
        if found.layer is None or is_router(found.layer):
            return
        self.observed.update(found.running)
        for frame in self.frames:
            frame.kept = True
        own = [frame for frame in self.frames if frame.module is found.layer]
        if own:
            own[-1].read.append(found)
        elif found.first is None:  # and not read again after its layer has run
            self.file(found)

    def name_of(self, layer):
        """Its name in the model; the model itself has none but that of its class."""
        return self.names.get(layer) or type(layer).__name__

    def file(self, found):
        first = name = self.name_of(found.layer)
        count = 1
        while name in self.captured.weights:
            count += 1
            name = f"{first}{CALL}{count}"
        late = self.filed and self.filed[-1][0].number > found.number
        self.filed.append((found, name))
        if late:  # an outer layer is left after its inner ones
            self.filed.sort(key=lambda entry: entry[0].number)
            self.captured.weights.clear()
        for one, its_name in self.filed if late else self.filed[-1:]:
            self.captured.weights[its_name] = one.weights
            self.captured.kinds[its_name] = "cross" if one.cross else "self"


def first_in_front(args, kwargs):
    """The arguments of a call with what it works on in front, also if it was named."""
    name = next((n for n in FIRST if n in kwargs), None)
    if args or name is None:
        return args, kwargs
    others = {n: value for n, value in kwargs.items() if n != name}
    return (kwargs[name],), others
