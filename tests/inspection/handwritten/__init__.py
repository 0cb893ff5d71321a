"""Attentions written by hand, as learners and researchers write them."""

from . import (  # noqa: F401  # each enters its cases
    after_softmax,
    cross,
    half,
    in_place,
    layouts,
    loops,
    masks,
    mixtures,
    no_places,
    other_weights,
    padded,
    pointers,
    pooling,
    recurrent,
    sdpa,
    shared_heads,
    spellings,
    torch_modules,
    turned,
    variants,
    windows,
)
from .core import CASES

__all__ = ["CASES"]
