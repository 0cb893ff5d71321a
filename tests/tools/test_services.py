"""The files that other services read: a dev container, Binder, conda."""

import json
import os
import re
import subprocess
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from helpers import ROOT

HANDED_DOWN = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "EXTRAS")


def dry_run(*arguments):
    """What make would do (-n), from the beginning: nothing is run."""
    command = ["make", "-n", "--always-make", *arguments]
    # These tests may run under make, which hands its own choices down.
    own = {k: v for k, v in os.environ.items() if k not in HANDED_DOWN}
    try:
        return subprocess.run(
            command, cwd=ROOT, env=own, capture_output=True, text=True
        )
    except FileNotFoundError:
        pytest.skip("make is not installed")


def make_knows(target):
    """Does the Makefile have a rule for it?"""
    return dry_run(target).returncode == 0


def test_the_dev_container_calls_what_the_makefile_has():
    text = (ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text)
    python = re.search(r"python:(\d\.\d+)$", container["image"])[1]
    assert python in supported()
    targets = re.findall(r"make ([\w./-]+)", container["postCreateCommand"])
    assert targets and all(make_knows(target) for target in targets)
    assert not make_knows("no-such-target")
    assert 8888 in container["forwardPorts"]


def supported():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    allowed = SpecifierSet(re.search(r'requires-python = "(.+)"', text)[1])
    return set(allowed.filter(f"3.{minor}" for minor in range(9, 20)))


def test_binder_installs_the_course_on_a_python_that_it_supports():
    """`.binder` hides environment.yml: Binder reads a range of Pythons as 3.10."""
    python = (ROOT / ".binder/runtime.txt").read_text().strip()
    assert python.removeprefix("python-") in supported()
    text = (ROOT / ".binder/requirements.txt").read_text()
    extras = re.search(r"^--editable \.\[(.+)\]$", text, re.MULTILINE)[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    known = project["project"]["optional-dependencies"]
    assert set(extras.split(",")) <= set(known)
    assert f'".[{extras}]"' in dry_run("install").stdout, "the same as by make"
    assert not (ROOT / "binder").exists(), "it would hide .binder"


def test_conda_takes_every_line_of_the_environment():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert set(environment) == {"name", "channels", "dependencies"}
    for line in environment["dependencies"]:
        if isinstance(line, dict):
            assert list(line) == ["pip"]
            continue
        # a name, or a name, one space and a range without spaces
        assert re.fullmatch(r"[a-z0-9_-]+( [<>=!~0-9.,*]+)?", line), line
        Requirement(line)


def test_the_named_make_targets_of_the_teaching_guide_exist():
    text = (ROOT / "TEACHING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:^\s+|`)make ([a-z-]+)", text, re.MULTILINE))
    assert {"lab", "slides", "exercises-reset"} <= targets
    assert all(make_knows(target) for target in targets)


def test_other_extras_are_installed_into_an_environment_that_is_there():
    plain = dry_run("install").stdout
    more = dry_run("install", "EXTRAS=test,models,site,browser").stdout
    assert '".[test,models]"' in plain and "installed-test,models\n" in plain
    assert '".[test,models,site,browser]"' in more
    assert "installed-test,models\n" not in more  # a stamp of its own
