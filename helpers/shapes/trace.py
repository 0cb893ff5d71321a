"""What went through a program, step by step, until it ended or failed.

torchinfo draws such tables for models that run through. This one is for those that do
not: it keeps the rows up to the failure, shows the plain functions between the layers
(a reshape is where most of them stop), and says what the failing step could take.
"""

import linecache

import torch
from torch import nn
from torch.overrides import TorchFunctionMode, resolve_name

from helpers.shapes.table import Row, Trace
from helpers.shapes.wants import wants

# Functions that change no shape are left out, but for these, which people look for.
ALWAYS = ("softmax", "sigmoid", "masked_fill")


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
        nn.modules.module.register_module_forward_hook(recorder.leave),
    ]
    try:
        with recorder:
            trace.output = model(*inputs, **keywords)
    except Exception as error:
        recorder.fail(error)
    finally:
        for hook in hooks:
            hook.remove()
    return trace


class Recorder(TorchFunctionMode):
    """Writes rows: modules by their hooks, functions as they are called."""

    def __init__(self, model):
        super().__init__()
        self.trace = Trace()
        self.names = names_in(model)
        self.stack = []  # modules that are running, outermost first
        self.pending = None  # a step that has begun and not ended

    def name_of(self, module):
        return self.names.get(module) or type(module).__name__

    def inside_a_layer(self):
        """True within a layer of torch.nn, which is one step."""
        return any(is_layer(module) for module in self.stack)

    def enter(self, module, inputs):
        if is_layer(module) and not self.inside_a_layer():
            row = Row(self.name_of(module), type(module).__name__, shapes(inputs))
            self.pending = (module, row, inputs)
        self.stack.append(module)

    def leave(self, module, inputs, output):
        self.stack.pop()
        if is_layer(module) and not self.inside_a_layer():
            self.end(output)

    def end(self, output):
        """The pending step has come to its end."""
        _, row, _ = self.pending
        self.pending, row.gave = None, shapes(output)
        self.trace.rows.append(row)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = (resolve_name(function) or function.__name__).split(".")[-1]
        given = tensors(args)
        # Reading .shape and the like, making new tensors, and the inside of layers.
        if name == "__get__" or not given or self.inside_a_layer():
            return function(*args, **kwargs)
        where = self.name_of(self.stack[-1]) if self.stack else ""
        row = Row(where, say(name, args, kwargs), shapes(given))
        before = self.pending
        self.pending = (name, row, args)
        output = function(*args, **kwargs)
        changed = shapes(output) != shapes(given[0])
        if tensors([output]) and (changed or name in ALWAYS):
            self.end(output)
        self.pending = before
        return output

    def fail(self, error):
        self.trace.error = error
        self.trace.line = users_line(error)
        if self.pending:
            step, row, args = self.pending
            self.trace.rows.append(row)
            self.trace.wanted = wants(step, args)


def names_in(model):
    """{module: its path}: in a model, or in the models that a function speaks of."""
    if isinstance(model, nn.Module):
        return {module: name for name, module in model.named_modules()}
    code = getattr(model, "__code__", None)
    known = getattr(model, "__globals__", {})
    spoken = [(name, known.get(name)) for name in (code.co_names if code else ())]
    return {
        module: f"{outer}.{name}".rstrip(".")
        for outer, inside in spoken
        if isinstance(inside, nn.Module)
        for name, module in inside.named_modules()
    }


def is_layer(module):
    """A layer that PyTorch brings along; lists and sequences of them are only boxes."""
    boxes = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    return type(module).__module__.startswith("torch.nn") and not isinstance(
        module, boxes
    )


def tensors(values):
    """The tensors in a sequence of arguments, lists and tuples opened."""
    found = []
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += tensors(value)
    return found


def shapes(value):
    """Shapes as text: (2, 15, 32), or several with commas, names where there are."""
    if isinstance(value, torch.Tensor):
        return str(tuple(value.shape))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shapes(entry)}" for name, entry in value.items())
    if isinstance(value, list | tuple):
        texts = [shapes(entry) for entry in value]
        if len(texts) > 2 and len(set(texts)) == 1:
            return f"{len(texts)} of {texts[0]}"
        return ", ".join(texts)
    if hasattr(value, "__dataclass_fields__"):
        return shapes({name: getattr(value, name) for name in vars(value)})
    return "None" if value is None else type(value).__name__


def say(name, args, kwargs):
    """A call as a reader knows it: reshape(14, 14), softmax(dim=-1)."""
    signs = {"matmul": "@", "add": "+", "sub": "-", "mul": "*", "div": "/"}
    name = name.strip("_")
    name = name.removeprefix("r") if name in ("radd", "rsub", "rmul", "rdiv") else name
    if name in signs:
        return signs[name]
    if name == "getitem":
        return "[...]"
    plain = [str(a) for a in args[1:] if is_plain(a)]
    named = [f"{k}={v}" for k, v in kwargs.items() if is_plain(v)]
    return f"{name}({', '.join(plain + named)})"


def is_plain(value):
    """A number, a word, or a few of them: short enough to show."""
    if isinstance(value, list | tuple):
        return all(is_plain(entry) for entry in value)
    return isinstance(value, int | float | str)


def users_line(error):
    """File, line and code of the innermost frame that is not PyTorch's or ours."""
    frame, found = error.__traceback__, ""
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if "/torch/" not in name and name != __file__:
            code = linecache.getline(name, frame.tb_lineno).strip()
            where = name if name.startswith("<") else name.rsplit("/", 1)[-1]
            found = f"{where}, line {frame.tb_lineno}: {code}"
        frame = frame.tb_next
    return found
