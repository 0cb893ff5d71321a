"""Decks of slides: one HTML file a lesson, beside one folder of assets, for a room
without a network."""

import base64
import re
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path

import nbformat

from helpers import ROOT
from tools.notebooks import lessons, require_run
from tools.slide_types import EXERCISE, LIST_OR_TABLE, mark, shows_code

FOLDER = ROOT / "build" / "slides"
REVEAL = "reveal.js@^4.6"
PARTS = ("slides.html.j2", "scene.html", "live_slide.html")
TEMPLATE, SCENE, LIVE_SLIDE = map(Path(__file__).with_name, PARTS)
BEFORE_HEADING = r"\n\n(?=#{1,3} |\*\*Exercise \d)"
LIVE = "00_start_here"  # the lesson whose second slide is the live scene


def deck(notebook, title):
    """One lesson as HTML that expects reveal.js in the folder `reveal` beside it."""
    from nbconvert.exporters import SlidesExporter  # comes with the extra "test"

    notebook = deepcopy(notebook)
    notebook.cells = list(parted(notebook.cells))
    notebook.cells = list(with_headings(mark(notebook).cells))
    if title == LIVE:
        add_live_slide(notebook.cells, title)
    for cell in notebook.cells:
        if cell.cell_type == "code" and not shows_code(cell):
            cell.metadata["transient"] = {"remove_source": True}
    exporter = SlidesExporter(
        raw_template=TEMPLATE.read_text(encoding="utf-8"),
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        reveal_url_prefix="reveal",
        reveal_theme="white",
    )
    return exporter.from_notebook_node(notebook, {"metadata": {"name": title}})[0]


def parted(cells):
    """The cells, with headings, exercises and paragraphs as cells of their own."""
    for cell in cells:
        if cell.cell_type == "markdown":
            for text in re.split(BEFORE_HEADING, cell.source):
                yield from map(nbformat.v4.new_markdown_cell, paragraphs(text))
        else:
            yield cell


def paragraphs(text):
    """A heading apart from the text below it; and that in parts, if it is prose."""
    if EXERCISE.match(text):
        return [text]
    heading, _, below = text.partition("\n\n") if text[0] == "#" else ("", "", text)
    whole = LIST_OR_TABLE.search(below) or "<details>" in below or "```" in below
    parts = [heading, *([below] if whole else below.split("\n\n"))]
    return [part for part in parts if part.strip()]


def with_headings(cells):
    """The cells; every slide below another begins with their common heading."""
    for cell in cells:
        kind = cell.metadata["slideshow"]["slide_type"]
        if kind == "slide":
            heading = cell.source
        if kind == "subslide":
            yield shown_as("subslide", heading)
            cell.metadata["slideshow"] = {"slide_type": "-"}
        yield cell


def shown_as(kind, text):
    """A Markdown cell with its slide type."""
    slideshow = {"slideshow": {"slide_type": kind}}
    return nbformat.v4.new_markdown_cell(text, metadata=slideshow)


def add_live_slide(cells, name):
    """The live scene before the second slide; a still picture without the site."""
    picture = base64.b64encode((ROOT / "data/caption.png").read_bytes()).decode()
    text = LIVE_SLIDE.read_text(encoding="utf-8").format(picture=picture, name=name)
    types = [cell.metadata["slideshow"]["slide_type"] for cell in cells]
    second = types.index("slide", types.index("slide") + 1)
    cells[second:second] = shown_as("slide", "## Drag the star"), shown_as("-", text)


def build(files, folder=FOLDER):
    """Write a deck for each lesson into `folder`, and reveal.js once beside them.

    files: all lessons if it is empty. Raises ValueError, and writes nothing, if one was
    not run from top to bottom, FileNotFoundError if npm is missing, and
    CalledProcessError if it fails.
    """
    files = files or lessons()
    require_run(files)
    folder.mkdir(parents=True, exist_ok=True)
    fetch_reveal(folder)
    shutil.copy(SCENE, folder)
    for file in files:
        notebook = nbformat.read(file, as_version=4)
        target = folder / f"{file.stem}.html"
        target.write_text(deck(notebook, file.stem), encoding="utf-8")
        print(target)


def fetch_reveal(folder):
    """Get reveal.js from npm, unless it is there already."""
    if (folder / "reveal").exists():
        return
    if (npm := shutil.which("npm")) is None:
        raise FileNotFoundError(
            "the slides need npm once, for reveal.js: install Node.js, "
            "or copy build/slides/reveal from a machine that has it"
        )
    command = [npm, "pack", "--loglevel=error", REVEAL]
    archive = subprocess.check_output(command, cwd=folder, text=True).strip()
    subprocess.run(["tar", "-xzf", archive], cwd=folder, check=True)
    (folder / "package").rename(folder / "reveal")
    (folder / archive).unlink()
