"""Write constraints.txt: the exact releases that this environment was tested with."""

import platform
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.requirements import ROOT, declared

FILE = ROOT / "constraints.txt"
EXTRAS = ("test", "models", "site", "browser")  # all that CI installs
HEADER = """\
# The exact releases that were tested, with Python {python} on {system}. Use them where
# the course must still work in years: make lab PIP_ARGS="-c constraints.txt"
# Made by `python -m tools constraints`.
"""


def add_command(commands):
    parser = commands.add_parser("constraints", help=__doc__)
    parser.set_defaults(run=write)


def write(_):
    """Write the file; returns the exit status."""
    header = HEADER.format(python=platform.python_version(), system=platform.system())
    lines = [f"{name}=={version}" for name, version in sorted(closure().items())]
    FILE.write_text(header + "\n".join(lines) + "\n")
    print(f"{FILE}: {len(lines)} packages")
    return 0


def closure(extras=EXTRAS):
    """All that the course needs, and all that those need: {name: version}.

    Versions are those installed here, without what a build adds (2.9.0+cpu -> 2.9.0).
    Raises PackageNotFoundError where something is not installed.
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
            if applies(need, wanted):
                waiting.append((canonicalize_name(need.name), frozenset(need.extras)))
    return found


def applies(need, extras):
    """Does a requirement hold on this machine, with these extras asked for?"""
    if need.marker is None:
        return True
    return any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras))
