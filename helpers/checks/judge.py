"""Compare an attempt with the right answer, and say what is wrong with it."""

from textwrap import shorten

import torch


def judge(attempt, inputs, right, mistakes=()):
    """Run `attempt(*inputs)`, compare with `right`, print one line.

    mistakes: pairs of a wrong answer and the words to say to whoever arrives at it.
    """
    try:
        answer = attempt(*inputs)
    except NotImplementedError:
        print("Not attempted yet.")
        return
    except Exception as error:  # a learner's code may raise anything: say it in a line
        print(f"Not yet: your function raised {type(error).__name__}: {error}")
        return
    if same(answer, right):
        print("Correct.")
        return
    for wrong, words in mistakes:
        if same(answer, wrong):
            print(f"Not yet: {words}")
            return
    print(f"Not yet: {difference(answer, right)}")


def same(answer, right):
    """Equal numbers in an equal shape; a tuple counts as a tensor of its values."""
    if holds_text(right):
        return answer == right
    try:
        answer, right = torch.as_tensor(answer), torch.as_tensor(right)
    except (TypeError, ValueError, RuntimeError):
        return False
    if answer.shape != right.shape:
        return False
    return torch.allclose(answer.double(), right.double(), atol=1e-5, equal_nan=True)


def holds_text(right):
    """True for words, and for a list of words: there is nothing to subtract."""
    return isinstance(right[0] if isinstance(right, list) else right, str)


def difference(answer, right):
    """What sets a wrong answer apart from the right one, in a few words."""
    if answer is None:
        return "your function returned None. Is there a return?"
    if holds_text(right):
        return f"expected {right!r}, got {shorten(repr(answer), 80)}"
    try:
        answer, right = torch.as_tensor(answer), torch.as_tensor(right)
    except (TypeError, ValueError, RuntimeError):
        return f"expected numbers, got {type(answer).__name__}"
    if answer.shape != right.shape:
        return f"expected shape {tuple(right.shape)}, got {tuple(answer.shape)}"
    if answer.isnan().any():
        return f"{int(answer.isnan().sum())} of {answer.numel()} values are NaN"
    if right.numel() == 1:
        return f"expected {right.item()}, got {answer.item()}"
    if right.dtype == torch.bool:
        return f"expected {right.tolist()}, got {answer.tolist()}"
    gap = (answer.double() - right.double()).abs().max()
    return f"the shape is right, but the largest difference is {gap:.3g}"


def random(*shape, seed=0):
    """Random numbers of a shape, the same ones every time."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
