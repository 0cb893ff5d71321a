"""Which key belongs to which cell: known, or found by experiment."""

from helpers.layout.probe import ProbedLayout as ProbedLayout
from helpers.layout.probe import probe_layout as probe_layout
from helpers.layout.tokens import TokenLayout as TokenLayout
