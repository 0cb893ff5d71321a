"""What a module says of itself in its configuration."""

import torch
from torch import nn

TOKENS = ("image_token_id", "image_token_index", "video_token_id")


def name_of(model):
    """The name of a model, for its family; a module has it in its configuration."""
    if not isinstance(model, nn.Module):
        return model or ""
    return getattr(getattr(model, "config", None), "model_type", type(model).__name__)


def image_tokens(model, input_ids=None, image_token=None, **_):
    """The facts of a prompt whose image tokens were not named: those that the module's
    configuration names; without any, its ids are for running the module alone."""
    if not isinstance(model, nn.Module) or input_ids is None or image_token is not None:
        return {}
    ids, config = torch.as_tensor(input_ids), getattr(model, "config", None)
    tokens = [getattr(config, name, None) for name in TOKENS]
    tokens = [token for token in tokens if token is not None and token in ids]
    return {"image_token": tokens} if tokens else {"input_ids": None}
