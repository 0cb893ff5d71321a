"""An attention inside of wrappers, checkpoints, hooks and other models."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

from .calling import GROUP, Attends, Cross, MethodOfTheChild, Own, attention, heads
from .captioners import d
from .core import case
from .layouts import Projections
from .record import note


@case(GROUP, "words", "cells")
class FunctionalCall(MethodOfTheChild):
    """torch.func.functional_call with scaled parameters."""

    def forward(self, x, cells):
        scaled = {n: p * 1.5 for n, p in self.inner.named_parameters()}
        q = heads(F.linear(x, scaled["q.weight"], scaled["q.bias"]))
        k = heads(F.linear(cells, scaled["k.weight"], scaled["k.bias"]))
        note(self.inner, (q @ k.mT / d**0.5).softmax(-1), "b a t n", "cross")
        return torch.func.functional_call(self.inner, scaled, (x, cells))


class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(Own(), Own(), Own(), Own())


TRAIN = {"train": True, "layer": "decoder.attention.layers"}


@case(GROUP, "cells", **TRAIN)
class CheckpointSequential(Stack):
    def forward(self, x):
        return checkpoint_sequential(self.layers, 2, x, use_reentrant=False)


@case(GROUP, "cells", **TRAIN)
class CheckpointReentrant(Stack):
    def forward(self, x):
        x = x.requires_grad_()
        for layer in self.layers:
            x = checkpoint(layer, x, use_reentrant=True)
        return x


@case(GROUP, "cells", train=True)
class CheckpointedFunction(Projections):
    """Only the core is checkpointed: a function of q, k, v."""

    def forward(self, x):
        q, k, v = map(heads, (self.q(x), self.k(x), self.v(x)))
        out = checkpoint(attention, q, k, v, self, "self", use_reentrant=False)
        return self.o(out.transpose(1, 2).flatten(2))


@case(GROUP, "words", "cells", layer="decoder.attention.inner")
class HooksOfTheModel(nn.Module):
    """Hooks change the input, keep the output, and replace it."""

    def __init__(self):
        super().__init__()
        self.inner, self.seen = Cross(), []
        self.inner.register_forward_pre_hook(lambda m, args: (args[0] * 2, args[1]))
        self.inner.register_forward_hook(lambda m, args, out: self.seen.append(out))
        self.inner.register_forward_hook(lambda m, args, out: (out, args[0]))
        self.inner.q.register_forward_hook(lambda m, args, out: out + 1)

    def forward(self, x, cells):
        out, doubled = self.inner(x, cells)
        return out + doubled


@case(GROUP, "words", "cells", layer="decoder.attention.inner")
class Siamese(nn.Module):
    """One module, three times, with inputs of other lengths and orders."""

    def __init__(self):
        super().__init__()
        self.inner = Cross()

    def forward(self, x, cells):
        there, back = self.inner(x, cells), self.inner(cells, x)
        return there, back, self.inner(cells[:, :3], there)


@case(GROUP, "cells", layer="decoder.attention.inner")
class Recursion(nn.Module):
    """Universal transformer: the same layer, by recursion."""

    def __init__(self):
        super().__init__()
        self.inner = Own()

    def deeper(self, x, depth):
        return x if depth == 0 else self.deeper(self.inner(x), depth - 1)

    def forward(self, x):
        return self.deeper(x, 3)


@case(GROUP, "cells")
class RecursionInOneForward(Own):
    """The same, without a module for the layer."""

    def forward(self, x, depth=3):
        if depth == 0:
            return x
        q, k, v = self.q(x), self.k(x), self.v(x)
        return self.forward(x + attention(q, k, v, self, "self"), depth - 1)


@case(GROUP, "words", "cells", layer="decoder.attention.module")
class Wrapper(nn.Module):
    """DataParallel on a CPU, and a wrapper that hands everything on."""

    def __init__(self):
        super().__init__()
        self.module = nn.DataParallel(Handing(Cross()))

    def forward(self, *args, **named):
        return self.module(*args, **named)


class Handing(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.model, name)

    def forward(self, *args, **named):
        return self.model(*args, **named)


@case(GROUP, "words", "cells")
class Parametrized(Cross):
    """weight_norm, spectral_norm and a parametrization of one's own."""

    def __init__(self):
        super().__init__()
        p = nn.utils.parametrizations
        self.q, self.k = p.weight_norm(self.q), p.spectral_norm(self.k)
        nn.utils.parametrize.register_parametrization(self.v, "weight", Symmetric())


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT


@case(GROUP, "words", "cells", layer="decoder.attention.net")
class Traced(nn.Module):
    """A GraphModule from torch.fx."""

    def __init__(self):
        super().__init__()
        self.net = torch.fx.symbolic_trace(Attends())

    def forward(self, x, cells):
        q, k = heads(self.net.q(x)), heads(self.net.k(cells))
        note(self.net, (q @ k.mT / d**0.5).softmax(-1), "b a t n", "cross")
        return self.net(x, cells)


class Output(NamedTuple):
    hidden: torch.Tensor
    attentions: dict
