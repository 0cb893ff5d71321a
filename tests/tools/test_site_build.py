"""The parts of the site's build that need no Sphinx and no browser."""

import json
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import pytest

from helpers import ROOT
from helpers.inspection.messages.index import read_index
from tools.site import build, invite, live
from tools.site.index_pages import make_pages


def test_without_npm_the_front_page_has_a_picture_and_says_what_is_missing(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(live.shutil, "which", lambda name: None)
    assert "npm is missing" in live.missing()
    build.prepare(tmp_path / "plain", script=False)
    build.prepare(tmp_path / "live", script=True)
    plain = (tmp_path / "plain/index.md").read_text(encoding="utf-8")
    whole = (tmp_path / "live/index.md").read_text(encoding="utf-8")
    assert "live/main.js" in whole and "live/main.js" not in plain
    assert "(ask)" not in plain and not (tmp_path / "plain/ask.md").exists()
    for front in (plain, whole):
        assert "caption.png" in front
        assert "notebooks/00_start_here" in front


def test_what_npm_gets_is_pinned():
    names = [file.name for file in live.SOURCES.glob("package*.json")]
    assert sorted(names) == ["package-lock.json", "package.json"]


ASK_BOTH = """
import sys
sys.path.insert(0, sys.argv[1])
import ask, doctor, helpers
assert helpers.__file__.startswith(sys.argv[1])
print(ask.as_json("shape '[14, 14]' is invalid for input of size 197"))
print(doctor.as_json('{"shape": [1, 12, 197, 197], "image_size": [224, 224]}'))
"""


def test_python_in_the_page_has_all_the_files_that_it_reads(tmp_path):
    live.pack_course(tmp_path / "course.zip")
    folder = tmp_path / "course"
    with zipfile.ZipFile(tmp_path / "course.zip") as archive:
        archive.extractall(folder)
    (folder / "torch.py").unlink()  # they stand in, where there are no others
    (folder / "numpy.py").unlink()
    command = [sys.executable, "-c", ASK_BOTH, folder]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert not run.returncode, run.stderr
    explanation, report = map(json.loads, run.stdout.splitlines())
    assert explanation["causes"][0]["id"] == "class-token"
    assert report["candidates"][0]["grid"] == [14, 14]
    assert report["candidates"][0]["index"] == list(range(1, 197))


@pytest.mark.parametrize("repository", ["", "someone/maps"])
def test_a_lesson_links_to_where_it_can_run(repository):
    context = {
        "body": "<h1>Title</h1>\n<p>text</p>",
        "pathto": lambda page: f"../{page}",
    }
    app = SimpleNamespace(config=SimpleNamespace(course_repository=repository))
    page = "notebooks/00_start_here"
    invite.run_it(app, page, None, context, None)
    body = context["body"]
    assert 'href="../about#start"' in body
    at = f"someone/maps/HEAD?urlpath=lab/tree/{page}.ipynb"
    assert (at in body) == bool(repository)
    assert (f"someone/maps/blob/HEAD/{page}.ipynb" in body) == bool(repository)


@pytest.mark.parametrize("live_site", [False, True])
@pytest.mark.parametrize("number", ["01", "02", "03", "04"])
def test_some_lessons_have_a_live_figure(number, live_site):
    pages = {file.stem[:2]: file.stem for file in ROOT.glob("notebooks/0*.ipynb")}
    context = {"body": "<h1>Title</h1>", "pathto": lambda page, resource=0: page}
    config = SimpleNamespace(course_repository="", course_live=live_site)
    app = SimpleNamespace(config=config)
    invite.run_it(app, f"notebooks/{pages[number]}", None, context, None)
    wanted = live_site and number != "03"
    assert ("data-figure" in context["body"]) == wanted
    assert ("live/figures.js" in context["body"]) == wanted


def test_other_pages_have_no_such_link():
    context = {"body": "<h1>Title</h1>", "pathto": lambda page: page}
    invite.run_it(None, "notebooks/error-class-token", None, context, None)
    assert context["body"] == "<h1>Title</h1>"


@pytest.fixture(scope="module")
def index_pages():
    """{page: its text, its programs} of the error index."""
    texts = {}
    for name, page in make_pages().items():
        kinds = {"markdown": [], "code": []}
        for cell in page.cells:
            kinds[cell.cell_type].append(cell.source)
        texts[name] = ["\n\n".join(cells) for cells in kinds.values()]
    return texts


def test_what_a_section_says_is_in_the_contents_and_on_each_of_its_pages(index_pages):
    said = [section for section in read_index().sections if section.text]
    assert said
    for section in said:
        assert section.text in index_pages["error_index"][0], section.title
        for name in section.ids:
            assert section.text in index_pages[f"error-{name}"][0], name


def test_a_page_has_the_helpers_program_if_there_is_one_and_says_how_to_ask(
    index_pages,
):
    causes = read_index().causes.values()
    assert any(cause.course for cause in causes)
    for cause in causes:
        text, programs = index_pages[f"error-{cause.id}"]
        assert f"python -m helpers explain {cause.id}`" in text, cause.id
        assert cause.course in programs, cause.id
        assert ("# with the course's helpers" in programs) == bool(cause.course)
