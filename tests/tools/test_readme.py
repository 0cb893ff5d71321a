"""The numbers of README and teaching guide are those that the repository computes."""

import re

import nbformat
import pytest

from helpers import ROOT
from helpers.captioning import VARIANTS, read_manifest
from tools.notebooks import lessons, minutes

README, TEACHING = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "TEACHING.md")
)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_scores_are_those_of_the_manifest(variant):
    scores = read_manifest()[variant]["scores"]
    numbers = [f"{scores[name]:.3f}" for name in ("exact", "strict", "near")]
    row = re.search(rf"^\| {variant}.*$", README, re.MULTILINE)[0]
    assert re.findall(r"\d\.\d+", row) == numbers


@pytest.mark.parametrize("file", lessons(), ids=lambda file: file.stem)
def test_the_minutes_are_those_of_the_notebook(file):
    row = re.search(
        rf"^\|.*\({re.escape(f'notebooks/{file.name}')}\).*$", README, re.M
    )[0]
    assert int(row.split("|")[-2]) == minutes(file)
    row = re.search(rf"^\| {file.stem[:2]} .*$", TEACHING, re.MULTILINE)[0]
    assert int(row.split("|")[2]) == minutes(file), row
    first = nbformat.read(file, as_version=4).cells[0].source
    assert re.search(r"^(\d+) minutes", first, re.MULTILINE)[1] == str(minutes(file))


@pytest.mark.parametrize(("text", "lines"), [(README, 130), (TEACHING, 180)])
def test_it_is_short_and_its_links_lead_somewhere(text, lines):
    assert len(text.splitlines()) <= lines
    targets = re.findall(r"\]\(([^)]+)\)", text)
    own = [target for target in targets if not target.startswith("http")]
    assert all((ROOT / target).exists() for target in own), own
    assert own == targets or text == TEACHING, "README leads to nothing outside"


def test_the_picture_has_alt_text():
    assert re.search(r"!\[.{40,}\]\(", README)
