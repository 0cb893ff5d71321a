"""Build the site in build/site, from a copy of what it shows in build/source.

The front page is front.md, with the live scene. Its table is README.md's, whose links
name the notebooks in the table of contents.
"""

import re
import shutil
import sys
from pathlib import Path

import nbformat

from helpers import ROOT
from tools.notebooks import INDEX, require_run
from tools.site import live
from tools.site.index_pages import make_pages

SITE = Path(__file__).resolve().parent
LINK = re.compile(r"(?<=\]\()([^)#:]+)(?=[)#])")
TABLE = re.compile(r"^## The notebooks\n(.+?)^## ", re.MULTILINE | re.DOTALL)
SCRIPT = '<script type="module" src="live/main.js"></script>\n'
PAGES = {"README.md": "about.md", "notebooks/solutions": "solutions.md"}
TOCTREE = "\n```{{toctree}}\n:hidden:\n:caption: {}\n{}\n```\n"


def build(folder):
    """Build folder/site, afresh and with every warning an error: 0 if all is well.

    Without npm the front page has a picture in place of the live scene. Raises
    ValueError, and touches nothing, if a notebook was not run top to bottom.
    """
    files = sorted((ROOT / "notebooks").glob("**/*.ipynb"))
    require_run([file for file in files if file.parent.name[0] != "."])
    source, doctrees, target = (folder / n for n in ("source", "doctrees", "site"))
    for old in (source, doctrees, target, folder / "jupyter_execute"):
        shutil.rmtree(old, ignore_errors=True)
    lacking = live.missing() or live.install(target / "live")
    prepare(source, script=not lacking)
    options = ["-q", "-W", "--keep-going", "-c", SITE, "-d", doctrees]
    options += ["-D", f"course_live={int(not lacking)}"]
    from sphinx.cmd.build import build_main  # of the extra `site`

    failed = build_main([str(part) for part in (*options, source, target)])
    if lacking:
        print(f"The site has no live scene: {lacking}.")
    return failed


def prepare(source, script):
    """Copy the notebooks, README.md, and TEACHING.md if there is one; write the front
    page, with the script of the live scene or without."""
    ignore = shutil.ignore_patterns(".*")
    shutil.copytree(ROOT / "notebooks", source / "notebooks", ignore=ignore)
    shutil.copy(SITE / "solutions.md", source)
    split_index(source / "notebooks")
    table = TABLE.search(copy_text("README.md", source))[1]
    links = re.findall(r"\[(\d\d .+?)\]\((.+?)\)", table)
    titles = {page: title for title, page in links}
    files = sorted((source / "notebooks").glob("[0-9]*.ipynb"))
    lessons = [f"notebooks/{file.name}" for file in files]
    listed = "\n".join(f"{titles.get(page, page)} <{page}>" for page in lessons)
    more = [
        "Run it yourself <about>",
        "Find your error <notebooks/error_index>",
        "solutions",
    ]
    if (ROOT / "TEACHING.md").exists():
        copy_text("TEACHING.md", source)
        more.append("TEACHING")
    front = (SITE / "front.md").read_text(encoding="utf-8")
    front = front.replace("{notebooks}", table)
    if script:
        for page in ("weights", "ask"):
            shutil.copy(SITE / f"{page}.md", source)
            more.insert(1, page)
    else:
        front = front.replace(SCRIPT, "").replace("(ask)", "(notebooks/error_index)")
        front = front.replace("(weights)", "(notebooks/10_real_models)")
    front += TOCTREE.format("Notebooks", listed)
    front += TOCTREE.format("More", "\n".join(more))
    (source / "index.md").write_text(front, encoding="utf-8")


def split_index(folder):
    """A page for each entry of the error index, and one of contents in its place."""
    for file in INDEX:
        (folder / file.name).unlink()
    for name, page in make_pages().items():
        nbformat.write(page, folder / f"{name}.ipynb")


def copy_text(name, source):
    """Copy a page of text, and the pictures and other files that it links to."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in LINK.findall(text):
        file = ROOT / target
        if file.is_file() and file.suffix not in (".ipynb", ".md"):
            (source / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, source / target)
    text = LINK.sub(lambda match: PAGES.get(match[1], match[1]), text)
    (source / PAGES.get(name, name)).write_text(text, encoding="utf-8")
    return text


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build"
    try:
        sys.exit(build(folder))
    except ValueError as error:
        sys.exit(str(error))
