"""Weights (..., N) that sum to 1: smooth, peaked, sink-like, causal; their types."""

import numpy as np
import torch

KINDS = ("rough", "smooth", "peaked", "sink", "trained")


def weights_like(random, shape, kind=None, causal=False, hidden=(), ahead=(0, 0)):
    """Softmax of random scores. hidden: keys that a padding mask hides. ahead: (start,
    end) of the tokens that may look ahead at one another, though causal."""
    kind = kind or random.choice(KINDS)
    seed = torch.Generator().manual_seed(random.randrange(2**31))
    scores = torch.randn(*shape, generator=seed)  # (..., N)
    if kind == "smooth" and shape[-1] > 8:
        wide = torch.nn.functional.avg_pool1d(
            scores.reshape(-1, 1, shape[-1]), 7, 1, 3
        )  # (rows, 1, N)
        scores = wide.reshape(shape) * random.uniform(2, 6)  # (..., N)
    if kind == "rough":
        scores *= random.uniform(0.8, 2)
    if kind == "peaked":
        scores *= random.uniform(4, 12)
    if kind == "sink":
        scores[..., random.choice([0, 0, 0, random.randrange(shape[-1])])] += (
            random.uniform(4, 9)
        )
    if kind == "trained":  # a few keys in common, and a few of each query's own
        scores += 2 * torch.randn(shape[-1], generator=seed)
        scores *= random.uniform(1, 2)
    if causal:
        T, N = shape[-2:]
        later = torch.ones(T, N, dtype=torch.bool).triu(N - T + 1)  # (T, N)
        later[slice(*ahead), slice(*ahead)] = False
        scores = scores.masked_fill(later, -torch.inf)
    scores[..., list(hidden)] = -torch.inf
    return scores.softmax(-1).nan_to_num()


def as_type(random, weights):
    """float32 mostly; half precision, cast to float32, or an array."""
    kind = random.choice(
        ["float32"] * 4 + ["float16", "bfloat16", "bfloat16, cast", "float16, cast"]
        + ["numpy", "numpy, double", "requires grad"]
    )  # fmt: skip
    if kind == "float16":
        return weights.half()
    if kind == "bfloat16":
        return weights.bfloat16()
    if kind == "bfloat16, cast":
        return weights.bfloat16().float()
    if kind == "float16, cast":
        return weights.half().float()
    if kind == "numpy":
        return weights.numpy()
    if kind == "numpy, double":
        return weights.numpy().astype(np.float64)
    return weights.requires_grad_() if kind == "requires grad" else weights


def leading(random, T, N, most=3_000_000):
    """(shape, what the user knows of it): batch or heads missing, layers stacked."""
    B, A, L = random.choice([1, 2, 3, 4]), random.choice([2, 4, 8, 12]), 3
    known = {}
    forms = {
        (): {},
        (B,): {"batch": B},
        (A,): {"heads": A},
        (B, A): {"batch": B, "heads": A},
        (L, B, A): {"batch": B, "heads": A},
    }
    form = random.choice([(B, A), (B, A), *forms])
    while form and np.prod(form) * T * N > most:
        form = form[1:]
    known = forms.get(form, {})
    return (*form, T, N), known if random.random() < 0.5 else {}
