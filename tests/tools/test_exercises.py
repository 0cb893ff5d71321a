"""`make exercises-reset`: stubs come back, and nothing else changes."""

import os
import shutil
import sys

import nbformat
import pytest

from tools import exercises
from tools.__main__ import main
from tools.exercises import reset, reset_all
from tools.notebooks import lessons, normalise, stub_of

LESSON = next(file for file in lessons() if file.name.startswith("03_"))


@pytest.fixture
def copy(tmp_path):
    return shutil.copy(LESSON, tmp_path / LESSON.name)


def solve(cell):
    """What a learner leaves behind: an answer, a run, its output."""
    cell.source = cell.source.replace("raise NotImplementedError", "return query")
    cell.outputs = [nbformat.v4.new_output("stream", text="Correct.\n")]
    cell.execution_count = 57


def stubs(notebook):
    return [cell for cell in notebook.cells if "stub" in cell.metadata]


@pytest.mark.parametrize("file", lessons(), ids=lambda file: file.stem)
def test_every_exercise_of_the_lessons_carries_its_stub(file):
    notebook = nbformat.read(file, as_version=4)
    cells = [cell for cell in notebook.cells if "raise Not" in cell.source]
    assert cells and stubs(notebook) == cells
    assert all(cell.metadata["stub"] == cell.source for cell in cells)


def test_solved_and_reset_is_byte_for_byte_the_lesson(copy, capsys):
    notebook = nbformat.read(copy, as_version=4)
    solve(stubs(notebook)[0])
    solve(stubs(notebook)[2])
    nbformat.write(notebook, copy)
    assert reset_all([copy]) == 0
    said = capsys.readouterr().out
    assert said == "03_dot_product_attention: exercises put back 2, untouched 1\n"
    assert copy.read_bytes() == LESSON.read_bytes()
    assert list(copy.parent.iterdir()) == [copy], "no other file is left"


def test_what_a_learner_wrote_elsewhere_stays(copy):
    notebook = nbformat.read(copy, as_version=4)
    notebook.cells[3].source += "\n\nMy own note."
    notebook.cells[7].source += "\nprint('mine')"
    output = nbformat.v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
    mine = nbformat.v4.new_code_cell(
        "my_map = 1", outputs=[output], execution_count=80, metadata={"own": True}
    )
    notebook.cells.insert(5, mine)
    notebook.metadata["language_info"]["version"] = "3.12.1"
    solved = stubs(notebook)[0]
    solve(solved)
    notebook.cells.remove(solved)
    notebook.cells.append(solved)  # moved to the end
    nbformat.write(notebook, copy)
    before = nbformat.read(copy, as_version=4)

    assert reset(copy) == (1, 2)
    after = nbformat.read(copy, as_version=4)
    assert after.cells[-1].source == solved.metadata["stub"]
    assert after.cells[-1].outputs[0].text == "Not attempted yet.\n"
    assert after.cells[:-1] == before.cells[:-1]
    assert after.metadata == before.metadata


def test_an_untouched_notebook_is_not_even_written(copy, capsys):
    os.utime(copy, (1, 1))
    assert reset_all([copy]) == 0
    assert "exercises put back 0, untouched 3" in capsys.readouterr().out
    assert copy.stat().st_mtime == 1 and copy.read_bytes() == LESSON.read_bytes()


def test_a_notebook_without_exercises_is_left_alone(tmp_path, capsys):
    file = tmp_path / "mine.ipynb"
    file.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    before = file.read_bytes()
    assert reset_all([file]) == 0
    assert capsys.readouterr().out == "mine: exercises put back 0, untouched 0\n"
    assert file.read_bytes() == before


@pytest.mark.parametrize("text", ['{"cells": [', "", "[]", "{}", '{"nbformat": 9}'])
def test_damaged_json_names_the_file_and_stops_no_other(copy, text, capsys):
    broken = copy.with_name("broken.ipynb")
    broken.write_text(text)
    assert reset_all([broken, copy]) == 1
    out, err = capsys.readouterr()
    assert str(broken) in err and "damaged" in err and "Traceback" not in err
    assert broken.read_text() == text
    assert "untouched 3" in out


def test_a_failed_write_costs_nobody_the_notebook(copy, monkeypatch):
    notebook = nbformat.read(copy, as_version=4)
    solve(stubs(notebook)[0])
    nbformat.write(notebook, copy)
    before = copy.read_bytes()

    def full_disk(notebook, file):
        raise OSError("no space left on device")

    monkeypatch.setattr(exercises.nbformat, "write", full_disk)
    with pytest.raises(OSError, match="no space"):
        reset(copy)
    assert copy.read_bytes() == before


def test_at_the_command_line(copy, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tools", "reset", str(copy)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    assert "untouched 3" in capsys.readouterr().out


STUB = "def f(x):\n    raise NotImplementedError\n\n\nchecks.check_f(f)"


@pytest.mark.parametrize(
    ("source", "remembered"),
    [
        (STUB, STUB),
        (STUB.replace("raise NotImplementedError", "return x"), "old"),
        (STUB.replace("    raise", "    y = 2 * x\n    raise"), "old"),  # half way
        (STUB.replace("checks.check_f(f)", ""), "old"),
    ],
)
def test_normalise_remembers_a_stub_and_keeps_it_in_a_solved_cell(source, remembered):
    cell = nbformat.v4.new_code_cell(source, metadata={"stub": "old"})
    assert stub_of(cell) == remembered
    notebook = nbformat.v4.new_notebook(cells=[cell])
    normalise(notebook)
    assert notebook.cells[0].metadata["stub"] == remembered


def test_cells_that_are_no_exercise_get_no_stub():
    cells = [nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_markdown_cell(STUB)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    normalise(notebook)
    assert not stubs(notebook)
