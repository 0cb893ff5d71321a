"""The widget: look through words, layers and heads, and move objects."""

from helpers import public

ROOMS = {
    "explorer": "INK explore",
    "weights_to_maps": "laid_out",
    "worlds": "Flat",
}
__getattr__, __all__ = public(__name__, ROOMS)
