"""The judge of the exercises: compares an attempt with right and wrong answers.

An exercise is a function of the inputs of one case. It returns the right answer, and
{what went wrong: the answer that shows it, or `either` of several}:

    @exercise((96, 152, 8), (48, 80, 16))
    def check_count_keys(H, W, stride):
        '''attempt(H, W, stride) -> the number of cells.'''
        h, w = H // stride, W // stride
        return h * w, {"rows times columns, not plus": h + w}
"""

import inspect
from copy import deepcopy
from functools import cached_property

import torch
from torch import nn

from helpers.classroom.checks.compare import Fault, alike, brief, difference, same


def exercise(*cases, call=lambda attempt, *inputs: attempt(*inputs)):
    """Turn the function below into a Check."""
    return lambda answers: Check(answers, cases, call)


def either(*answers):
    """Several answers that show the same mistake."""
    return list(answers)


class Check:
    """The check of an exercise: called with an attempt, it prints one line.

    answers: the function of a case's inputs. Where an attempt has to raise an error,
    the answer is that error, and the words of its text must be in the attempt's.
    Several tensors are a NamedTuple, and go by the names of its fields.
    cases: the inputs of each, or one {words that describe the case: its inputs}.
    call: how to get an answer from an attempt that is no plain function of the inputs.

    An attempt that makes none of the known mistakes is told the first case it fails.
    """

    def __init__(self, answers, cases, call):
        self.__doc__, self.answers, self.call = answers.__doc__, answers, call
        names = inspect.signature(answers).parameters
        if isinstance(cases[0], dict):
            self.cases = cases[0]
        else:
            self.cases = {described(names, inputs): inputs for inputs in cases}

    def __call__(self, attempt):
        print(self.verdict(attempt))

    def verdict(self, attempt):
        """The line to print about an attempt."""
        return self.say([self.answer(attempt, case) for case in self.cases.values()])

    def answer(self, attempt, inputs):
        """What an attempt answers, on inputs of its own: it may write into them."""
        try:
            return plain(self.call(attempt, *deepcopy(inputs)))
        except Exception as error:  # an attempt may raise anything: say it in a line
            return error

    @cached_property
    def known(self):
        """The right answers to all cases, and [(words, wrong answers to all cases)]."""
        pairs = [self.answers(*deepcopy(inputs)) for inputs in self.cases.values()]
        rights, mistakes = zip(*pairs, strict=True)
        wrong = []
        for words in mistakes[0]:
            found = [case[words] for case in mistakes]
            lists = [x if isinstance(x, list) else [x] for x in found]
            for answers in zip(*lists, strict=True):
                wrong.append((words, list(map(plain, answers))))
        return list(map(plain, rights)), wrong

    def say(self, said):
        """The line to print about the answers to all cases."""
        if any(isinstance(answer, NotImplementedError) for answer in said):
            return "Not attempted yet."
        rights, mistakes = self.known
        passed = list(map(same, said, rights))
        if all(passed):
            return "Correct."
        for words, wrong in mistakes:
            if all(map(alike, said, wrong, rights)):
                return f"Not yet: {words}"
        constant = len({repr(answer) for answer in said}) == 1 < len(said)
        if constant and isinstance(said[0], int | float | str | tuple):
            return f"Not yet: your function says {brief(said[0])} to everything"
        first = passed.index(False)
        case = list(self.cases)[first]
        return f"Not yet: {difference(said[first], rights[first])} (for {case})"


def described(names, inputs):
    """The inputs of a case in words: a tensor by its shape, all else as it is."""
    return ", ".join(
        f"{name} {tuple(x.shape)}" if hasattr(x, "shape") else f"{name}={x}"
        for name, x in zip(names, inputs, strict=True)
    )


def plain(answer):
    """A tensor or array without axes as a number; anything else as it is."""
    return answer.item() if getattr(answer, "shape", None) == () else answer


def load(module, weights):
    """Load weights, or raise a Fault that says what of a module does not fit them."""
    if not isinstance(module, nn.Module):
        name = type(module).__name__
        raise Fault(f"the class must be an nn.Module: `class {name}(nn.Module)`")
    own = {name: tuple(x.shape) for name, x in module.state_dict().items()}
    for name, values in weights.items():
        if name not in own:
            have = ", ".join(own) or "nothing"
            raise Fault(f"{name} is missing from your module, which has {have}")
        if own[name] != values.shape:
            raise Fault(
                f"{name} should have shape {tuple(values.shape)}, yours has {own[name]}"
            )
    extra = [name for name in own if name not in weights]
    if extra:
        raise Fault(f"your module has {extra[0]}, for which there are no weights")
    module.load_state_dict(weights)


def random(*shape, seed=0):
    """Random numbers of a shape, the same ones every time."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def randoms(*shapes):
    """Random numbers of several shapes, no two tensors alike."""
    return [random(*shape, seed=seed) for seed, shape in enumerate(shapes)]
