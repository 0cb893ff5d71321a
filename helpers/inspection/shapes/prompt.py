"""Where the image tokens stand in a prompt."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Prompt:
    """places: (M,) keys that are image tokens; ids: (N,) of this prompt. name: which.

    doubt: why there are none.
    """

    places: torch.Tensor
    ids: torch.Tensor
    name: str = ""
    doubt: str = ""


def image_tokens(N, input_ids, image_token):
    """A Prompt for every row of input_ids (B, n) or (n,); equal rows count once.

    N: keys of the weights; more than n are words that were written, or places that one
    token per image was opened into. image_token: an id, or several. Raises ValueError
    without an image_token.
    """
    if image_token is None:
        raise ValueError(
            "input_ids needs image_token=, the id of an image token: "
            "model.config.image_token_id, or processor.image_token_id"
        )
    ids = torch.as_tensor(input_ids)
    ids = ids[None] if ids.dim() == 1 else ids  # (B, n)
    wanted = torch.as_tensor(image_token).flatten()
    found = {}
    for number, row in enumerate(ids):
        found.setdefault(tuple(row.tolist()), (number, row))
    several = len(found) > 1
    prompts = []
    for number, row in found.values():
        name = f", prompt {number} of the batch" if several else ""
        places = torch.isin(row, wanted).nonzero()[:, 0]  # (M,)
        prompts.append(place(N, row, places, name))
    return prompts


def place(N, row, places, name):
    """The Prompt of one row (n,)."""
    n, M = len(row), len(places)
    none = torch.empty(0, dtype=torch.long)
    if not M:
        return Prompt(none, row, name, "no image token stands in input_ids" + name)
    if n > N:
        text = f"the prompt has {n} tokens and the weights {N} keys: another run{name}"
        return Prompt(none, row, name, text)
    each, rest = divmod(N - n, M)
    if M <= 8 and each >= 15 and not rest:  # a token per image, opened by the model
        row = row.repeat_interleave(
            torch.ones_like(row).index_fill(0, places, each + 1)
        )  # (N,)
        opened = torch.arange(M)[:, None] * each + places[:, None]  # (M, 1)
        places = (opened + torch.arange(each + 1)).flatten()  # (M * (each + 1),)
    return Prompt(places, row, name)


def runs_of(prompt):
    """Groups of runs of neighbouring places: [[places of a row]].

    Runs are of one group where one and the same token stands between each two: a line
    break. Another token there (the end of an image), or more than one, parts groups.
    """
    places = prompt.places
    cuts = ((places[1:] - places[:-1]) > 1).nonzero()[:, 0] + 1
    runs = places.tensor_split(cuts)
    between = [
        tuple(prompt.ids[a[-1] + 1 : b[0]].tolist())
        for a, b in zip(runs, runs[1:], strict=False)
    ]
    groups = [[runs[0]]]
    for tokens, run in zip(between, runs[1:], strict=True):
        if len(tokens) == 1 and tokens == between[0]:
            groups[-1].append(run)
        else:
            groups.append([run])
    return groups
