"""The README's numbers are those that the repository computes."""

import re

import nbformat
import pytest

from helpers import ROOT
from helpers.captioning import VARIANTS, read_manifest
from tools.notebooks import lessons, minutes

README = (ROOT / "README.md").read_text()


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
    first = nbformat.read(file, as_version=4).cells[0].source
    assert re.search(r"^(\d+) minutes", first, re.MULTILINE)[1] == str(minutes(file))


def test_it_is_short_and_its_links_lead_somewhere():
    assert len(README.splitlines()) <= 130
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
    assert re.search(r"!\[.{40,}\]\(", README), "the picture has alt text"
