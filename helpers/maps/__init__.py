"""From keys to pictures: layouts, the way back through a crop, overlays."""

from helpers import public

ROOMS = {
    "token_layout": "TokenLayout",
    "geometry": "Geometry",
    "overlays": "UPSAMPLE overlay",
    "panels": "show_caption",
    "caption": "Caption",
    "pictures": "as_rgb",
}
__getattr__, __all__ = public(__name__, ROOMS)
