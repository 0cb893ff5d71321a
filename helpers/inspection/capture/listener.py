"""Hears what a model calls, and files the weights under the layer that made them."""

import threading
from bisect import bisect_right
from dataclasses import dataclass, field

import torch
from torch.overrides import TorchFunctionMode

from helpers.inspection.capture.axes import Axes
from helpers.inspection.capture.calls import first_in_front
from helpers.inspection.capture.candidate import AttentionCandidate
from helpers.inspection.capture.captured import Call, Captured
from helpers.inspection.capture.following import is_apart
from helpers.inspection.capture.joining import joined
from helpers.inspection.capture.kernels import MHA, SDPA, heard_kernel
from helpers.inspection.capture.layers import (
    FAST,
    innermost_attention,
    is_attention,
    is_router,
    run_unheard,
    takes_fast_path,
)
from helpers.inspection.capture.tracker import SoftmaxTracker
from helpers.inspection.shapes.text import tensors


@dataclass
class ModuleFrame:
    """A module that is running, and the weights of its own that were read."""

    module: torch.nn.Module
    reads: list = field(default_factory=list)


class Listener(TorchFunctionMode):
    """Knows which module is running, and watches what the functions return."""

    def __init__(self, model):
        super().__init__()
        self.root = model
        self.names = {module: name for name, module in model.named_modules()}
        self.captured = Captured()
        self.filed = []  # reads, in order
        self.tracker = SoftmaxTracker(model.buffers())
        self.frames = []  # of the modules that are running, outermost first
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
        for read in joined(frame.reads):
            found = read.candidate
            if found.lost and read.weights.shape[-1] < found.key.size:
                self.hide(found)  # only some of its keys were followed
            elif not read.refused:
                self.file(read)
        failed = len(rest) < 2 or rest[1] is None
        inside = any(isinstance(frame.module, FAST) for frame in self.frames)
        if failed or inside or not takes_fast_path(module, args):
            return None
        self.paused = True
        try:
            kwargs, output = rest
            own = run_unheard(module, args, kwargs)
        finally:
            self.paused = False
        for heard, one in zip(tensors([output]), tensors([own]), strict=True):
            self.tracker.axes[one] = self.tracker.of(heard)
        return own

    def finish(self):
        """At the end: weights that a layer called attention made and nobody read."""
        for found in self.tracker.waiting:
            unread = found.made is not None and found.layer not in self.observed
            if unread and found.key.size > 1 and not found.lost:
                letters = list(range(found.made.dim()))
                rows = max(1, len(letters) - 2)
                shared = Axes(self.tracker.of(found.made).spans[:rows])
                for read in self.tracker.read(
                    found, found.key, found.made, letters, shared, letters[:rows]
                ):
                    self.file(read)

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
        if function in (SDPA, MHA):
            self.heard_kernel(function, given, named, output)
        elif name == "flex_attention":
            self.hide(self.place(AttentionCandidate()))
        else:
            began, read = self.tracker.after(function, name, given, named, output)
            if began:
                self.place(began)
                began.made = output if is_attention(began.layer) else None
            for one in read:
                self.keep(one)
            if self.tracker.unexplained:
                self.suspects.append(self.place(AttentionCandidate()))
        return output

    def hide(self, found):
        self.observed.update(found.running)
        self.opaque += [self.names[found.layer]] if found.layer in self.names else []

    def heard_kernel(self, function, args, kwargs, output):
        """A fused kernel ran: read with weights that are worked out aside."""
        if any(is_apart(tensor) for tensor in tensors([*args, *kwargs.values()])):
            return self.hide(self.place(AttentionCandidate()))
        weights, letters, value, named = heard_kernel(
            self.tracker, function, args, kwargs
        )
        found = self.place(self.tracker.began(weights, weights, weights.dim() - 1))
        results = tensors([output])
        self.tracker.note(None, "", (), {}, tensors(args[:1]), results)
        for read in self.tracker.read(found, found.key, weights, letters, value, named):
            self.tracker.of(results[0]).after = read.number
            self.keep(read)

    def place(self, found, reading=()):
        """Note in which layer of the model it began: None for another model's.

        reading: the modules that were running when values were read with it.
        """
        found.running = found.running or [frame.module for frame in self.frames]
        inside = [m for m in reversed(found.running) if m in self.names]
        nobody = None if found.running else self.root  # a method that is not forward
        found.layer = innermost_attention(inside, reading) or nobody
        return found

    def keep(self, read):
        """Hold on to weights that were read, until their layer has run."""
        found = self.place(read.candidate, [frame.module for frame in self.frames])
        if found.layer is None or is_router(found.layer):
            return
        self.observed.update(found.running)
        own = [frame for frame in self.frames if frame.module is found.layer]
        if own:
            own[-1].reads.append(read)
        elif all(filed.candidate is not found for filed in self.filed):
            self.file(read)

    def name_of(self, layer):
        """Its name in the model; the model itself has none but that of its class."""
        return self.names.get(layer) or type(layer).__name__

    def file(self, read):
        """In the order of the reads: an outer layer is left after its inner ones."""
        kind = "cross" if read.cross else "self"
        call = Call(self.name_of(read.candidate.layer), kind, read.weights)
        place = bisect_right(self.filed, read.number, key=lambda one: one.number)
        self.filed.insert(place, read)
        self.captured.in_order.insert(place, call)
