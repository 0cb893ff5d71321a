"""Settings that hold inside a `with` block, and are restored even if it fails."""

from contextlib import contextmanager

import torch


@contextmanager
def eval_mode(model):
    """Evaluation mode for every submodule; afterwards each has its own mode again.

    `model.train()` would not do: a submodule, such as a frozen encoder, may have been
    in evaluation mode before.
    """
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


@contextmanager
def use_threads(count):
    """Let torch use `count` threads: with tensors as small as those of the course, to
    wait for a second one costs more than it saves, above all on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
