"""What every notebook of the course keeps to; nbval runs them."""

import re
import statistics

import nbformat
import pytest

from helpers import ROOT
from tools.notebooks import lessons, notebook_files

FILES = notebook_files()
LESSONS = lessons()


def read(file):
    notebook = nbformat.read(file, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    text = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return notebook, code, text


def named(file):
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", FILES, ids=named)
def test_it_was_run_top_to_bottom_without_an_error(file):
    _, code, _ = read(file)
    counts = [cell.execution_count for cell in code]
    assert counts == list(range(1, len(code) + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert "error" not in kinds


@pytest.mark.parametrize("file", FILES, ids=named)
def test_it_is_small_and_its_cells_are_short(file):
    _, code, _ = read(file)
    assert file.stat().st_size <= 600_000
    lengths = [len(cell.source.splitlines()) for cell in code]
    assert statistics.median(lengths) <= 8 and max(lengths) <= 25
    width = max(len(line) for cell in code for line in cell.source.splitlines())
    assert width <= 88


@pytest.mark.parametrize("file", LESSONS, ids=named)
def test_it_opens_and_closes_as_all_do(file):
    _, _, text = read(file)
    first, last = text[0], text[-1]
    assert first.startswith("# ") and "minutes" in first
    for part in (
        "**What you'll do.**",
        "**What you'll learn.**",
        "**What you'll need.**",
    ):
        assert part in first
    for part in ("## Key points", "**On your own.**", "**Further reading.**"):
        assert part in last
    # the verbs of the opening come back, in the past tense
    verbs = re.findall(r"\*(\w+)\*", first.split("What you'll learn.")[1])
    assert 3 <= len(verbs) <= 4
    assert len(re.findall(r"\*\w+\*", last)) >= len(verbs)
    assert sum("**Predict first.**" in part for part in text) >= 2
    assert sum("<details>" in part for part in text) >= 2


@pytest.mark.parametrize("file", FILES, ids=named)
def test_every_figure_is_followed_by_what_it_shows(file):
    notebook, _, _ = read(file)
    for cell, after in zip(notebook.cells, notebook.cells[1:], strict=False):
        shown = {kind for o in cell.get("outputs", []) for kind in o.get("data", {})}
        if shown & {"image/png", "image/jpeg"}:
            assert after.cell_type == "markdown", cell.source


@pytest.mark.parametrize("file", FILES, ids=named)
def test_no_installs_no_path_tricks_and_alt_text(file):
    _, code, text = read(file)
    source = "\n".join(cell.source for cell in code)
    assert "pip install" not in source and "sys.path" not in source
    assert not re.search(r"!\[\]\(|<img(?![^>]*alt=)", "\n".join(text))


def exercises(file):
    """Name of the check -> its cell's source."""
    _, code, _ = read(file)
    found = {}
    for cell in code:
        match = re.search(r"^checks\.(check_\w+)\(", cell.source, re.MULTILINE)
        if match:
            found[match[1]] = cell
    return found


@pytest.mark.parametrize("file", LESSONS, ids=named)
def test_every_exercise_is_solved_in_the_solutions(file):
    stubs = exercises(file)
    solved = exercises(file.parent / "solutions" / file.name)
    assert 2 <= len(stubs) <= 4 and list(stubs) == list(solved)
    for name, cell in stubs.items():
        assert "raise NotImplementedError" in cell.source
        assert cell.outputs[0].text == "Not attempted yet.\n"
        assert solved[name].outputs[-1].text == "Correct.\n"
