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
        print(f"Not yet: {raised(error)}")
        return
    if same(answer, right):
        print("Correct.")
        return
    for wrong, words in mistakes:
        if same(answer, wrong):
            print(f"Not yet: {words}")
            return
    print(f"Not yet: {difference(answer, right)}")


def judge_cases(attempt, cases, mistakes=()):
    """Ask a function for a yes or a no on each case, print one line.

    cases: triples of words that describe the case, the inputs, and the right answer.
    mistakes: pairs of a wrong function (or the list of its answers) and the words to
    say to whoever writes it. Of any other, the first case is named that it gets wrong.
    """
    said = []
    for name, inputs, _ in cases:
        try:
            answer = attempt(*inputs)
            said.append(None if answer is None else bool(answer))
        except NotImplementedError:
            print("Not attempted yet.")
            return
        except Exception as error:  # as above
            print(f"Not yet: {raised(error)} (for {name})")
            return
    right = [yes for _, _, yes in cases]
    if said == right:
        print("Correct.")
        return
    if None in said:
        print("Not yet: your function returned None. Is there a return?")
        return
    for wrong, words in mistakes:
        if callable(wrong):
            wrong = [bool(wrong(*inputs)) for _, inputs, _ in cases]
        if said == wrong:
            print(f"Not yet: {words}")
            return
    first = [a == b for a, b in zip(said, right, strict=True)].index(False)
    print(f"Not yet: for {cases[first][0]} your function said {said[first]}")


def raised(error):
    """What a learner's function raised, and the remedy for the most frequent case."""
    text = f"your function raised {type(error).__name__}: {error}"
    if "ambiguous" in text:
        text += ". Your comparison gave several answers: end it with `.all()`"
    return text


def same(answer, right):
    """Equal numbers in an equal shape; a tuple counts as a tensor of its values."""
    if holds_text(right):
        return answer == right
    try:
        answer, right = torch.as_tensor(answer), torch.as_tensor(right)
    except (TypeError, ValueError, RuntimeError):
        return False
    if answer.shape != right.shape or lacks_bool(answer, right):
        return False
    return torch.allclose(answer.double(), right.double(), atol=1e-5, equal_nan=True)


def lacks_bool(answer, right):
    """Numbers in place of True and False: `~` and a mask need the real thing."""
    return right.dtype == torch.bool and answer.dtype != torch.bool


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
    if lacks_bool(answer, right):
        return f"True and False, please: dtype=torch.bool, not {answer.dtype}"
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
