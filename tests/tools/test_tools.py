"""What a maintainer runs: the matrix of settings, and the exact releases."""

import shutil
import sys

import nbformat
import pytest
from packaging.specifiers import SpecifierSet

from tools import matrix
from tools.requirements import closure, declared, floor

DEPENDS = "import os\nprint(os.environ.get('OMP_NUM_THREADS', 'none said'))"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course without notebooks, under the settings of ours."""
    for file in ("pyproject.toml", "tests/nbval_sanitize.cfg"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(matrix.ROOT / file, tmp_path / file)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    return tmp_path


def write_notebook(file, printed):
    """Two cells: one that prints the same anywhere, one that prints the threads."""
    notebook = nbformat.v4.new_notebook()
    for count, (source, text) in enumerate([("print(1)", "1"), (DEPENDS, printed)], 1):
        output = nbformat.v4.new_output("stream", name="stdout", text=f"{text}\n")
        cell = nbformat.v4.new_code_cell(
            source, outputs=[output], execution_count=count
        )
        notebook.cells.append(cell)
    nbformat.write(notebook, file)
    return file


def test_a_setting_that_flips_an_output_is_named(course, capsys):
    holds = write_notebook(course / "notebooks" / "holds.ipynb", "1")
    flips = write_notebook(course / "notebooks" / "flips.ipynb", "2")
    passed, _, cells = matrix.play(sys.executable, "scalar", [holds, flips])
    assert (passed, cells) == ("1 of 2", "flips.ipynb 1")
    assert "mismatch 'stdout'" in capsys.readouterr().out, "the difference is shown"
    assert matrix.play(sys.executable, "scalar", [holds])[::2] == ("1 of 1", "")


def test_notebooks_that_cannot_be_run_do_not_pass(course):
    passed, _, said = matrix.play(sys.executable, "scalar", [course / "no.ipynb"])
    assert passed == "0 of 1" and said


def test_the_settings_cover_what_machines_differ_in():
    for name, values in {
        "ATEN_CPU_CAPABILITY": {"default", "avx2"},
        "OMP_NUM_THREADS": {"1", "2"},
        "ONEDNN_MAX_CPU_ISA": {"SSE41"},
    }.items():
        assert values == {s[name] for s in matrix.SETTINGS.values() if name in s}


def test_the_oldest_releases_are_the_lower_bounds():
    oldest = dict(line.split("==") for line in matrix.oldest())
    assert oldest.keys() == declared().keys() and "torch" in oldest
    for name, version in oldest.items():
        assert declared()[name].contains(version), f"{name} {version}"


def test_a_range_without_one_lower_bound_is_refused():
    assert floor(SpecifierSet(">=2.9,<3")) == "2.9"
    with pytest.raises(ValueError, match="one lower bound"):
        floor(SpecifierSet("<3"))


def test_the_closure_holds_what_is_needed_and_nothing_else():
    found = closure(("test",))
    assert declared(("test",)).keys() <= found.keys()
    assert {"jinja2", "sympy", "ipykernel"} <= found.keys(), "what those need"
    assert not {"pip", "attention-map-course", "timm"} & found.keys()
