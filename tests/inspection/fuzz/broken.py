"""Tensors in which one thing went wrong, as it goes wrong in programs."""

import torch

from .case import Case
from .classical import small
from .values import weights_like


def broken(random):
    """One Case."""
    name = random.choice(list(FAULTS))
    weights, image_size, _ = small(random)  # (B, A, T, N)
    weights, kinds, known = FAULTS[name](random, weights)
    if random.random() < 0.4 and name not in SAME_TYPE:
        weights = random.choice(
            [weights.half(), weights.bfloat16(), weights.bfloat16().float()]
        )
    if random.random() < 0.7:
        known = {"image_size": image_size, "patch_size": 16, **known}
    if random.random() < 0.2 and isinstance(weights, torch.Tensor):
        weights = weights.float().numpy()
    return Case(name, weights, known, kinds=kinds)


def scores_of(random, weights):
    seed = torch.Generator().manual_seed(random.randrange(2**31))
    spread = random.uniform(0.5, 5)
    return spread * torch.randn(weights.shape, generator=seed)  # (B, A, T, N)


def dropout(random, weights):
    keep = random.choice([weights, weights[0], weights[:, 0], weights[0, 0]])
    torch.manual_seed(random.randrange(2**31))
    rate = random.choice([0.1, 0.1, 0.2, 0.3, 0.5])
    dropped = torch.nn.functional.dropout(keep, rate)
    return dropped, ("dropout",), {}


def wrong_axis(random, weights):
    axis = random.choice([-2, -2, 1, 0])
    kinds = {
        -2: ("wrong axis", "over"),
        1: ("wrong axis", "over"),
        0: ("across images",),
    }
    return scores_of(random, weights).softmax(axis), kinds[axis], {}


def size_one(random, weights):
    return scores_of(random, weights)[:, 0, 0, :, None].softmax(-1), ("one key",), {}


def everything(random, weights):
    scores = scores_of(random, weights)  # (B, A, T, N)
    count = random.choice([2, 2, 3, 4])
    scores = scores.flatten(-count).softmax(-1).reshape(scores.shape)
    return scores, ("joint softmax",), {}


def twice(random, weights):
    return weights.softmax(-1), ("softmax twice",), {}


def not_at_all(random, weights):
    scores = scores_of(random, weights)
    kind = random.choice(["scores", "exp", "sigmoid", "relu", "log"])
    if kind == "exp":
        return scores.clamp(-4, 4).exp(), ("no softmax",), {}
    if kind == "sigmoid":
        return scores.sigmoid(), ("sigmoid",), {}
    if kind == "relu":
        return scores.relu(), ("no softmax",), {}
    if kind == "log":
        return scores.log_softmax(-1), ("log-softmax",), {}
    return scores, ("scores",), {}


def max_scaled(random, weights):
    axes = random.choice([(-1,), (-2, -1), (0, 1, 2, 3)])
    if weights.max() > 0.9:  # hardly changed
        return max_scaled(random, weights.sqrt() / weights.sqrt().sum(-1, True))
    scaled = weights / weights.amax(axes, keepdim=True)
    return scaled * random.choice([1, 1, 255]), ("max-scaled",), {}


def min_max(random, weights):
    axes = random.choice([(-1,), (-2, -1), (0, 1, 2, 3)])
    if weights.max() > 0.9:  # hardly changed
        return min_max(random, weights.sqrt() / weights.sqrt().sum(-1, True))
    low, high = weights.amin(axes, keepdim=True), weights.amax(axes, keepdim=True)
    scaled = (weights - low) / (high - low)
    return scaled * random.choice([1, 1, 255]), ("min-max",), {}


def zeros(random, weights):
    return torch.zeros_like(weights), ("zeros",), {}


def constants(random, weights):
    N = weights.shape[-1]
    value = random.choice([1 / N, 1 / N, 0.5, 0.01])
    return torch.full_like(weights, value), ("constant",), {}


def one_map(random, weights):
    one = weights[:, :, :1].expand_as(weights)  # (B, A, T, N)
    noise = 1 + 1e-6 * torch.rand(one.shape)
    return one * random.choice([torch.ones(1), noise]), ("one map for all queries",), {}


def one_image(random, weights):
    one = weights[:1].expand_as(weights)  # (B, A, T, N)
    return one.clone(), ("one map for all images",), {}


def averaged(random, weights):
    mean = weights.mean(1, keepdim=random.random() < 0.3)
    B = len(weights)
    return mean, ("heads",), {"batch": B, "heads": weights.shape[1]}


def transposed(random, weights):
    if random.random() < 0.3:
        N = weights.shape[-1]
        weights = weights_like(random, (2, 4, N, N))  # (B, A, N, N)
    return weights.mT, ("wrong axis",), {}


def keepdim(random, weights):
    N = weights.shape[-1]
    rolled = weights_like(random, (1, N, N), "rough")  # (B, N, N)
    rolled = rolled * (rolled > rolled.quantile(0.8, dim=-1, keepdim=True))
    rolled = rolled + torch.eye(N) * random.choice([0, 1])
    return rolled / rolled.sum(-1), ("keepdim",), {}


def half_nan(random, weights):
    kind = random.choice([torch.float16, torch.bfloat16])
    weights = weights.to(kind)
    rows = random.choice([(0, 0, 1), (-1,), (0, slice(None), 2)])
    weights[rows] = torch.nan
    return weights, ("nan, half precision",), {}


def cut(random, weights):
    """The class token's column cut off after the softmax."""
    sink = weights_like(random, weights.shape, "rough")
    return sink[..., 1:], ("dropped keys",), {}


def summed(random, weights):
    kind = random.choice([weights.sum(1), 255 * weights, weights.sum(2), weights / 4])
    return kind, ("summed",), {}


def folded(random, weights):
    """Heads flattened into the keys; or the keys, and the heads behind them."""
    rows = weights.movedim(1, -2)  # (B, T, A, N)
    return random.choice([rows, rows.mT]).flatten(-2), ("folded heads",), {}


def top_k(random, weights):
    N = weights.shape[-1]
    rough = weights_like(random, weights.shape, "rough")
    place = rough.argsort(-1).argsort(-1)  # (B, A, T, N)
    return rough * (place >= N - N // random.choice([3, 5, 10])), ("top k",), {}


def one_hot(random, weights):
    rough = weights_like(random, weights.shape, "rough")
    hot = torch.nn.functional.one_hot(rough.argmax(-1), rough.shape[-1])
    return hot.float(), ("one-hot",), {}


def rollout(random, weights):
    """The identity added: halved, not halved; or relevance, of gradients."""
    N = weights.shape[-1]
    maps = weights_like(random, (2, N, N), "rough")  # (B, N, N)
    small = 0.3 * maps * torch.rand(2, N, 1)
    eye = torch.eye(N)
    return random.choice([eye + maps, (eye + maps) / 2, eye + small]), ("identity",), {}


def masked_scores(random, weights):
    N = weights.shape[-1]
    scores = scores_of(random, torch.empty(2, 4, N, N))
    later = torch.ones(N, N, dtype=torch.bool).triu(1)
    lowest = random.choice([-torch.inf, -1e4])
    return scores.masked_fill(later, lowest), ("scores, masked",), {}


def masked_rows(random, weights):
    weights[:, :, -2:] = torch.nan
    return weights, ("nan",), {}


FAULTS = {
    "dropout": dropout,
    "wrong axis": wrong_axis,
    "axis of size 1": size_one,
    "softmax over everything": everything,
    "softmax twice": twice,
    "no softmax": not_at_all,
    "max-scaled": max_scaled,
    "min-max": min_max,
    "zeros": zeros,
    "constants": constants,
    "one map for all queries": one_map,
    "one map for all images": one_image,
    "averaged heads": averaged,
    "transposed": transposed,
    "keepdim missing": keepdim,
    "NaN, half precision": half_nan,
    "dropped keys": cut,
    "summed": summed,
    "heads in the keys": folded,
    "top k": top_k,
    "one-hot": one_hot,
    "rollout": rollout,
    "scores with a mask": masked_scores,
    "NaN, rows": masked_rows,
}
SAME_TYPE = ("NaN, half precision", "softmax twice", "keepdim missing", "NaN, rows")
