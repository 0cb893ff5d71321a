"""What went through a model, and what came out: traces and the shape doctor."""

from helpers.shapes.diagnose import diagnose as diagnose
from helpers.shapes.trace import trace_shapes as trace_shapes
