"""What pyproject.toml asks for, and the exact releases that are installed."""

import platform
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from helpers import ROOT

EXTRAS = ("test", "models")  # those that `make install` brings
ALL_EXTRAS = (*EXTRAS, "site", "browser")  # all that CI installs
FILE = ROOT / "constraints.txt"
HEADER = """\
# The exact releases that were tested, with Python {python} on {system}. Use them where
# the course must still work in years: make lab PIP_ARGS="-c constraints.txt"
# Made by `python -m tools constraints`.
"""


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


def closure(extras=ALL_EXTRAS):
    """All that the course needs, and all that those need: {name: installed version}.

    Versions are without what a build adds: 2.9.0+cpu -> 2.9.0. Raises
    PackageNotFoundError where something is not installed.
    """
    found, seen = {}, set()
    waiting = [(canonicalize_name(name), frozenset()) for name in declared(extras)]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        found[name] = Version(metadata.version(name)).public
        for need in map(Requirement, metadata.requires(name) or []):
            markers = [{"extra": extra} for extra in ("", *wanted)]
            if not need.marker or any(map(need.marker.evaluate, markers)):
                waiting.append((canonicalize_name(need.name), frozenset(need.extras)))
    return found


def write():
    """Write constraints.txt: the releases that this environment was tested with."""
    header = HEADER.format(python=platform.python_version(), system=platform.system())
    lines = [f"{name}=={version}" for name, version in sorted(closure().items())]
    FILE.write_text(header + "\n".join(lines) + "\n")
    print(f"{FILE}: {len(lines)} packages")
