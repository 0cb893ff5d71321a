"""The slide types of every lesson, and a deck that needs no network."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from helpers import ROOT
from tools.notebooks import lessons, require_run
from tools.slide_types import has_picture, shows_code, slide_types
from tools.slides import build, deck, parted

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
    assert written == slide_types(cells), f"python -m tools notebooks {file}"


@pytest.mark.parametrize("file", FILES, ids=named)
def test_figures_are_shown_and_begin_a_slide_of_their_own(file):
    cells = list(parted(read(file).cells))
    types = slide_types(cells)
    assert sum(kind in ("slide", "subslide") for kind in types) >= 8
    for cell, kind in zip(cells, types, strict=True):
        if has_picture(cell):
            assert kind in SHOWN, cell.source


@pytest.mark.parametrize("file", FILES, ids=named)
def test_no_slide_is_a_heading_and_a_sentence(file):
    cells = list(parted(read(file).cells))
    slides = []
    for cell, kind in zip(cells, slide_types(cells), strict=True):
        if kind in ("slide", "subslide"):
            slides.append([])
        if kind in SHOWN:
            slides[-1].append(cell)
    for slide in slides:
        words = sum(len(cell.source.split()) for cell in slide)
        assert any(cell.cell_type == "code" for cell in slide) or words > 20, slide


@pytest.mark.parametrize("file", FILES, ids=named)
def test_no_exercise_is_shown_and_no_answer_beside_its_question(file):
    cells = list(parted(read(file).cells))
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


def figure(text="plt.plot()"):
    output = nbformat.v4.new_output("display_data", data={"image/png": ""})
    return nbformat.v4.new_code_cell(text, outputs=[output])


def test_the_rule_on_a_small_notebook():
    tagged, longer = code("x = 1\n" * 5), code("x = 1\n" * 10)
    for cell in (tagged, longer):
        cell.metadata["tags"] = ["slide"]
    cells = [
        (markdown("# Title"), "slide"),
        (code("print(1)", "1\n"), "-"),
        (markdown("It printed 1."), "-"),
        (markdown("word " * 100), "notes"),
        (markdown("**Predict first.** What next?"), "subslide"),
        (figure(), "subslide"),
        (figure(), "subslide"),
        (code("x = 1\n" * 20), "skip"),
        (tagged, "subslide"),
        (figure(), "-"),
        (longer, "subslide"),
        (figure(), "subslide"),
        (code("import helpers.quiz"), "skip"),
        (markdown("**Exercise 1 (2 minutes).** Do it."), "skip"),
        (code("def f():\n    raise NotImplementedError"), "skip"),
        (markdown("### A lead to nothing"), "skip"),
        (markdown("One sentence."), "skip"),
        (markdown("### Prose"), "slide"),
        (markdown("word " * 50), "-"),
        (markdown("word " * 50), "notes"),
        (markdown("### What a long program prints"), "slide"),
        (markdown("One sentence."), "-"),
        (code("x = 1\n" * 20, "1\n" * 9), "-"),
        (code("x = 1\n" * 20, "2\n"), "subslide"),
        (markdown("### What a long program prints beside a figure"), "slide"),
        (code("x = 1\n" * 20, "1\n"), "skip"),
        (figure(), "-"),
    ]
    assert slide_types([cell for cell, _ in cells]) == [kind for _, kind in cells]


def test_the_code_of_a_result_is_hidden():
    assert shows_code(code("print(1)", "1\n"))
    assert not shows_code(code("x = 1\n" * 20, "1\n"))
    assert not shows_code(figure())


def test_headings_and_paragraphs_within_a_cell_are_parted_and_lists_are_not():
    text = "What was seen.\n\n## Next\n\nOne.\n\nTwo."
    cells = parted([markdown(text), markdown("Three:\n\n- four\n- five")])
    assert [cell.source for cell in cells] == [
        "What was seen.",
        "## Next",
        "One.",
        "Two.",
        "Three:\n\n- four\n- five",
    ]


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
        "scene.html",
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


def half_run(folder, harm):
    """A copy of a lesson in `folder` after something was done to its code cells."""
    notebook = read(FILES[0])
    harm([cell for cell in notebook.cells if cell.cell_type == "code"])
    file = folder / FILES[0].name
    nbformat.write(notebook, file)
    return file


def never_run(code):
    code[2].execution_count = None


def run_twice(code):
    code[2].execution_count = 9


def out_of_order(code):
    code[1].execution_count, code[2].execution_count = 3, 2


def stopped(code):
    code[2].outputs = [nbformat.v4.new_output("error", ename="KeyError", evalue="600")]


HARMS = [
    (never_run, "code cell 3 was not run"),
    (run_twice, "code cell 3 ran as number 9"),
    (out_of_order, "code cell 2 ran as number 3"),
    (stopped, "code cell 3 stopped with KeyError"),
]


@pytest.mark.parametrize(
    "harm, said", HARMS, ids=lambda one: getattr(one, "__name__", "")
)
def test_no_slides_of_a_notebook_that_was_not_run_to_its_end(tmp_path, harm, said):
    file, decks = half_run(tmp_path, harm), tmp_path / "decks"
    with pytest.raises(ValueError, match=f"{file.name} was not run .*{said}"):
        build([FILES[1], file], decks)
    assert not decks.exists(), "not even those of the others"


@pytest.mark.parametrize(
    "harm, said", HARMS, ids=lambda one: getattr(one, "__name__", "")
)
def test_no_site_of_a_notebook_that_was_not_run_to_its_end(tmp_path, harm, said):
    pytest.importorskip("sphinx", reason="extra: site")
    for part in ("tools", "data/errors"):
        shutil.copytree(ROOT / part, tmp_path / part)
    (tmp_path / "helpers").mkdir()
    shutil.copy(ROOT / "helpers" / "__init__.py", tmp_path / "helpers")
    (tmp_path / "notebooks" / "solutions").mkdir(parents=True)
    file = half_run(tmp_path / "notebooks" / "solutions", harm)
    old = tmp_path / "build" / "site" / "index.html"
    old.parent.mkdir(parents=True)
    old.touch()
    own = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "tools.site.build"]
    result = subprocess.run(
        command, cwd=tmp_path, env=own, capture_output=True, text=True
    )
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert f"{file} was not run from top to bottom, its {said}" in result.stderr
    assert old.exists(), "the site that was there stays"


@pytest.mark.parametrize("file", FILES, ids=named)
def test_the_lessons_were_run_and_an_empty_cell_at_the_end_is_no_fault(tmp_path, file):
    notebook = read(file)
    notebook.cells.append(code(""))
    nbformat.write(notebook, tmp_path / file.name)
    require_run([tmp_path / file.name])
