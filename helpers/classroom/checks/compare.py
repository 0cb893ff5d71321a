"""Is an answer right, is it a known wrong one, and what sets the two apart?"""

from textwrap import shorten

import torch


class Fault(Exception):
    """What a check says of an attempt that gives no answer to compare."""


def same(answer, right):
    """Whether an answer is right: equal, and of the kind that was asked for."""
    if isinstance(right, Exception):
        words, text = str(right).split(), str(answer).lower()
        return isinstance(answer, type(right)) and all(word in text for word in words)
    return equal(answer, right) and not wrong_kind(answer, right)


def alike(answer, wrong, right):
    """Whether an answer is this wrong one; of errors the type counts, not the text."""
    if isinstance(wrong, Exception):
        return type(answer) is type(wrong) and same(answer, right) == same(wrong, right)
    return equal(answer, wrong)


def equal(answer, value):
    """Equal text, or equal numbers in an equal shape; a tuple part by part."""
    if isinstance(value, str):
        return isinstance(answer, str) and answer == value
    if isinstance(value, tuple):
        several = hasattr(answer, "__len__")  # a list, a tensor or an array will do
        return several and len(answer) == len(value) and all(map(equal, answer, value))
    answer, value = numbers(answer), numbers(value)
    if answer is None or value is None or answer.shape != value.shape:
        return False
    return torch.allclose(answer.double(), value.double(), atol=1e-5, equal_nan=True)


def numbers(answer):
    """A tensor of an answer; None if it is none, like a tuple of several tensors."""
    try:
        return torch.as_tensor(answer)
    except (TypeError, ValueError, RuntimeError):
        return None


def wrong_kind(answer, right):
    """What to say of equal numbers of another kind; None where they are of the kind."""
    if type(right) is int and isinstance(answer, float):
        return "a count is a whole number: use // instead of /"
    if getattr(right, "dtype", None) == torch.bool:  # a mask: `~` needs the real thing
        kind = numbers(answer).dtype
        if kind != torch.bool:
            return f"True and False, please: dtype=torch.bool, not {kind}"
    return None


def difference(answer, right):
    """What sets a wrong answer apart from the right one, in a few words."""
    if isinstance(right, Exception):
        words = " and ".join(str(right).split())
        return f"raise {type(right).__name__} with {words} in it, not: {brief(answer)}"
    if isinstance(answer, Exception):
        return raised(answer)
    if answer is None:
        return "your function returned None. Is there a return?"
    if hasattr(right, "_fields"):
        return difference_of_parts(answer, right)
    if isinstance(right, str | tuple):
        return f"expected {right!r}, got {brief(answer)}"
    if equal(answer, right):
        return wrong_kind(answer, right)
    found, right = numbers(answer), torch.as_tensor(right)
    if found is None:
        return no_numbers(answer, right)
    if right.ndim == 0 and right.dtype == torch.bool and found.numel() > 1:
        return f"{found.numel()} answers, not one: end the comparison with `.all()`"
    if found.shape != right.shape:
        text = f"expected shape {tuple(right.shape)}, got {tuple(found.shape)}"
        extra = equal(found.squeeze(), right.squeeze())
        return f"{text}: drop the axis of size 1" if extra else text
    if found.isnan().any():
        return f"{int(found.isnan().sum())} of {found.numel()} values are NaN"
    if right.numel() == 1 or right.dtype == torch.bool:
        return f"expected {right.tolist()}, got {found.tolist()}"
    gap = (found.double() - right.double()).abs().max()
    return f"the shape is right, but the largest difference is {gap:.3g}"


def difference_of_parts(answer, right):
    """The first of several tensors that is wrong, by its name."""
    together = isinstance(answer, tuple | list)
    if not together or len(answer) != len(right):
        kind = f"{len(answer)} things" if together else "one"
        wanted = ", ".join(right._fields)
        return f"return {len(right)} things, {wanted}; you return {kind}"
    if all(any(same(part, wanted) for part in answer) for wanted in right):
        return f"in this order, please: {', '.join(right._fields)}"
    for name, found, wanted in zip(right._fields, answer, right, strict=True):
        if not same(found, wanted):
            return f"{name}: {difference(found, wanted)}"


def no_numbers(answer, right):
    """About several tensors where one is asked for, or another thing."""
    if not isinstance(answer, tuple | list):
        return f"expected numbers, got {brief(answer)}"
    got = f"{len(answer)} things, a {type(answer).__name__}"
    for number, part in enumerate(answer):
        if same(part, right):
            return f"you return {got}: only number {number} of them, [{number}], please"
    return f"you return {got}: one tensor, please, of shape {tuple(right.shape)}"


def brief(answer):
    """An answer or an error in a few words."""
    if isinstance(answer, Exception):
        return f"{type(answer).__name__}: {answer}"
    return shorten(repr(answer), 80)


def raised(error):
    """What the attempt raised, and the remedy for the most frequent case."""
    if isinstance(error, Fault):
        return str(error)
    text = f"your function raised {brief(error)}"
    if "ambiguous" in text:
        text += ". Your comparison gave several answers: end it with `.all()`"
    return text
