"""The widgets: look through words, layers and heads, and move objects."""

from helpers import public

__getattr__, __all__ = public(
    __name__,
    {
        "explorer": ["explore"],
        "scene_editor": ["RENDERED_START", "edit_scene"],
        "views": ["laid_out"],
    },
)
