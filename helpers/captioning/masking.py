"""Keep a captioner from attending to some cells while it says some of its words."""

from contextlib import contextmanager
from itertools import count

from helpers.captioning.attention import MultiHeadAttention

READ_THE_IMAGE = ("decoder.attention", "cross_attention")  # ends of layers' names


@contextmanager
def may_look(model, allowed):
    """Inside the block, word t of caption b may attend to cell n if allowed[b, t, n].

    allowed: (B, T, N) bool; for a transformer it holds in every layer and head. The
    model must be called with B images and T words.
    """
    calls = {}  # a recurrent decoder attends once per word

    def give_mask(layer, inputs, named):
        if isinstance(layer, MultiHeadAttention):
            return inputs, named | {"mask": allowed[:, None]}  # (B, 1, T, N)
        t = next(calls.setdefault(layer, count())) % allowed.shape[1]
        return inputs, named | {"mask": allowed[:, t, None]}  # (B, 1, N)

    layers = [x for name, x in model.named_modules() if name.endswith(READ_THE_IMAGE)]
    hooks = [x.register_forward_pre_hook(give_mask, with_kwargs=True) for x in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
