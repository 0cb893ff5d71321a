"""What a tool's answer is worth: its maps against those of the reference."""

import re
import warnings
from dataclasses import dataclass

import torch
from torch.utils._pytree import tree_leaves

from .core import Case
from .record import Map, reference

ACCEPTED = {
    "right": {"right"},
    "right or refused": {"right", "refused in words"},
    "not listed": {"right"},
    "not wrong": {"right", "refused in words", "refused, no name", "silent partial"},
}


@dataclass
class Verdict:
    """One word, and what it was seen by.

    right; refused in words: an error or warning names the layer; refused, no name: an
    error says that no attention was seen; half weights: right, but not in float32;
    split: the pieces of one map as calls; wrong values, wrong kind, wrong name;
    silent partial: a layer is missing and nothing says so; listed what is none;
    changed output: not bit for bit what the model gives alone; crash.
    """

    word: str
    why: str = ""


def accepted(case: Case, verdict: Verdict) -> bool:
    """Tell whether the case expects such a verdict."""
    return verdict.word in ACCEPTED[case.expect]


def try_tool(case: Case, capture) -> Verdict:
    """Run the case plainly and under `capture`, and judge what was captured."""
    answers = reference(case)
    plain = case.run(case.model())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = case.model()
            with capture(model) as captured:
                heard = case.run(model)
            weights, kinds = dict(captured.weights), dict(captured.kinds)
        except Exception as error:  # noqa: BLE001  # what it says is judged
            return _judge_error(case, error)
    said = "\n".join(str(one.message) for one in caught)
    verdict = judge(case, answers, weights, kinds, said)
    if not same(plain, heard):
        return Verdict("changed output", f"maps: {verdict.word}. {verdict.why}")
    return verdict


def _judge_error(case: Case, error: Exception) -> Verdict:
    told = f"{type(error).__name__}: {error}"
    if not isinstance(error, (RuntimeError, ValueError, TypeError)):
        return Verdict("crash", told)
    if case.expect == "not listed" and "attention" in str(error):
        return Verdict("right", told)
    if case.layer and case.layer in told:
        return Verdict("refused in words", told)
    return Verdict("refused, no name" if "attention was" in told else "crash", told)


def same(plain, heard) -> bool:
    """Tell whether two outputs are equal bit for bit."""
    pairs = list(zip(_dense(plain), _dense(heard), strict=True))
    return all(
        a.dtype == b.dtype and a.shape == b.shape and bool(((a == b) | (a != a)).all())
        for a, b in pairs
    )


def _dense(output) -> list[torch.Tensor]:
    leaves = [one for one in tree_leaves(output) if isinstance(one, torch.Tensor)]
    return [one.to_padded_tensor(0.0) if one.is_nested else one for one in leaves]


def judge(case: Case, answers, weights: dict, kinds: dict, said: str = "") -> Verdict:
    """Give the best verdict over the answers that are right."""
    verdicts = [_judge(case, maps, weights, kinds, said) for maps in answers]
    order = ["right", "refused in words", "wrong kind", "half weights", "split"]
    order += ["wrong values"]
    ranks = [order.index(one.word) if one.word in order else 9 for one in verdicts]
    return verdicts[ranks.index(min(ranks))]


def _judge(case: Case, maps: list[Map], weights, kinds, said) -> Verdict:
    left = {key: one for key, one in weights.items() if kinds.get(key) in KINDS}
    refused = False
    for expected in maps:
        keys = [key for key in left if _belongs(key, expected.layer)]
        got = [left.pop(key) for key in keys]
        if not got:
            if expected.optional:
                continue
            if not said or expected.layer not in said:
                return _missing(expected, left)
            refused = True
            continue
        verdict = _judge_layer(case, expected, got, [kinds[key] for key in keys])
        if verdict.word != "right":
            verdict.why += " (it warned)" if expected.layer in said else ""
            return verdict
    if left:
        return Verdict("listed what is none", ", ".join(left))
    if refused:
        return Verdict("refused in words", said)
    return Verdict("right", f"it warned: {said}" if said else "")


KINDS = ("self", "cross")


def _belongs(key: str, layer: str) -> bool:
    """Tell whether a key is a layer's name, or the name of one of its calls."""
    if not layer:  # the model itself has no name: any plain word will do
        return "." not in key
    return bool(re.fullmatch(re.escape(layer) + r"(\W+(call|step)\W*\d+\W*)?", key))


def _missing(expected: Map, left: dict) -> Verdict:
    for key, got in left.items():
        if len(expected.calls) == 1 and _close(got, expected.calls[0], 1e-2):
            return Verdict("wrong name", f"{key} for {expected.layer}")
    return Verdict("silent partial", f"{expected.layer} missing; listed {list(left)}")


def _judge_layer(case: Case, expected: Map, got: list, kinds: list) -> Verdict:
    wanted = expected.calls
    if expected.join == "steps" and len({one.shape[:2] for one in got}) == 1:
        got, kinds = _join(got, 2), kinds[:1]
    if len(got) != len(wanted):
        return _split(case, expected, got)
    for place, (one, right) in enumerate(zip(got, wanted, strict=True)):
        if not _close(one, right, case.atol):
            return Verdict("wrong values", _difference(one, right))
        if one.dtype not in (torch.float32, torch.float64):
            return Verdict("half weights", f"right, but in {one.dtype}")
        if expected.kinds[place] not in (None, kinds[place]):
            return Verdict("wrong kind", f"{kinds[place]}, call {place + 1}")
    return Verdict("right")


def _split(case: Case, expected: Map, got: list) -> Verdict:
    told = (
        f"{len(got)} calls for {len(expected.calls)}: {[tuple(g.shape) for g in got]}"
    )
    for axis in range(3):
        try:
            joined, right = _join(got, axis)[0], _join(expected.calls, axis)[0]
        except RuntimeError:  # other sizes: not joined along this axis
            continue
        if _close(joined, right, case.atol):
            return Verdict("split", told)
    return Verdict("wrong values", told)


def _join(tensors: list, axis: int) -> list:
    return [torch.cat([one.float() for one in tensors], axis)]


def _close(got, right, atol: float) -> bool:
    """Compare; what is NaN in the reference may be anything."""
    free = right.isnan()
    return got.shape == right.shape and torch.allclose(
        got.float().masked_fill(free, 0), right.nan_to_num(0), rtol=1e-4, atol=atol
    )


def _difference(got, right) -> str:
    if got.shape != right.shape:
        return f"shape {tuple(got.shape)} for {tuple(right.shape)}"
    off = (got.float() - right)[~right.isnan()].abs()  # (values,)
    return "NaN" if off.isnan().any() else f"off by {float(off.max()):.1e}"
