"""What ran and may have attended, and left no weights."""

import re

from helpers.inspection.capture.layers import (
    is_attention,
    is_router,
    is_scripted_product,
)


def hidden_layers(listener):
    """Names of layers that ran, and may have attended, without a sign of weights:
    those called attention, scripted ones with a product in them, and those that
    multiplied with a product of two tensors."""
    tracker = listener.tracker
    none = {m for one in tracker.refused for m in one.running}
    found = [
        module
        for module, around in listener.executed.items()
        if module not in listener.observed | none and not around
        if is_attention(module) or is_scripted_product(module)
    ]
    filed = {found.layer for found in listener.filed}
    unread = [s for s in tracker.waiting if s.touched and is_likely(s, listener.names)]
    suspects = [*listener.suspects, *unread]
    found += [s.layer for s in suspects if s.layer not in filed and s.layer]
    names = dict.fromkeys([*listener.opaque, *map(listener.name_of, found)])
    return [n for n in names if not any(n.startswith(f"{m}.") for m in names)]


def is_likely(found, names):
    """By the product that made its scores, or by a name: more than a gate."""
    named = f"{names.get(found.layer)} {type(found.layer).__name__}"
    likely = found.scored or re.search("att(ention|n)", named, re.IGNORECASE)
    return bool(likely) and not is_router(found.layer)


def layers_without_places(listener):
    """Names of layers whose softmax is no attention over places."""
    layers = dict.fromkeys(one.layer for one in listener.tracker.refused)
    return [listener.name_of(layer) for layer in layers if layer]
