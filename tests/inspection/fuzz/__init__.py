"""Seeded tensors as models give them, and broken ones, for the doctor to look at.

The generators follow the architectures, not the doctor.
`python -m tests.inspection.fuzz --seed 1` prints how often it is right.
"""
