"""What `python -m helpers check` says about packages that are not there."""

import importlib
import os
import re
import shutil
import subprocess
import sys

import pytest

from helpers import ROOT
from helpers.captioning import checkpoints
from helpers.classroom import setup_check


@pytest.fixture
def without(monkeypatch):
    """Makes one package impossible to import."""

    def hide(missing):
        def import_module(name):
            if name == missing:
                raise ImportError(f"No module named '{name}'")
            return importlib.__import__(name)

        monkeypatch.setattr(setup_check.importlib, "import_module", import_module)

    return hide


def test_all_is_well_here(capsys):
    assert setup_check.check_setup()
    said = capsys.readouterr().out
    assert "[FAIL]" not in said and "[OK]   torch " in said
    assert "[OK]   captioner additive" in said


def test_one_line_if_all_is_well(capsys):
    assert setup_check.check_setup(details=False)
    said = capsys.readouterr().out
    number = re.fullmatch(r"\[OK\]   (\d+) of (\d+) parts of the set-up\n", said)
    assert number[1] == number[2] and int(number[1]) > 10


def test_without_details_only_what_is_wrong_gets_a_line(without, capsys):
    without("captum")
    assert not setup_check.check_setup(details=False)
    first, second = capsys.readouterr().out.splitlines()
    fine, all_of_them = map(int, re.findall(r"\d+", first))
    assert fine == all_of_them - 1 and second.startswith("[FAIL] captum does not")


def test_what_the_course_needs_is_a_failure(without, capsys):
    without("captum")
    assert not setup_check.check_setup()
    line = "[FAIL] captum does not import (No module named 'captum'): run 'make lab'"
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("name", ["transformers", "timm"])
def test_what_some_notebooks_need_is_missing_and_no_failure(name, without, capsys):
    without(name)
    assert setup_check.check_setup()
    said = capsys.readouterr().out
    assert f"[MISSING] {name} does not import" in said and "error index" in said
    assert "[FAIL]" not in said


def test_a_wrong_version_is_named(monkeypatch):
    monkeypatch.setattr(setup_check.metadata, "version", lambda name: "0.1")
    good, text = setup_check.check_packages("models")[0]
    assert not good
    said = r"transformers 0.1: needs transformers<6,>=5\S*, run 'make lab' again"
    assert re.fullmatch(said, text)


def run(*arguments, cwd=ROOT):
    """`python ...` where only the standard library is installed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, "-S", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True
    )


def test_a_bare_python_gets_lines_and_no_traceback():
    found = run("-m", "helpers", "check")
    assert found.returncode == 1 and found.stderr == ""
    assert "[FAIL] the course is not installed in" in found.stdout
    assert "'make lab'" in found.stdout and "[OK]   captioner additive" in found.stdout


def test_a_python_that_is_too_old_is_named(monkeypatch):
    class Version(tuple):
        major, minor, micro = 3, 10, 13

    monkeypatch.setattr(setup_check.sys, "version_info", Version((3, 10, 13)))
    good, text = setup_check.check_python()
    assert not good and text.startswith("Python 3.10.13: use Python 3.11, 3.12 or")


@pytest.mark.parametrize("text", ["{}", '{"additive": {"fi'])
def test_a_broken_manifest_is_a_line_for_each_captioner(text, tmp_path):
    shutil.copytree(ROOT / "helpers", tmp_path / "helpers")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "manifest.json").write_text(text)
    found = run("-m", "helpers", "check", cwd=tmp_path)
    assert found.returncode == 1 and found.stderr == ""
    names = (*checkpoints.VARIANTS, *checkpoints.RENDERED)
    for name in names:
        assert f"[FAIL] captioner {name}: " in found.stdout
    assert found.stdout.count(checkpoints.REMEDY) == len(names)


def test_an_unknown_captioner_is_a_sentence():
    found = run("-m", "helpers", "train", "foo")
    assert found.returncode == 2 and "Traceback" not in found.stderr
    expected = "expected additive or dot-product or transformer or rendered, got 'foo'"
    assert expected in found.stderr
