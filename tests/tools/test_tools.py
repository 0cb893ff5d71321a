"""What a maintainer runs: the settings of other machines, and the exact releases."""

import shutil
from importlib import metadata

import nbformat
import pytest

from tools import other_machines, requirements
from tools.requirements import declared

DEPENDS = "import os\nprint(os.environ.get('OMP_NUM_THREADS', 'none said'))"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course without notebooks, under the settings of ours."""
    for file in ("pyproject.toml", "tests/nbval_sanitize.cfg"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(other_machines.ROOT / file, tmp_path / file)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(other_machines, "ROOT", tmp_path)
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


def test_a_setting_that_flips_an_output_is_named(course, capfd):
    holds = write_notebook(course / "notebooks" / "holds.ipynb", "1")
    flips = write_notebook(course / "notebooks" / "flips.ipynb", "2")
    assert other_machines.run([holds, flips], ["scalar"], ["installed"]) == 1
    said = capfd.readouterr().out
    assert "notebooks/flips.ipynb::Cell 1" in said and "mismatch 'stdout'" in said
    assert "holds.ipynb::Cell" not in said
    assert "installed packages, setting scalar: see above" in said
    assert other_machines.run([holds], ["scalar"], ["installed"]) == 0


def test_notebooks_that_cannot_be_run_do_not_pass(course):
    nowhere = [course / "no.ipynb"]
    assert other_machines.run(nowhere, ["scalar"], ["installed"]) == 1


def test_the_settings_cover_what_machines_differ_in():
    for name, values in {
        "ATEN_CPU_CAPABILITY": {"default", "avx2"},
        "OMP_NUM_THREADS": {"1", "2"},
        "ONEDNN_MAX_CPU_ISA": {"SSE41"},
    }.items():
        assert values == {
            s[name] for s in other_machines.SETTINGS.values() if name in s
        }


def test_the_oldest_releases_are_the_lower_bounds():
    oldest = dict(line.split("==") for line in requirements.oldest())
    assert oldest.keys() == declared().keys() and "torch" in oldest
    for name, version in oldest.items():
        assert declared()[name].contains(version), f"{name} {version}"


def test_the_releases_written_are_those_of_this_python(tmp_path, monkeypatch):
    monkeypatch.setattr(requirements, "FILE", tmp_path / "constraints.txt")
    requirements.write()
    lines = requirements.FILE.read_text().splitlines()
    written = dict(line.split("==") for line in lines if line[0] != "#")
    for name, version in written.items():
        assert metadata.version(name).lower().startswith(version), name
    assert {"torch", "nbformat", "ipykernel"} <= written.keys()
    assert not {"pip", "attention-map-course"} & written.keys()
