"""What pyproject.toml asks for."""

import tomllib

from packaging.requirements import Requirement

from helpers import ROOT

EXTRAS = ("test", "models")  # those that `make install` brings


def declared(extras=EXTRAS):
    """The packages that the course and the named extras ask for: {name: specifier}."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return {need.name: need.specifier for need in map(Requirement, lines)}


def floor(specifier):
    """The oldest release that a range admits: >=2.9,<3 -> "2.9".

    Raises ValueError for a range that has no lower bound, or several.
    """
    floors = [part.version for part in specifier if part.operator == ">="]
    if len(floors) != 1:
        raise ValueError(f"expected one lower bound (>=) in {specifier}: {floors}")
    return floors[0]
