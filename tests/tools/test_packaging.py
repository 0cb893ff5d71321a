"""pyproject.toml, environment.yml and constraints.txt must agree on the packages."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers import ROOT
from tools.requirements import ALL_EXTRAS, declared

CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}


def pip_requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    # "bench" holds peers for the benchmarks alone, "site" and "browser" what CI needs
    return {"python": SpecifierSet(project["requires-python"]), **declared()}


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


def test_the_releases_that_were_tested_lie_in_the_ranges():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    exact = [Requirement(line) for line in lines if not line.startswith("#")]
    tested = {need.name: str(need.specifier) for need in exact}
    for name, specifier in declared(ALL_EXTRAS).items():
        # no local version (2.9.0+cpu), which one index alone has
        assert re.fullmatch(r"==[\w.]+", tested[name]), f"{name}{tested[name]}"
        assert specifier.contains(tested[name].removeprefix("==")), name
    assert "attention-map-course" not in tested


def test_the_readme_says_how_to_install_them():
    readme = (ROOT / "README.md").read_text()
    assert 'make lab PIP_ARGS="-c constraints.txt"' in readme


def test_ci_runs_the_notebooks_as_they_are_and_elsewhere():
    script = (ROOT / ".ci/run").read_text()
    assert re.search(r"^make test EXTRAS", script, re.M)
    assert re.search(r"^make test-elsewhere EXTRAS", script, re.M)
    recipe = (ROOT / "Makefile").read_text().split("test-elsewhere: ")[1]
    assert "tools matrix --settings scalar" in recipe.splitlines()[1]


def test_make_test_needs_no_package_of_the_other_extras():
    others = declared(ALL_EXTRAS).keys() - pip_requirements().keys()
    installed = packages_distributions().items()
    owned = [(name, set(map(canonicalize_name, owners))) for name, owners in installed]
    blocked = [name for name, owners in owned if others & owners]
    program = f"import sys, pytest; sys.modules |= dict.fromkeys({blocked})\n"
    program += "sys.exit(pytest.main(['--collect-only', '-q', 'tests']))"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True
    )
    assert not run.returncode, run.stdout[-2000:]
