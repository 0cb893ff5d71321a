"""What pyproject.toml asks for, and the exact releases that are installed."""

import platform
import re
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement

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
    optional = [project["optional-dependencies"][extra] for extra in extras]
    lines = sum(optional, project["dependencies"])
    return {need.name: need.specifier for need in map(Requirement, lines)}


def oldest():
    """The lower bound of every declared package: ["torch==2.9", ...]."""
    bounds = [(name, part) for name, parts in declared().items() for part in parts]
    return [f"{name}=={part.version}" for name, part in bounds if part.operator == ">="]


def write():
    """Write constraints.txt: the releases that this environment was tested with."""
    pip = [sys.executable, "-m", "pip", "freeze", "--all", "--exclude", "pip"]
    found = subprocess.check_output([*pip, "--exclude-editable"], text=True)
    header = HEADER.format(python=platform.python_version(), system=platform.system())
    # without what a build adds to a version: 2.9.0+cpu
    FILE.write_text(header + re.sub(r"\+.*", "", found).lower())
