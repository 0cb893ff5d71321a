"""What holds for one block, and is put back after it, also when the block fails."""

from contextlib import contextmanager

import torch


@contextmanager
def eval_mode(model):
    """Evaluation mode for every part of a model; then each part has its own mode again.

    A part may have been in evaluation mode before (a frozen encoder), so
    `model.train()` afterwards would not do.
    """
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def one_thread():
    """For tensors as small as these, waiting for a second thread costs more than it
    brings: several times more, where another program wants that core."""
    return use_threads(1)


@contextmanager
def use_threads(count):
    """Let torch use `count` threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
