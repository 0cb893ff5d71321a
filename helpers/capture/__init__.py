"""Get the attention weights out of a model that hides them."""

from helpers.capture.captured import Captured as Captured
from helpers.capture.generated import follow_caption as follow_caption
from helpers.capture.listen import capture_attention as capture_attention
