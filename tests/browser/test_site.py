"""The site: its links work, nothing comes from elsewhere, and everybody can use it."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from helpers import ROOT
from helpers.inspection.messages.index import read_index
from tools.notebooks import INDEX


class Page(HTMLParser):
    """The links, anchors and pictures of a page."""

    def __init__(self, file):
        super().__init__()
        self.anchors, self.links, self.loads, self.alts = set(), [], [], []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors.add(attrs.get("id"))
        if "href" in attrs:
            (self.links if tag == "a" else self.loads).append(attrs["href"])
        if "src" in attrs:
            self.loads.append(attrs["src"])
        if tag == "img":
            self.alts.append(attrs.get("alt", ""))


@pytest.fixture(scope="session")
def pages(site):
    """Address within the site -> what is on the page."""
    files = [f for f in sorted(site.rglob("*.html")) if "_static" not in f.parts]
    return {file.relative_to(site).as_posix(): Page(file) for file in files}


def test_every_notebook_has_a_page(pages):
    for file in (ROOT / "notebooks").glob("**/[!.]*.ipynb"):
        if ".ipynb_checkpoints" not in file.parts and file not in INDEX[1:]:
            page = file.relative_to(ROOT).with_suffix(".html").as_posix()
            assert page in pages
    assert {"index.html", "search.html", "solutions.html"} <= pages.keys()


def test_links_lead_somewhere(site, pages):
    broken = []
    for name, page in pages.items():
        for link in page.links + page.loads:
            if urlsplit(link).scheme:
                if link in page.loads or not link.startswith("https://"):
                    broken.append((name, link))
                continue
            target = urlsplit(urljoin(name, link))
            path, anchor = unquote(target.path) or name, unquote(target.fragment)
            if not (site / path).is_file():
                broken.append((name, link))
            elif anchor and path in pages and anchor not in pages[path].anchors:
                broken.append((name, link))
    assert not broken


def test_links_between_notebooks_are_links_between_pages(pages):
    assert "notebooks/00_start_here.html" in pages["index.html"].links
    assert "error_index.html" in pages["notebooks/00_start_here.html"].links
    links = {link for page in pages.values() for link in page.links}
    parts = {link: urlsplit(link) for link in links}  # Colab's links are not ours
    files = [k for k, at in parts.items() if not at.scheme and at.path[-6:] == ".ipynb"]
    assert all("_sources/" in link for link in files), "all but downloads"


def test_every_picture_says_what_it_shows(pages):
    for name, page in pages.items():
        assert all(len(alt) >= 20 for alt in page.alts), name
        assert len(set(page.alts)) == len(page.alts), name
    assert sum(len(page.alts) for page in pages.values()) > 50


def test_every_entry_of_the_index_has_a_page_that_the_contents_lead_to(pages):
    contents = pages["notebooks/error_index.html"].links
    for name in read_index().causes:
        assert f"notebooks/error-{name}.html" in pages
        assert f"error-{name}.html" in contents


def test_dark_mode_can_be_switched_and_stays(browser, start):
    page = browser.new_page(color_scheme="light")
    page.goto(start)
    theme = page.locator("html")
    assert theme.get_attribute("data-theme") == "light"
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator(".theme-switch-button:visible").click()
    page.locator(".theme-change-button[data-mode=dark]").click()
    assert theme.get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    assert theme.get_attribute("data-theme") == "dark"


def test_an_answer_opens(browser, start):
    page = browser.new_page()
    page.goto(urljoin(start, "notebooks/01_from_image_to_grid.html"))
    answer = page.locator("details:has-text('row 2, column 2')")
    text = answer.get_by_text("row 2, column 2")
    assert not text.is_visible()
    answer.locator("summary").click()
    assert text.is_visible()


def test_figures_are_scrolled_on_a_phone_and_whole_on_a_laptop(browser, address):
    for width, wide in ((390, True), (1280, False)):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(address + "notebooks/02_additive_attention.html")
        picture = page.locator("div.cell_output img").first
        assert (picture.bounding_box()["width"] > 600) or not wide
        assert page.locator(".wide[tabindex='0'][role=group]").count() > 0 or not wide
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".wide").count() == 0 or wide
        page.close()


@pytest.mark.parametrize("width, theme", [(1280, "light"), (400, "dark")])
def test_pages_are_accessible_and_ask_no_other_server(
    browser, address, pages, width, theme
):
    axe = pytest.importorskip("axe_playwright_python", reason="extra: browser")
    rules = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    screen = {"width": width, "height": 900}
    page = browser.new_page(
        viewport=screen, color_scheme=theme, reduced_motion="reduce"
    )
    requests, faults = [], []
    page.on("request", lambda request: requests.append(request.url))
    entries = [name for name in pages if "/error-" in name]  # all of one form
    for name in pages.keys() - set(entries[:-3]):
        page.goto(address + name)
        assert page.locator("html").get_attribute("data-theme") == theme
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append((name, "wider than the screen"))
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = 1)")
        page.evaluate(rules)
        found = page.evaluate("axe.run({resultTypes: ['violations'], preload: false})")
        for rule in found["violations"]:
            faults += [(name, rule["id"], node["html"]) for node in rule["nodes"]]
    assert not faults
    ours = (address, "data:", "blob:")
    assert not [url for url in requests if not url.startswith(ours)]
