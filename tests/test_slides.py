"""The slide types of every lesson, and a deck that needs no network."""

import re
import shutil
import subprocess

import nbformat
import pytest

from helpers.decks import build, deck, parted
from helpers.notebooks import lessons
from helpers.slides import figures, slide_types

FILES = lessons()
SHOWN = {"slide", "subslide", "-"}


def read(file):
    return nbformat.read(file, as_version=4)


def named(file):
    return file.stem


@pytest.mark.parametrize("file", FILES, ids=named)
def test_the_types_in_the_file_are_those_of_the_rule(file):
    cells = read(file).cells
    written = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in cells]
    assert written == slide_types(cells), f"python -m helpers notebooks {file}"


@pytest.mark.parametrize("file", FILES, ids=named)
def test_headings_start_a_slide_and_figures_are_on_one(file):
    cells = parted(read(file)).cells
    types = slide_types(cells)
    assert sum(kind in ("slide", "subslide") for kind in types) >= 8
    for cell, kind in zip(cells, types, strict=True):
        if cell.cell_type == "markdown" and re.match("#{1,3} ", cell.source):
            assert kind == "slide", cell.source
        if figures(cell):
            assert kind in SHOWN, cell.source


@pytest.mark.parametrize("file", FILES, ids=named)
def test_no_exercise_is_shown_and_no_answer_beside_its_question(file):
    cells = parted(read(file)).cells
    types = slide_types(cells)
    for cell, kind in zip(cells, types, strict=True):
        if "raise NotImplementedError" in cell.source or "**Exercise" in cell.source:
            assert kind == "skip", cell.source
    shown = [
        (cell, kind) for cell, kind in zip(cells, types, strict=True) if kind in SHOWN
    ]
    for (cell, _), (after, kind) in zip(shown, shown[1:], strict=False):
        if "**Predict first.**" in cell.source:
            assert kind != "-", after.source


def markdown(text):
    return nbformat.v4.new_markdown_cell(text)


def code(text, printed=""):
    output = nbformat.v4.new_output("stream", text=printed)
    return nbformat.v4.new_code_cell(text, outputs=[output] if printed else [])


def test_the_rule_on_a_small_notebook():
    long, tagged = code("x = 1\n" * 20), code("x = 1\n" * 20)
    tagged.metadata["tags"] = ["slide"]
    cells = [
        (markdown("# Title"), "slide"),
        (code("print(1)", "1\n"), "-"),
        (markdown("It printed 1."), "-"),
        (markdown("word " * 100), "notes"),
        (markdown("**Predict first.** What next?"), "subslide"),
        (code("print(2)", "2\n"), "subslide"),
        (long, "skip"),
        (tagged, "-"),
        (code("import helpers.quiz"), "skip"),
        (markdown("**Exercise 1 (2 minutes).** Do it."), "skip"),
        (code("def f():\n    raise NotImplementedError"), "skip"),
        (markdown("### A part"), "slide"),
    ]
    assert slide_types([cell for cell, _ in cells]) == [kind for _, kind in cells]


def test_a_heading_within_a_cell_starts_a_slide_of_its_own():
    notebook = nbformat.v4.new_notebook(cells=[markdown("What was seen.\n\n## Next")])
    assert [cell.source for cell in parted(notebook).cells] == [
        "What was seen.",
        "## Next",
    ]
    assert len(notebook.cells) == 1, "the notebook itself stays as it is"


def test_a_deck_loads_nothing_from_the_network():
    html = deck(read(FILES[0]), FILES[0].stem)
    loaded = re.findall(
        r"<(?:script|img|link|iframe)[^>]*(?:src|href)=\"([^\"]+)", html
    )
    loaded += re.findall(r"(?:url\(|@import )[\"']?([^\"')]+)", html)
    loaded = {target for target in loaded if not target.startswith("data:")}
    assert loaded and all(target.startswith("reveal/") for target in loaded)
    assert "MathJax" not in html and "mermaid.initialize" not in html
    assert html.count("<section") >= 16 and "<details>" in html
    assert "NotImplementedError" not in html


def test_a_folder_of_decks_has_one_copy_of_the_assets(tmp_path):
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: it fetches reveal.js for `make slides`")
    try:
        build(FILES[:2], tmp_path)
    except subprocess.CalledProcessError:
        pytest.skip("npm could not fetch reveal.js: is there a network?")
    assert {file.name for file in tmp_path.iterdir()} == {
        "reveal",
        f"{FILES[0].stem}.html",
        f"{FILES[1].stem}.html",
    }
    html = (tmp_path / f"{FILES[0].stem}.html").read_text(encoding="utf-8")
    for target in re.findall(r"(?:src|href)=\"(reveal/[^\"]+)", html):
        assert (tmp_path / target).exists(), target
    for sheet in tmp_path.glob("reveal/dist/**/white.css"):
        assert not re.search(r"url\(['\"]?http", sheet.read_text(encoding="utf-8"))


def test_without_npm_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"npm.*reveal\.js"):
        build(FILES[:1], tmp_path)
