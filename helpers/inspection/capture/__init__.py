"""Get the attention weights out of a model that hides them."""

from helpers.inspection.capture.captured import Captured as Captured
from helpers.inspection.capture.generated import follow_caption as follow_caption
from helpers.inspection.capture.listen import capture_attention as capture_attention
