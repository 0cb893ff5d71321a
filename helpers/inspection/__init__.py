"""For a model of your own: capture, lay out, diagnose, trace."""

from helpers import public

ROOMS = {
    "capture.capture_attention": "capture_attention",
    "capture.caption_attentions": "caption_attentions",
    "messages": "explain",
    "probe": "probe_layout",
    "shapes": "diagnose trace_shapes",
    "pretrained": "geometry_of load_real",
    "tiny_models": "save_tiny tiny_blip tiny_vlm",
}
__getattr__, __all__ = public(__name__, ROOMS)
