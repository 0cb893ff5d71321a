"""The error index: every entry can be searched for, is short, is run and asserted."""

import io
import logging
import re
from contextlib import redirect_stdout
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image

from tools.notebooks import INDEX

CELLS = nbformat.read(INDEX, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
HEADING = re.compile(r"^### (.+)$", re.MULTILINE)


def read_entries():
    """The set-up cells, and heading -> the cells of its entry, in order."""
    setup, entries, heading = [], {}, None
    for cell in CELLS:
        if cell.cell_type == "markdown":
            if found := HEADING.search(cell.source):
                heading = found[1]
                entries[heading] = []
            elif cell.source.startswith("## "):
                heading = None
        if heading:
            entries[heading].append(cell)
        elif cell.cell_type == "code":
            setup.append(cell)
    return setup, entries


SETUP, ENTRIES = read_entries()


def entry(start):
    """The heading that begins so."""
    return next(heading for heading in ENTRIES if start in heading)


def run(cells, seed=0):
    """What each of an entry's code cells prints after the set-up cells alone."""
    names, printed = {}, []
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    for cell in SETUP:
        exec(cell.source.replace("manual_seed(0)", f"manual_seed({seed})"), names)
    for source in sources:
        with redirect_stdout(io.StringIO()) as out:
            exec(source, names)
        printed.append(out.getvalue())
    return printed


@pytest.fixture(autouse=True)
def leave_nothing_behind():
    """The set-up cells silence the warnings of transformers."""
    yield
    logging.disable(logging.NOTSET)
    plt.close("all")


def without_wording(printed):
    """As tests/nbval_sanitize.cfg does it: the wording changes with the versions."""
    return re.sub(r"(\w*Error): [^\n]*", r"\1: MESSAGE", printed)


@pytest.mark.parametrize("heading", ENTRIES)
def test_an_entry_alone_on_other_random_numbers_prints_what_is_saved(heading):
    cells = [cell for cell in ENTRIES[heading] if cell.cell_type == "code"]
    saved = ["".join(o.text for o in cell.outputs) for cell in cells]
    printed = run(cells, seed=31)
    assert [*map(without_wording, printed)] == [*map(without_wording, saved)]


def test_every_entry_has_a_cause_a_short_snippet_and_an_assertion():
    assert len(ENTRIES) >= 45
    for heading, (text, *rest) in ENTRIES.items():
        cause = text.source.split("### ")[1].split("\n", 1)[1].strip()
        assert len(cause.split()) >= 8, heading
        code = [cell for cell in rest if cell.cell_type == "code"]
        assert rest[0] in code, heading
        for cell in code:
            assert "assert " in cell.source, heading
            assert len(cell.source.splitlines()) <= 8, heading
            assert "raises-exception" not in cell.metadata.get("tags", [])


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("'NoneType' object is not sub", "TypeError: 'NoneType' object is not sub"),
        ("'NoneType' object is not sub", "'NoneType' object has no attribute 'mean'"),
        (
            "tensor a (49)",
            "The size of tensor a (49) must match the size of tensor b (64) at "
            "non-singleton dimension 1",
        ),
        (
            "The shape of the mask",
            "The shape of the mask [8, 348] at index 1 does not match the shape of the "
            "indexed tensor [8, 668, 336] at index 1",
        ),
    ],
)
def test_an_entry_runs_into_the_very_message_of_the_threads(heading, said):
    assert said in "".join(run(ENTRIES[entry(heading)]))


@pytest.mark.parametrize(
    ("heading", "link"),
    [
        ("'NoneType' object is not sub", "Shengcao-Cao/groundLMM/issues/2"),
        ("tensor a (49)", "jacobgil/vit-explain/issues/22"),
        ("The shape of the mask", "JIA-Lab-research/LISA/issues/172"),
    ],
)
def test_the_cause_comes_with_the_thread_that_says_so(heading, link):
    assert f"https://github.com/{link})" in ENTRIES[entry(heading)][0].source


def takes(draw, shape):
    try:
        draw(np.zeros(shape, np.uint8))
    except TypeError:
        return False
    return True


@pytest.mark.parametrize(
    ("heading", "draw"),
    [
        ("Cannot handle this data type", Image.fromarray),
        ("Invalid shape (1, 14, 14)", lambda array: plt.figure().gca().imshow(array)),
    ],
)
def test_the_channels_that_are_listed_are_those_that_are_taken(heading, draw):
    said = re.search(r"C\s=\s([^:;]+?or \d)", ENTRIES[entry(heading)][0].source)[1]
    listed = {int(number) for number in re.findall(r"\d", said)}
    assert listed == {C for C in range(1, 7) if takes(draw, (14, 20, C))}


def test_headings_can_be_told_apart_and_the_contents_lead_to_them():
    headings = re.findall(r"^##+ (.+)$", TEXT, re.MULTILINE)
    assert len(headings) == len(set(headings))
    anchors = {heading.replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(#([^)]+)\)", TEXT):
        assert target in anchors, target


def test_links_lead_to_threads_or_to_notebooks():
    for target in re.findall(r"\]\(([^#)][^)]*)\)", TEXT):
        thread = r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+"
        assert re.fullmatch(thread, target) or (INDEX.parent / target).exists(), target
    assert len(re.findall(r"https://", TEXT)) >= 60


def test_the_readme_leads_here_before_anything_else():
    readme = (INDEX.parent.parent / "README.md").read_text()
    notebooks = re.findall(r"\((notebooks/[^)]+)\)", readme)
    assert Path(notebooks[0]).name == INDEX.name
