"""What went through a model, and what came out: traces and the shape doctor."""

from helpers.inspection.shapes.diagnose import diagnose as diagnose
from helpers.inspection.shapes.trace import trace_shapes as trace_shapes
