"""Score the doctor: `python -m tests.inspection.cases.shapes [FILE ...] [--show]`.

A case has an `id`, a `shape`, what the person `knows` (arguments of `diagnose`), and
how its `values` are made, if there are any; `prompt`: its ids, each with how often it
comes in a row. The truth: `grid` (`or` another that counts
the same) and the `first` key of a cell ("open" where nobody could tell), `next`, the
key of the cell to the right, if it is not the next one; or `no_cell`; or the `problem`;
`what` it is, if not weights; the names of some `axes`; words that the report must
`say`, and others that it must `never`; `only`: there is one proposal. `truth` says it
to people, `source` where it comes from.

2: all of it is right, the layout comes first. 1: the grid is among the proposals, or
something that it must say is not said. -1: another layout, or a problem where none is,
and no doubt. 0: anything else.
"""

import argparse
from pathlib import Path

import torch

from helpers.inspection import diagnose
from helpers.inspection.shapes.report import MOST
from tests.inspection.cases import read_cases

FOLDER = Path(__file__).parent


def with_sink(scores):
    sink = scores.logsumexp(-1, keepdim=True) - 1 + scores[..., :1] / 9
    return torch.cat([sink, scores[..., 1:]], -1)


def no_keepdim(_, weights):
    square = weights * (weights > 0.1) + torch.eye(weights.shape[-1])
    return square / square.sum(-1)


def of_77(scores, _):
    """What the first words of a prompt of 77 have of each cell."""
    others = torch.zeros(77 - len(scores), *scores.shape[1:])
    return torch.cat([scores, others]).softmax(0)[: len(scores)]


def brightest(scores, _):
    maps = scores.flatten(-2).softmax(-1).view(scores.shape)
    return maps / maps.amax((-2, -1), keepdim=True)


CHANGED = {  # how weights came out of their scores
    "cut": lambda scores, _: with_sink(scores).softmax(-1)[..., 1:],
    "no keepdim": no_keepdim,
    "columns": lambda _, weights: weights / weights.sum(-2, keepdim=True),
    "over axis 1": lambda scores, _: scores.softmax(1),
    "over axis 2": lambda scores, _: scores.softmax(2),
    "heads last": lambda _, weights: weights.movedim(0, -1),
    "even": lambda _, weights: torch.full_like(weights, 1 / weights.shape[-1]),
    "log of 32": lambda _, weights: (32 * weights).log(),
    "causal scores": lambda scores, _: 0.1 * scores.tril(),
    "over 77 words": of_77,
    "brightest is 1": brightest,
    "scale behind": lambda scores, _: (16 * scores).softmax(-1) / 96**0.5,
    "rollout": lambda _, weights: (weights + torch.eye(weights.shape[-1])) / 2,
    "difference": lambda scores, weights: weights - 0.78 * (-scores).softmax(-1),
    "mixed": lambda scores, weights: 0.55 * weights + 0.45 * scores.relu() ** 2,
    "gradients": lambda scores, _: 1e-4 * scores,
    "relevance": lambda _, weights: weights.sqrt() / 20 + torch.eye(weights.shape[-1]),
}


def smooth(scores, case, random):
    """Scores (..., N) that change little from cell to cell of the true grid."""
    (h, w), first = case["grid"], case["first"]
    coarse = torch.randn(1, scores[..., 0].numel(), 4, 4, generator=random)
    maps = torch.nn.functional.interpolate(coarse, size=(h, w), mode="bilinear")
    scores = 0.1 * scores
    scores[..., first : first + h * w] += 2 * maps.view(*scores.shape[:-1], h * w)
    return scores


def report_of(case):
    knows = dict(case["knows"])
    if "prompt" in case:
        knows["input_ids"] = [n for n, times in case["prompt"] for _ in range(times)]
    return diagnose(weights_of(case), **knows)


def hide(scores, kind):
    """Take the keys that a query does not see out of its scores."""
    shape = scores.shape
    if kind.startswith("ahead"):  # image tokens that look at one another in a prompt
        start, end = map(int, kind.split()[1:])
        later = torch.ones(shape[-2:]).triu(1).bool()  # (T, N)
        later[start:end, start:end] = False
        scores.masked_fill_(later, -torch.inf)
    if kind.startswith("padded"):
        scores[..., -int(kind.split()[1]) :] = -torch.inf
    if kind.startswith("lists"):  # of so many entries; all see the keys from one on
        counts, _, behind = kind[6:].partition(" behind ")
        axis = [*shape].index(len(counts.split()))
        for one, n in zip(scores.unbind(axis), counts.split(), strict=True):
            one[..., int(n) : int(behind or shape[-1])] = -torch.inf


def weights_of(case):
    """The bare shape, or values made as the case says."""
    shape, kind = tuple(case["shape"]), case.get("values")
    if kind is None:
        return shape
    random = torch.Generator().manual_seed(0)
    scores = 2 * torch.randn(*shape, generator=random)  # (..., T, N)
    if kind.startswith("smooth"):
        scores = smooth(scores, case, random)
    if kind in ("scores", "smooth scores"):
        return scores
    if kind == "locations":  # from 0 to 1
        return scores.sigmoid()
    if kind == "averaged dropout":  # heads of one layer
        torch.manual_seed(0)
        scores = 2 * torch.randn(8, *shape, generator=random)  # (A, ..., T, N)
        return torch.nn.functional.dropout(scores.softmax(-1), 0.1).mean(0)
    if kind == "relu":
        return scores.relu()
    if kind == "joint":  # over the last two axes
        return scores.flatten(-2).softmax(-1).view(shape)
    if kind == "causal dropout":
        scores = scores + torch.full(shape[-2:], -torch.inf).triu(1)
    hide(scores, kind)
    weights = scores.softmax(-1)
    if kind in CHANGED:
        return CHANGED[kind](scores, weights)
    if kind == "signed":
        taken = torch.rand(shape, generator=random) < 0.2
        return weights.where(~taken, -weights)
    if kind.endswith("dropout"):
        torch.manual_seed(0)
        return torch.nn.functional.dropout(weights, 0.1)
    if kind.endswith("with NaN"):
        weights[..., 3, :] = torch.nan
        return weights.half() if kind.startswith("half") else weights
    return weights


def points(case, report):
    """2, 1, 0 or -1."""
    kinds = [problem.kind for problem in report.problems]
    text = " ".join(str(report).split())  # without its line breaks
    said = all(words in text for words in case.get("say", ()))
    said &= not any(words in text for words in case.get("never", ()))
    said &= not case.get("only") or len(report.candidates) == 1
    if "problem" in case:
        if "grid" in case:
            said &= bool(report.layouts) and placed(case, report)
            said &= list(report.layouts[0].grid) == case["grid"]
        return 1 + said if kinds[:1] == [case["problem"]] else -bool(kinds)
    if kinds:
        return -1
    names = [axis.name for axis in report.axes]
    said &= all(name in names for name in case.get("axes", ()))
    said &= report.what == case.get("what", "weights")
    if case.get("no_cell"):
        return (2 if said else 1) if not report.layouts else -(not report.ambiguous)
    grids = [list(layout.grid) for layout in report.layouts[:MOST]]
    truth = case["grid"], case.get("or", case["grid"])
    if grids and grids[0] in truth and placed(case, report):
        return 2 if said else 1
    return int(any(g in truth for g in grids)) if report.ambiguous else -1


def placed(case, report):
    """True if the first layout has its keys where they are, or says it is a guess."""
    index, first = report.layouts[0].index.flatten().tolist(), case["first"]
    if first == "open":
        return report.candidates[0].free
    return index[0] == first and index[1] == case.get("next", first + 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="TOML files; default: all in here")
    parser.add_argument("--show", action="store_true", help="print what is said")
    arguments = parser.parse_args()
    scores = []
    cases = read_cases(FOLDER, "shape", arguments.files)
    for case in cases:
        report = report_of(case)
        scores.append(points(case, report))
        print(f"{scores[-1]:2} {case['id']}")
        if arguments.show:
            print(f"{case['knows']}\n\nTruth: {case['truth']}\n\n{report}\n")
    share = sum(scores) / (2 * len(cases))
    right, wrong = scores.count(2), scores.count(-1)
    print(f"{right} of {len(cases)} right, {share:.0%} of the points, {wrong} mislead")


if __name__ == "__main__":
    main()
