"""The widget: look through words, layers and heads, and move objects."""

from helpers import public

__getattr__, __all__ = public(
    __name__,
    {"explorer": ["INK", "explore"], "laying": ["laid_out"], "worlds": ["Flat"]},
)
