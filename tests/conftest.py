"""What several tests need."""

import pytest

from helpers.captioning import VARIANTS, load_captioner, sample_scenes


@pytest.fixture(scope="session")
def captioners():
    """The three shipped captioners, loaded once."""
    return {variant: load_captioner(variant) for variant in VARIANTS}


@pytest.fixture(scope="session")
def unseen():
    """Scenes that training never saw."""
    return sample_scenes(60, seed=2026)
