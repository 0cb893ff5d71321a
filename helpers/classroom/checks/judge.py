"""Compare an attempt with the right answer, and say what is wrong with it."""

from copy import deepcopy
from functools import cached_property
from textwrap import shorten

import torch


class Fault(Exception):
    """What a check itself says of an answer that cannot be compared."""


class Check:
    """The check of an exercise: called with a learner's function, it prints one line.

    asks: the function that is wanted; becomes the check's docstring. right: a function
    that answers right, or raises an error whose text is the words that the learner's
    must hold; several tensors are returned as a NamedTuple, and named by its fields.
    cases: {words that describe the case: its inputs}, or a function that makes them
    when they are first wanted. mistakes: {words to say: a function that makes the
    mistake, or a tuple of them}. An attempt that makes none of the mistakes is told the
    first case that it gets wrong.
    """

    def __init__(self, asks, right, cases, mistakes):
        self.__doc__ = asks
        self.right, self.given, self.mistakes = right, cases, mistakes
        self.remembered = {}  # what the check's own functions answer

    @cached_property
    def cases(self):
        return self.given() if callable(self.given) else self.given

    def __call__(self, attempt):
        print(self.verdict(attempt))

    def verdict(self, attempt):
        """The line to print: of `attempt` on all cases."""
        said, right = self.run(attempt), self.known(self.right)
        if any(isinstance(answer, NotImplementedError) for answer in said):
            return "Not attempted yet."
        passed = list(map(same, said, right))
        if all(passed):
            return "Correct."
        for words, wrong in self.mistakes.items():
            for function in wrong if isinstance(wrong, tuple) else (wrong,):
                if all(map(alike, said, self.known(function), right)):
                    return f"Not yet: {words}"
        constant = len({repr(answer) for answer in said}) == 1 < len(said)
        if constant and isinstance(said[0], int | float | str | tuple):
            return f"Not yet: your function says {brief(said[0])} to everything"
        first = passed.index(False)
        case = list(self.cases)[first]
        return f"Not yet: {difference(said[first], right[first])} (for {case})"

    def known(self, function):
        """The answers of a function of the check's own, worked out once."""
        if function not in self.remembered:
            self.remembered[function] = self.run(function)
        return self.remembered[function]

    def run(self, function):
        """The answers on all cases, an error that was raised being one, too."""
        return [answer_of(function, inputs) for inputs in self.cases.values()]


def answer_of(function, inputs):
    """What a function answers, on inputs of its own: it may write into them."""
    try:
        answer = function(*deepcopy(inputs))
    except Exception as error:  # a learner's code may raise anything: say it in a line
        return error
    return answer.item() if getattr(answer, "shape", None) == () else answer


def same(answer, right):
    """Equal numbers in an equal shape; a tuple counts as a tensor of its values."""
    if isinstance(right, Exception):
        words, text = str(right).split(), str(answer).lower()
        return isinstance(answer, type(right)) and all(word in text for word in words)
    if isinstance(right, str):
        return isinstance(answer, str) and answer == right
    if hasattr(right, "_fields"):
        together = isinstance(answer, tuple | list) and len(answer) == len(right)
        return together and all(map(same, answer, right))
    answer, right = numbers(answer), numbers(right)
    if answer is None or right is None or answer.shape != right.shape:
        return False
    if lacks_bool(answer, right):
        return False
    return torch.allclose(answer.double(), right.double(), atol=1e-5, equal_nan=True)


def alike(answer, wrong, right):
    """True if an answer is the wrong one; of errors the kind counts, not the words."""
    if isinstance(wrong, Exception):
        return type(answer) is type(wrong) and same(answer, right) == same(wrong, right)
    return same(answer, wrong)


def numbers(answer):
    """A tensor of an answer; None if it is none, like a tuple of several tensors."""
    try:
        return torch.as_tensor(answer)
    except (TypeError, ValueError, RuntimeError):
        return None


def lacks_bool(answer, right):
    """Numbers in place of a mask of True and False: `~` needs the real thing."""
    return right.ndim > 0 and right.dtype == torch.bool and answer.dtype != torch.bool


def difference(answer, right):
    """What sets a wrong answer apart from the right one, in a few words."""
    if isinstance(right, Exception):
        words = " and ".join(str(right).split())
        return f"raise {type(right).__name__} with {words} in it, not: {brief(answer)}"
    if isinstance(answer, Fault):
        return str(answer)
    if isinstance(answer, Exception):
        return raised(answer)
    if answer is None:
        return "your function returned None. Is there a return?"
    if hasattr(right, "_fields"):
        return difference_of_parts(answer, right)
    if isinstance(right, str | tuple):
        return f"expected {right!r}, got {brief(answer)}"
    found, right = numbers(answer), torch.as_tensor(right)
    if found is None:
        return no_numbers(answer, right)
    if right.ndim == 0 and right.dtype == torch.bool and found.numel() > 1:
        return f"{found.numel()} answers, not one: end the comparison with `.all()`"
    if found.shape != right.shape:
        return f"expected shape {tuple(right.shape)}, got {tuple(found.shape)}"
    if lacks_bool(found, right):
        return f"True and False, please: dtype=torch.bool, not {found.dtype}"
    if found.isnan().any():
        return f"{int(found.isnan().sum())} of {found.numel()} values are NaN"
    if right.numel() == 1 or right.dtype == torch.bool:
        return f"expected {right.tolist()}, got {found.tolist()}"
    gap = (found.double() - right.double()).abs().max()
    return f"the shape is right, but the largest difference is {gap:.3g}"


def difference_of_parts(answer, right):
    """The first of several tensors that is wrong, by its name."""
    several = isinstance(answer, tuple | list)
    if not several or len(answer) != len(right):
        kind = f"{len(answer)} things" if several else "one"
        wanted = ", ".join(right._fields)
        return f"return {len(right)} things, {wanted}; you return {kind}"
    for name, found, wanted in zip(right._fields, answer, right, strict=True):
        if not same(found, wanted):
            return f"{name}: {difference(found, wanted)}"


def no_numbers(answer, right):
    """About several tensors where one is asked for, or another thing."""
    if not isinstance(answer, tuple | list):
        return f"expected numbers, got {brief(answer)}"
    kind = f"{len(answer)} things, a {type(answer).__name__}"
    for number, part in enumerate(answer):
        if same(part, right):
            return (
                f"you return {kind}: only number {number} of them, [{number}], please"
            )
    return f"you return {kind}: one tensor, please, of shape {tuple(right.shape)}"


def brief(answer):
    """An answer or an error in a few words."""
    if isinstance(answer, Exception):
        return f"{type(answer).__name__}: {answer}"
    return shorten(repr(answer), 80)


def raised(error):
    """What a learner's function raised, and the remedy for the most frequent case."""
    text = f"your function raised {brief(error)}"
    if "ambiguous" in text:
        text += ". Your comparison gave several answers: end it with `.all()`"
    return text


def random(*shape, seed=0):
    """Random numbers of a shape, the same ones every time."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
