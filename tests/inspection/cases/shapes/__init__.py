"""Shapes that people asked about, and those of published models, with their truth."""
