"""Over which axes weights sum to 1, and which keys nobody looks at."""

from itertools import combinations

import torch

MOST_NUMBERS = 2**22  # numbers to look at


def sample(values, keep=(-1,)):
    """Every third, ninth, ... entry of the other axes, until few numbers are left: of
    two kinds of heads that alternate, both are among them."""
    keep = {axis % values.dim() for axis in keep}
    for axis in (axis for axis in range(values.dim()) if axis not in keep):
        while values.numel() > MOST_NUMBERS and values.shape[axis] > 2:
            values = values[(slice(None),) * axis + (slice(None, None, 3),)]
    return values


def logarithm_of(values):
    """(weights, total) where these are logarithms of weights that sum to total, 1 or a
    whole number (of heads or layers that were summed) along the last axis; else None.
    """
    if not (values.min() < -1e-6 and values.max() <= 20):  # nor NaN
        return None
    weights = values.exp()
    sums = weights.sum(-1, dtype=torch.float64)
    sums = sums[sums != 0]  # a mask may hide every key of a row
    if not len(sums) or not sums.isfinite().all():
        return None
    total = round(sums.mean().item())
    if total != 1 and (len(sums) < 2 or not 1 < total < values.shape[-1] / 2):
        return None  # small numbers: each exponential is about 1
    alike = (sums - total).abs().max() <= 2e-2 * total
    return (weights, total) if alike else None


def without_placeholder(values):
    """(values, None); or with map 1 again in place of a map 0 that is all ones, where
    no other weight is, and their axis."""
    for axis in range(values.dim() - 1 if values is not None else 0):
        turned = values.movedim(axis, 0)  # (T, ...)
        ones = len(turned) > 2 and bool((turned[0] == 1).all())
        if ones and turned[0].numel() > 1 and turned[1:].max() < 1:
            real = torch.as_tensor([1, *range(1, len(turned))])
            return turned[real].movedim(0, axis), axis
    return values, None


def is_half(values):
    """True for half precision, and for float32 that was cast from it."""
    if values.dtype in (torch.float16, torch.bfloat16):
        return True
    values = sample(values)
    return any(
        torch.equal(values.to(kind).to(values.dtype).nan_to_num(), values.nan_to_num())
        for kind in (torch.bfloat16, torch.float16)
    )


def tolerance(values):
    """How far a sum of weights may miss 1: bfloat16 has three digits."""
    return 1.2e-2 if is_half(values) else 5e-3


def softmax_axes(values):
    """The axes over which a softmax ran: as few as can be, the last ones first; or ().

    An axis of length 1 counts only where nothing else does.
    """
    long = [axis for axis in range(values.dim() - 1, -1, -1) if values.shape[axis] > 1]
    if (values < -1e-6).any():
        return ()
    allowed, last = tolerance(values), values.sum(-1, dtype=torch.float64)
    if last.max() - last.min() <= allowed * last.min():
        long = long[:1]  # a constant, or weights that are scaled
    for count in range(1, len(long) + 1):
        for axes in combinations(long, count):
            sums = values.sum(axes, dtype=torch.float64)
            sums = sums[sums.isfinite() & (sums != 0)]
            if len(sums) and (sums - 1).abs().max() <= allowed:
                return tuple(sorted(axes))
    return ()


def image_block(values):
    """(start, end) of tokens that look ahead at one another where all others look back
    only (Gemma 3, PaliGemma, GIT: an image in a prompt); (0, 0) where no token looks
    ahead; None for attention that is no prompt's.
    """
    if values.dim() < 2 or not values.shape[-1] == values.shape[-2] > 1:
        return None
    N = values.shape[-1]
    seen = values.nan_to_num().reshape(-1, N, N).any(0)  # (T, N)
    last = N - 1 - seen.flip(-1).int().argmax(-1)  # (T,): the last key that is seen
    last = last.where(seen.any(-1), torch.arange(N))
    ahead = (last > torch.arange(N)).nonzero()[:, 0]
    if not len(ahead):
        return 0, 0
    start, end = int(ahead[0]), int(last[ahead].max()) + 1
    alone = len(ahead) == end - start - 1 and bool((last[ahead] == end - 1).all())
    back = last[ahead[-1] + 1 :] == torch.arange(N)[ahead[-1] + 1 :]
    return (start, end) if alone and end < N and back.double().mean() > 0.9 else None


def unseen_keys(values, keys=-1):
    """(in front, behind): keys at both ends that no query ever looks at: padding."""
    rows = values.movedim(keys, -1).nan_to_num()  # (..., N)
    seen = rows.reshape(-1, rows.shape[-1]).any(0)  # (N,)
    places = seen.nonzero()[:, 0]
    if not len(places):
        return 0, 0
    front, behind = int(places[0]), len(seen) - 1 - int(places[-1])
    inside = len(seen) - front - behind - len(places)  # as by a threshold
    return (front, behind) if inside < max(front + behind, 1) else (0, 0)
