"""The error index: one source for page and command, and every entry is run."""

import io
import logging
import re
from contextlib import redirect_stdout
from pathlib import Path
from symtable import symtable

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image

from helpers.inspection.messages.index import read_index
from tools.index import anchor, cells_of, link, read_entries
from tools.notebooks import FOLDER, INDEX

NOTEBOOKS = {file.stem: nbformat.read(file, as_version=4).cells for file in INDEX}
DATA = read_index()
ENTRIES = read_entries()
SETUP = NOTEBOOKS["error_index"][1:3]
TEXTS = {
    name: "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for name, cells in NOTEBOOKS.items()
}


def entry(name):
    """The cells of the entry with this id."""
    return ENTRIES[name]


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


@pytest.mark.parametrize("part", NOTEBOOKS)
def test_a_notebook_is_made_from_the_data(part):
    made = [(cell.cell_type, cell.source) for cell in cells_of(DATA, part, SETUP)]
    assert [(cell.cell_type, cell.source) for cell in NOTEBOOKS[part]] == made


def test_ids_and_titles_can_be_told_apart_and_messages_name_what_is_there():
    titles = [cause.title for cause in DATA.causes.values()]
    ids = [name for section in DATA.sections for name in section.ids]
    assert len(set(titles)) == len(titles) == len(ids)
    assert len({message.id for message in DATA.messages}) == len(DATA.messages)
    wordings = [wording for message in DATA.messages for wording in message.says]
    assert len(set(wordings)) == len(wordings)
    for message in DATA.messages:
        assert set(message.causes) <= DATA.causes.keys(), message.id
        assert message.causes or message.remedy, message.id


@pytest.mark.parametrize("name", DATA.causes)
def test_an_entry_alone_on_other_random_numbers_prints_what_is_saved(name):
    cells = [cell for cell in entry(name) if cell.cell_type == "code"]
    saved = ["".join(o.text for o in cell.outputs) for cell in cells]
    printed = run(cells, seed=31)
    assert [*map(without_wording, printed)] == [*map(without_wording, saved)]


def lines(programs):
    return list(filter(None, "\n".join(programs).split("\n")))


def assigned(cells):
    """The names that these cells leave behind."""
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    symbols = symtable(code, "cells", "exec").get_symbols()
    return {one.get_name() for one in symbols if one.is_assigned()}


@pytest.mark.parametrize("name", DATA.causes)
def test_an_entry_leaves_the_names_of_the_set_up_to_the_others(name):
    assert not assigned(entry(name)) & assigned(SETUP)


@pytest.mark.parametrize("name", DATA.causes)
def test_an_entry_has_a_cause_a_question_and_a_remedy_in_plain_pytorch(name):
    cause, (text, *rest) = DATA.causes[name], entry(name)
    assert len(cause.cause.split()) >= 8 and cause.ask.endswith("?") and cause.run
    assert cause.after and "# before" in cause.code
    assert " ".join(cause.cause.split()) in text.source and cause.ask in text.source
    course = [f"# with the course's helpers\n{cause.course}"] * bool(cause.course)
    cells = [cell for cell in rest if cell.cell_type == "code"]
    assert lines(cell.source for cell in cells) == lines([cause.code, *course])
    for helper in ("TokenLayout", "diagnose", "capture_attention", "overlay"):
        assert not re.search(rf"\b{helper}\(", cause.code), "plain PyTorch first"
    for program in (cause.code, *course):
        assert re.search(r"\bassert |with failing", program)
        assert len(program.splitlines()) <= 15
    for cell in cells:
        assert "raises-exception" not in cell.metadata.get("tags", [])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("need-weights", "TypeError: 'NoneType' object is not subscriptable"),
        ("need-weights", "'NoneType' object has no attribute 'mean'"),
        (
            "swin-rollout",
            "The size of tensor a (49) must match the size of tensor b (64) at "
            "non-singleton dimension 1",
        ),
        (
            "mask-indexed",
            "The shape of the mask [8, 348] at index 1 does not match the shape of the "
            "indexed tensor [8, 668, 336] at index 1",
        ),
        ("nothing-collected", "stack expects a non-empty TensorList"),
        ("device-assert", "index out of range in self"),
        ("expand", "The expanded size of the tensor (90) must match the existing size"),
    ],
)
def test_an_entry_runs_into_the_very_message_of_the_threads(name, said):
    assert said in "".join(run(entry(name)))


def takes(draw, shape):
    try:
        draw(np.zeros(shape, np.uint8))
    except TypeError:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("pillow", Image.fromarray),
        ("imshow", lambda array: plt.figure().gca().imshow(array)),
    ],
)
def test_the_channels_that_are_listed_are_those_that_are_taken(name, draw):
    said = re.search(r"C\s=\s([^:;]+?or \d)", entry(name)[0].source)[1]
    listed = {int(number) for number in re.findall(r"\d", said)}
    assert listed == {C for C in range(1, 7) if takes(draw, (14, 20, C))}


def test_headings_can_be_told_apart_and_the_contents_lead_to_them():
    headings = {n: re.findall(r"^##+ (.+)$", t, re.M) for n, t in TEXTS.items()}
    for name, text in TEXTS.items():
        assert len(headings[name]) == len(set(headings[name]))
        for file, target in re.findall(r"\]\((?:(error_\w+)\.ipynb)?#([^)]+)\)", text):
            assert target in map(anchor, headings[file or name]), target
    sections = {section.title for section in DATA.sections}
    assert len(sections) == len(DATA.sections)
    assert all(f"#{anchor(title)})" in TEXTS["error_index"] for title in sections)


def test_links_lead_to_threads_or_to_notebooks():
    text = re.sub(r"`[^`\n]*`", "", "".join(TEXTS.values()))  # without code
    for target in re.findall(r"\]\(([^#)]+)[^)]*\)", text):
        thread = r"https://github\.com/[\w.-]+/[\w.-]+/issues/\d+"
        assert re.fullmatch(thread, target) or (FOLDER / target).exists(), target
    threads = {thread for cause in DATA.causes.values() for thread in cause.threads}
    assert len(threads) >= 100 and all(link(one) in text for one in threads)


def test_the_page_says_first_how_to_ask():
    first = NOTEBOOKS["error_index"][0].source
    for name in (
        "helpers explain",
        "helpers diagnose",
        "capture_attention",
        "trace_shapes",
        "probe_layout",
    ):
        assert name in first


def test_the_readme_leads_here_before_anything_else():
    readme = (FOLDER.parent / "README.md").read_text()
    notebooks = re.findall(r"\((notebooks/[^)]+)\)", readme)
    assert Path(notebooks[0]).name == INDEX[0].name
