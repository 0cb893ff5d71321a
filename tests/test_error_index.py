"""The error index: every entry can be searched for, is short, is run and asserted."""

import re
from pathlib import Path

import nbformat

from helpers.notebooks import INDEX

CELLS = nbformat.read(INDEX, as_version=4).cells
ENTRIES = [
    (cell, after)
    for cell, after in zip(CELLS, CELLS[1:], strict=False)
    if "### " in cell.source
]
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")


def test_every_entry_has_a_cause_a_short_snippet_and_an_assertion():
    assert len(ENTRIES) >= 45
    for text, code in ENTRIES:
        assert text.source.count("\n### ") + text.source.startswith("### ") == 1
        cause = text.source.split("### ")[1].split("\n", 1)[1].strip()
        assert len(cause.split()) >= 8, text.source
        assert code.cell_type == "code", text.source
        assert "assert " in code.source, text.source
        assert len(code.source.splitlines()) <= 8, text.source
        assert "raises-exception" not in code.metadata.get("tags", [])


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
