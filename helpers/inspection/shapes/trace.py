"""What went through a program, step by step, until it ended or failed.

torchinfo draws such tables for models that run through. This one is for those that do
not: it keeps the rows up to the failure, shows the plain functions between the layers
(a reshape is where most of them stop), and says what the failing step could take.
torchlens keeps the steps before a failure, without the one that failed, and takes
modules only, no functions.
"""

import inspect
import os
import re
import sys
import traceback
from contextlib import suppress

import torch
from torch import nn
from torch.overrides import TorchFunctionMode, resolve_name

from helpers.inspection.shapes.trace_table import (
    Row,
    Trace,
    call,
    shapes,
    tensors,
    wants,
)

# Functions that change no shape are left out, but for these, which people look for.
ALWAYS = ("softmax", "sigmoid", "masked_fill", "scaled_dot_product_attention")
TORCH = os.path.join(os.path.dirname(torch.__file__), "")  # its own files lie in here


def trace_shapes(model, *inputs, **keywords):
    """Run `model(*inputs)` once and return a Trace of every step and its shapes.

    model: a module, or any function that calls modules and torch functions. A layer of
    torch.nn is one step; so is a torch function in between that changes a shape. The
    trace prints as text and shows as a table in a notebook. An exception is caught and
    kept in `trace.error`; gradients and the training mode are left as they are.
    Raises TypeError for what cannot be called.
    """
    if not callable(model):
        raise TypeError(f"expected a module or a function, got {type(model).__name__}")
    recorder = Recorder(model)
    trace = recorder.trace
    hooks = [
        nn.modules.module.register_module_forward_pre_hook(recorder.enter),
        nn.modules.module.register_module_forward_hook(
            recorder.leave, with_kwargs=True, always_call=True
        ),
    ]
    with hooks[0], hooks[1], recorder:  # which are removed behind it
        try:
            trace.output = model(*inputs, **keywords)
        except Exception as error:
            recorder.fail(error)
    return trace


class Recorder(TorchFunctionMode):
    """Writes rows: modules by their hooks, functions as they are called."""

    def __init__(self, model):
        super().__init__()
        self.trace = Trace()
        self.names = names_in(model)
        self.stack = []  # modules that are running, outermost first
        self.failed = None  # the last step that failed: its error and its row

    def name_of(self, module):
        return self.names.get(module) or type(module).__name__

    def inside_a_layer(self):
        """True within a layer of torch.nn, which is one step."""
        return any(is_layer(module) for module in self.stack)

    def enter(self, module, inputs):
        self.stack.append(module)

    def leave(self, module, inputs, *rest):
        """After the layer, and after its failure: then there is no output."""
        *keywords, output = rest  # PyTorch leaves the keywords out after a failure
        self.stack.pop()
        if not is_layer(module) or self.inside_a_layer():
            return
        named = {k: v for k, v in (keywords or [{}])[0].items() if tensors([v])}
        got = ", ".join(filter(None, [shapes(inputs), shapes(named)])) or "by keyword"
        row = Row(self.name_of(module), type(module).__name__, got)
        if output is None:  # no layer of torch.nn returns None
            self.failed = (sys.exc_info()[1], row, "")
        else:
            self.trace.rows.append(row._replace(gave=shapes(output)))

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        path = (resolve_name(function) or function.__name__).split(".")
        read = path[-1] == "__get__"
        name = path[-2] if read else path[-1]
        given = tensors([*args, *kwargs.values()])
        # Reading .shape and the like, making new tensors, and the inside of layers.
        unseen = read and name not in ("T", "mT", "H", "mH")
        if unseen or not given or self.inside_a_layer():
            return function(*args, **kwargs)
        where = self.name_of(self.stack[-1]) if self.stack else ""
        step = f".{name}" if read else call(name, args, kwargs)
        row = Row(where, step, shapes(given))
        try:
            output = function(*args, **kwargs)
        except Exception as error:
            self.failed = (error, row, wants(name, args, kwargs))
            raise
        changed = shapes(output) != shapes(given[0])
        if tensors([output]) and (changed or name in ALWAYS):
            self.trace.rows.append(row._replace(gave=shapes(output)))
        return output

    def fail(self, error):
        self.trace.error = error
        self.trace.line = users_line(error)
        # A program may catch the error of a step and go on: that one is not the cause.
        while self.failed and error is not None:
            if error is self.failed[0]:
                _, row, self.trace.wanted = self.failed
                self.trace.rows.append(row)
                return
            error = error.__cause__ or error.__context__


def names_in(model):
    """{module: its path}: in a model, or in the models that a function speaks of."""
    spoken = {"": getattr(model, "__self__", model)}  # the model of model.caption
    if inspect.isfunction(model):
        with suppress(ValueError):  # a name of the function around has no value yet
            around = inspect.getclosurevars(model)
            spoken |= {**around.globals, **around.nonlocals}
    return {
        module: f"{outer}.{name}".strip(".")
        for outer, inside in spoken.items()
        if isinstance(inside, nn.Module)
        for name, module in inside.named_modules()
    }


def is_layer(module):
    """A layer that PyTorch brings along; lists and sequences of them are only boxes."""
    box = isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict)
    return type(module).__module__.startswith("torch.nn") and not box


def users_line(error):
    """File, line and code of the innermost frame that is not PyTorch's or ours."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        name = frame.filename
        if not name.startswith(TORCH) and name != __file__:
            where = "a cell" if "ipykernel" in name else re.split(r"[\\/]", name)[-1]
            return f"{where}, line {frame.lineno}: {frame.line}"
    return ""
