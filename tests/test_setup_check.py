"""What `python -m helpers check` says about packages that are not there."""

import importlib

import pytest

from helpers import setup_check


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
    assert text == "transformers 0.1: needs transformers<6,>=5, run 'make lab' again"
