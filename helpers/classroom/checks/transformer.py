"""Checks of notebook 04: heads and masks."""

import torch

from helpers.captioning.attention import softmax_over_keys
from helpers.classroom.checks.judge import Check, random

check_split_heads = Check(
    "attempt(x (B, T, D), heads) -> (B, A, T, D/A).",
    lambda x, A: x.unflatten(-1, (A, -1)).transpose(1, 2),
    {
        "2 images, 5 words, width 12, 3 heads": (random(2, 5, 12), 3),
        "3 images, 7 words, width 20, 4 heads": (random(3, 7, 20), 4),
    },
    {
        "the shape is right and the content is not: that cuts the words apart. Split "
        "the last axis first, then move the heads forward": (
            lambda x, A: x.reshape(len(x), A, x.shape[1], -1)
        ),
        "the heads belong on axis 1: (B, A, T, D/A)": (
            lambda x, A: x.unflatten(-1, (A, -1)),
            lambda x, A: x.unflatten(-1, (A, -1)).movedim(2, 0),
        ),
        "words first, then channels: (B, A, T, D/A)": (
            lambda x, A: x.unflatten(-1, (A, -1)).permute(0, 2, 3, 1)
        ),
        "each head takes its channels next to each other, not every third": (
            lambda x, A: x.unflatten(-1, (-1, A)).permute(0, 3, 1, 2)
        ),
        "into A heads of D/A channels, not D/A heads of A": (
            lambda x, A: x.unflatten(-1, (-1, A)).transpose(1, 2)
        ),
    },
)

check_merge_heads = Check(
    "attempt(x (B, A, T, D/A)) -> (B, T, D), the way back.",
    lambda x: x.transpose(1, 2).flatten(2),
    {
        "2 images, 3 heads, 5 words, width 4": (random(2, 3, 5, 4),),
        "3 images, 4 heads, 7 words, width 5": (random(3, 4, 7, 5),),
    },
    {
        "the shape is right and the content is not: move the words before the heads "
        "first, then flatten": lambda x: x.reshape(len(x), x.shape[2], -1),
        "now flatten the last two axes": lambda x: x.transpose(1, 2),
        "whole heads one after another: (T, A, D/A) before you flatten": (
            lambda x: x.permute(0, 2, 3, 1).flatten(2)
        ),
        "that puts the heads one below the other: move the words first": (
            lambda x: x.flatten(1, 2)
        ),
        "side by side, not added up: the width is A * D/A": (
            lambda x: x.sum(1),
            lambda x: x.mean(1),
        ),
    },
)


def looking(T):
    return torch.ones(T, T, dtype=torch.bool)


check_causal_mask = Check(
    "attempt(T) -> (T, T) bool, True where word t may look.",
    lambda T: looking(T).tril(),
    {"4 words": (4,), "6 words": (6,)},
    {
        "that looks ahead instead of back: rows are queries": lambda T: looking(
            T
        ).triu(),
        "a word may look at itself, too: keep the diagonal": (
            lambda T: looking(T).tril(-1)
        ),
        "a word may not look one ahead: that is the answer": (
            lambda T: looking(T).tril(1)
        ),
        "True marks what may be looked at": lambda T: looking(T).triu(1),
        "that forbids nothing: keep the lower triangle": looking,
        "a word may look at all words before it, not at itself alone": (
            lambda T: torch.eye(T, dtype=torch.bool)
        ),
        "True and False, not what is added to the scores: dtype=torch.bool": (
            lambda T: torch.full((T, T), -torch.inf).triu(1)
        ),
    },
)


def summing_to_one(w):
    return w / w.sum(-1, keepdim=True)


check_reduce_heads = Check(
    "attempt(weights (L, A, T, N)) -> one map a word, (T, N), each summing to 1.",
    lambda w: w.mean((0, 1)),
    {
        "2 layers, 3 heads, 4 words, 5 keys": (softmax_over_keys(random(2, 3, 4, 5)),),
        "4 layers, 2 heads, 6 words, 7 keys": (softmax_over_keys(random(4, 2, 6, 7)),),
    },
    {
        "those rows sum to L*A: take the mean": lambda w: w.sum((0, 1)),
        "the mean, not the largest: it need not sum to 1": (
            lambda w: w.amax((0, 1)),
            lambda w: w.amax(1).mean(0),
            lambda w: w.mean(1).amax(0),
            lambda w: summing_to_one(w.amax((0, 1))),
            lambda w: summing_to_one(w.amax(1).mean(0)),
        ),
        "the mean, not the median": lambda w: w.flatten(0, 1).median(0).values,
        "that is one layer alone: average both axes": (
            lambda w: w[-1].mean(0),
            lambda w: w[0].mean(0),
        ),
        "that is one head alone: average both axes": (
            lambda w: w[:, 0].mean(0),
            lambda w: w[:, -1].mean(0),
            lambda w: w[0, 0],
            lambda w: w[-1, -1],
        ),
        "the heads are still there: average both axes": (
            lambda w: w.mean(0),
            lambda w: w.sum(0),
        ),
        "the layers are still there: average both axes": (
            lambda w: w.mean(1),
            lambda w: w.sum(1),
        ),
        "that averages the words away: axes are L, A, T, N": (
            lambda w: w.mean((1, 2)),
            lambda w: w.mean((0, 2)),
        ),
        "that averages the keys away: axes are L, A, T, N": (
            lambda w: w.mean(-1),
            lambda w: w.mean((-2, -1)),
        ),
    },
)
