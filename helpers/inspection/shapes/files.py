"""Weights from a file, without running any code that the file might carry."""

import pickle
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

READ_TORCH = partial(torch.load, map_location="cpu", weights_only=True)
READERS = {
    ".pt": READ_TORCH,
    ".pth": READ_TORCH,
    ".npy": partial(np.load, allow_pickle=False),
    ".safetensors": load_file,
}


def read_weights(path):
    """Load what `diagnose` takes from a .pt, .pth, .npy or .safetensors file.

    Raises FileNotFoundError for a missing file, ValueError for another ending, for a
    damaged file, and for one that holds objects instead of tensors.
    """
    path = Path(path)
    if not path.is_file():
        text = "is no file and no shape; write a shape as 1,12,197,197"
        raise FileNotFoundError(f"{str(path)!r} {text}")
    if path.suffix not in READERS:
        raise ValueError(f"{path.name}: expected one of {', '.join(READERS)}")
    try:
        return READERS[path.suffix](path)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path.name} holds objects, not only tensors. They are not loaded: that "
            "would run their code. Save the tensors alone: torch.save(weights, path)"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, SafetensorError) as error:
        raise ValueError(f"{path.name} is damaged or no such file: {error}") from error
