"""The layout by experiment: the probe, on the grids that were counted."""

from dataclasses import replace
from inspect import signature

import torch

from helpers.inspection.probe import CLEAR, probe_layout
from helpers.inspection.shapes.report import Candidate, Known

MOST_GRIDS = 3


class Found(Exception):
    """Ends a run of the model as soon as its tokens are there."""


def by_experiment(N, candidates, read_tokens, facts):
    """(candidates, doubts): the layout that the probe found; the old ones if none.

    read_tokens: images (B, 3, H, W) -> (B, N, D), see `probe_layout`.
    """
    seed = torch.Generator().manual_seed(0)
    image = torch.rand(3, *facts.image_size, generator=seed)  # (3, H, W)
    grids = [c.layout.grid for c in candidates if len(c.layout.grid) == 2]
    grids += [(g.h, g.w) for g in facts.grids()[:MOST_GRIDS]]
    doubts = []
    for h, w in list(dict.fromkeys(grids))[:MOST_GRIDS]:
        if h * w > N:
            continue
        try:
            probed = probe_layout(read_tokens, image, (h, w))
        except ValueError as error:
            return candidates, [f"the probe could not say: {error}"]
        if probed.length != N:
            text = f"read_tokens has {probed.length} keys, the weights have {N}"
            return candidates, [f"{text}: it must return what these keys are made of"]
        same = [c for c in candidates if c.layout == probed]
        # On a finer grid, a cell would move several keys alike.
        clear = not probed.unresolved and probed.confidence.median() > CLEAR
        if (same or clear) and len(probed.unresolved) <= h * w // 4:
            base = [*same, Candidate(probed, "", f"{N - h * w} other keys")][0]
            known = {"known": Known.TESTED, "free": False}
            return [replace(base, layout=probed, **known)], []
        doubts.append(f"by experiment, {h} x {w} is not the grid")
    return candidates, doubts


def reader_of(model, N, image_size, **inputs):
    """A read_tokens for a model: the output (B, N, D) of the first layer that has one.

    Returns None where the model does not take images alone, or no layer has N tokens.
    """
    image = torch.zeros(1, 3, *image_size)
    if "interpolate_pos_encoding" in signature(model.forward).parameters:
        inputs["interpolate_pos_encoding"] = True  # any size, not just the usual one

    def first(images, layer=None):
        """(layer, its tokens) of the first layer with N tokens for every image."""

        def look(module, _, output):
            tokens = output[0] if isinstance(output, tuple) and output else output
            tokens = getattr(tokens, "last_hidden_state", tokens)
            wanted = layer is None or module is layer
            if wanted and isinstance(tokens, torch.Tensor) and tokens.dim() == 3:
                if tokens.shape[:2] == (len(images), N):
                    raise Found(module, tokens)

        hooks = [m.register_forward_hook(look) for m in model.modules()]
        try:
            model(images, **inputs)
        except Found as found:
            return found.args
        except Exception:  # whatever it is that this model wants besides images
            return None, None
        finally:
            for hook in hooks:
                hook.remove()
        return None, None

    with torch.no_grad():
        layer, _ = first(image)
    return None if layer is None else lambda images: first(images, layer)[1]
