"""Hears what a model calls, and files the weights under the layer that made them."""

import re
import threading
from bisect import bisect_right

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from helpers.inspection.capture.axis_origins import Axes
from helpers.inspection.capture.captured import Call, Captured
from helpers.inspection.capture.pieces import joined
from helpers.inspection.capture.torch_calls import TorchCall
from helpers.inspection.capture.tracker import SoftmaxTracker
from helpers.inspection.shapes.trace_table import tensors

TORCH = ("torch.nn", "torch.jit")
# PyTorch's own layers, which take a faster way in eval mode where nobody listens.
FAST = (nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.MultiheadAttention)


class Listener(TorchFunctionMode):
    """Knows which module is running, and watches what the functions return."""

    def __init__(self, model):
        super().__init__()
        self.root = model
        self.names = {module: name for name, module in model.named_modules()}
        self.captured = Captured()
        self.filed = []  # reads, in order
        self.tracker = SoftmaxTracker(model.buffers())
        self.frames = []  # (a module that is running, its reads), outermost first
        self.observed = set()  # modules that ran while weights were kept
        self.executed = {}  # modules of the model that ran -> the attention around
        self.suspects = []  # layers that may have read values, unrecognised
        self.opaque = []  # layers that never give their weights, or not all
        self.thread = threading.get_ident()
        self.paused = False

    def elsewhere(self):
        """Hooks hear all threads, but functions are heard in this one alone."""
        return self.paused or threading.get_ident() != self.thread

    def running(self):
        return [module for module, _ in self.frames]

    def enter(self, module, inputs):
        if self.elsewhere():
            return
        if module in self.names and module not in self.executed:
            self.executed[module] = list(filter(is_attention, self.running()))
        self.frames.append((module, []))

    def leave(self, module, args, kwargs=None, output=None):
        """A module has run; without an output after an error."""
        if self.elsewhere() or not self.frames:
            return None
        _, reads = self.frames.pop()
        for read in joined(reads):
            found = read.candidate
            if found.lost and read.weights.shape[-1] < found.key.size:
                self.hide(found.running)  # only some of its keys were followed
            elif read.refused:  # it was linear attention's
                found.attends = True
                self.tracker.refused.append(found)
            else:
                self.file(read)
        fast = [isinstance(one, FAST) for one in [*self.running(), module]]
        if output is None or module.training or not fast[-1] or any(fast[:-1]):
            return None
        return self.run_unheard(module, args, kwargs, output)

    def run_unheard(self, module, args, kwargs, heard):
        """The fast way has other rounding than the one that can be heard: take it as
        well, so that the model returns the same bit for bit."""
        self.paused = True
        try:
            with torch._C.DisableTorchFunction():
                output = module.forward(*args, **kwargs)
        finally:
            self.paused = False
        for one, own in zip(tensors([heard]), tensors([output]), strict=True):
            self.tracker.axes[own] = self.tracker.of(one)
        return output

    def __torch_function__(self, function, types, args=(), kwargs=None):
        """Call the function as it was called, and note what came of it."""
        kwargs = kwargs or {}
        if self.elsewhere():
            return function(*args, **kwargs)
        call = TorchCall(function, args, kwargs)
        if call.name == "iter" and args[0].dim():  # a loop over the first axis
            return iter(self.__torch_function__(torch.unbind, types, args))
        self.tracker.before(call)
        call.output = function(*args, **kwargs)
        self.tracker.after(call)
        self.place()
        return call.output

    def place(self):
        """Note in which layer that happened which the latest call did."""
        running, tracker = self.running(), self.tracker
        if tracker.begun:
            found = tracker.begun
            found.running, found.layer = running, self.layer_of(running)
            found.made = found.made if is_attention(found.layer) else None
        for read in tracker.reads:
            self.keep(read)
        if tracker.opaque:
            self.hide(running)
        if tracker.unexplained:
            self.suspects.append(self.layer_of(running))

    def layer_of(self, running, reading=()):
        """The layer of the model whose weights began; None for another model's.

        The innermost attention by name, or else the innermost layer that has parameters
        or did both, weights and reading. reading: what ran when values were read.
        """
        inside = [module for module in reversed(running) if module in self.names]
        own = [m for m in inside if not type(m).__module__.startswith(TORCH)]
        both = [
            m for m in own if m in reading or next(m.parameters(), None) is not None
        ]
        likely = [m for m in inside if is_attention(m) or m in both]
        nobody = None if running else self.root  # a method that is not forward
        return next(iter([*likely, *own, *inside]), nobody)

    def hide(self, running):
        self.observed.update(running)
        self.opaque.append(self.layer_of(running))

    def keep(self, read):
        """Hold on to weights that were read, until their layer has run."""
        found = read.candidate
        layer = found.layer = self.layer_of(found.running, self.running())
        if layer is None or is_router(layer):
            return
        self.observed.update(found.running)
        own = [reads for module, reads in self.frames if module is layer]
        if own:
            own[-1].append(read)
        elif all(filed.candidate is not found for filed in self.filed):
            self.file(read)

    def file(self, read):
        """In the order of the reads: an outer layer is left after its inner ones."""
        kind = "cross" if read.cross else "self"
        call = Call(self.name_of(read.candidate.layer), kind, read.weights)
        place = bisect_right(self.filed, read.number, key=lambda one: one.number)
        self.filed.insert(place, read)
        self.captured.in_order.insert(place, call)

    def name_of(self, layer):
        """Its name in the model; the model itself has none but that of its class."""
        return self.names.get(layer) or type(layer).__name__

    def finish(self):
        """At the end: weights that a layer called attention made and nobody read."""
        self.tracker.reads = []
        for found in list(self.tracker.waiting):
            unread = found.made is not None and found.layer not in self.observed
            if unread and found.key.size > 1 and not found.lost:
                letters = list(range(found.made.dim()))
                rows = letters[: max(1, len(letters) - 2)]  # shared with the values
                values = Axes([self.tracker.of(found.made).spans[i] for i in rows])
                self.tracker.read({*letters}, found.made, letters, values, rows)
        for read in self.tracker.reads:
            self.file(read)


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
