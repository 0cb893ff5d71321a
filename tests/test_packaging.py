"""pyproject.toml and environment.yml must ask for the same packages and ranges."""

import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}


def pip_requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    # "bench" holds peers for the benchmarks alone
    lines = project["dependencies"] + extras["test"] + extras["models"]
    found = {r.name: r.specifier for r in map(Requirement, lines)}
    return {"python": SpecifierSet(project["requires-python"]), **found}


def conda_requirements():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    found = {}
    for line in environment["dependencies"]:
        if isinstance(line, dict):
            assert line == {"pip": ["--editable ."]}
        elif line != "pip":
            name, specifier = line.split()
            found[CONDA_NAMES.get(name, name)] = SpecifierSet(specifier)
    return found


def test_the_two_files_agree():
    assert conda_requirements() == pip_requirements()


def test_every_range_has_a_floor_and_a_cap():
    for name, specifier in pip_requirements().items():
        operators = sorted(part.operator for part in specifier)
        assert operators == ["<", ">="], f"{name} asks for {specifier}"
