"""Get the attention weights out of a model that hides them."""

from helpers.inspection.capture.capture_attention import (
    capture_attention as capture_attention,
)
from helpers.inspection.capture.captured import Captured as Captured
from helpers.inspection.capture.generated import (
    caption_attentions as caption_attentions,
)
