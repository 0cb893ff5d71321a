"""Weights with all that the doctor knows to be wrong, and bare shapes."""

import torch

KINDS = [
    lambda x: x,
    lambda x: x.softmax(-1),
    lambda x: x.softmax(0),
    lambda x: x.softmax(-2) if x.dim() > 1 else x.softmax(-1),
    lambda x: x.flatten().softmax(0).reshape(x.shape),
    lambda x: x.softmax(-1).bfloat16(),
    lambda x: x.softmax(-1).bfloat16().float(),
    lambda x: x.softmax(-1).half(),
    lambda x: x.softmax(-1).double(),
    lambda x: x.log_softmax(-1),
    lambda x: x.softmax(-1).softmax(-1),
    lambda x: x.sigmoid(),
    lambda x: x.softmax(-1) * 12,
    lambda x: x.softmax(-1) / x.softmax(-1).amax(-1, keepdim=True),
    lambda x: scaled(x.softmax(-1)),
    lambda x: 255 * scaled(x.softmax(-1)),
    lambda x: torch.dropout(x.softmax(-1), 0.3, train=True),
    lambda x: x.softmax(-1)[..., 1:],
    lambda x: torch.zeros_like(x),
    lambda x: torch.ones_like(x),
    lambda x: torch.full_like(x, 1 / x.shape[-1]),
    lambda x: (0.01 * x).softmax(-1),
    lambda x: with_nan(x.softmax(-1)),
    lambda x: with_nan(x.softmax(-1)).half(),
    lambda x: x[:1].softmax(-1).expand_as(x).clone(),
    lambda x: masked(x).softmax(-1),
    lambda x: (x + 9 * (torch.arange(x.shape[-1]) == 0)).softmax(-1),
    lambda x: swapped(x.exp()),
    lambda x: (100 * x.softmax(-1)).round().long(),
    lambda x: x.softmax(-1).nan_to_num() * (torch.arange(x.shape[-1]) > 1),
]


def scaled(x):
    low, high = x.amin(-1, keepdim=True), x.amax(-1, keepdim=True)
    return (x - low) / (high - low)


def with_nan(x):
    return x.where(
        torch.arange(x.shape[0]).reshape(-1, *[1] * (x.dim() - 1)) > 0, torch.nan
    )


def masked(x):
    hidden = torch.ones(x.shape[-2:] if x.dim() > 1 else (1, len(x))).triu(1).bool()
    return x.masked_fill(hidden, -torch.inf)


def swapped(x):
    """Divided by the sums of the rows, but along the columns."""
    square = x.dim() > 1 and x.shape[-1] == x.shape[-2]
    return x / x.sum(-1)[..., None, :] if square else x / x.sum()


def random_weights(count):
    """(weights, facts): every kind, of shapes of every rank, with facts or without."""
    random = torch.Generator().manual_seed(11)
    torch.manual_seed(12)  # for dropout

    def pick(*options):
        return options[int(torch.randint(len(options), (1,), generator=random))]

    for number in range(count):
        (h, w), patch = pick((3, 5), (4, 6), (4, 4)), pick(8, 16)
        N = h * w + pick(0, 1, 1, 5, 3)
        shape = pick((N,), (7, N), (2, N, N), (3, 4, N), (2, 3, 7, N), (2, 3, N, N))
        shape = pick(shape, shape, (2, 5, h, w), (2, N, 1), (2, 1, 3, 4, N))
        scores = 2 * torch.randn(shape, generator=random)
        facts = pick({}, {"image_size": [h * patch, w * patch]})
        facts |= pick({}, {"patch_size": patch}) | pick({}, {}, {"heads": 3})
        yield KINDS[number % len(KINDS)](scores), facts


def bare_shapes(count):
    """(shape, facts) of published models and of none."""
    random = torch.Generator().manual_seed(13)

    def pick(*options):
        return options[int(torch.randint(len(options), (1,), generator=random))]

    for _ in range(count):
        (h, w), patch = pick((14, 14), (10, 14), (7, 7), (24, 24)), pick(14, 16, 32)
        N = h * w + pick(0, 1, 2, 5, h, 60)
        N = pick(N, N, 4 * N, 49, N // 4)
        shape = pick(
            (1, 12, N, N), (N,), (9, N), (2, 9, N), (6, 1, 8, N, N), (2, 9, h, w)
        )
        shape = pick(shape, shape, (2, 9, h, w), (1, N, 768), (2 * 64, 4, 49, 49))
        facts = pick({}, {"image_size": [h * patch, w * patch]})
        facts |= pick({}, {"patch_size": patch}) | pick({}, {"batch": 2})
        facts |= pick({}, {"model": pick("qwen2.5-vl", "llava-next", "swin", "ViT")})
        yield shape, facts
