"""What the tests in a browser share."""

import functools
import http.server
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from helpers import ROOT

QUIET = """
    --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
"""


@pytest.fixture(scope="module")
def browser():
    """Chromium as the system has it; it closes before other tests start event loops."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="extra: browser")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=QUIET.split())


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of a site that was just built."""
    for package in ("sphinx", "myst_nb", "sphinx_book_theme"):
        pytest.importorskip(package, reason="extra: site")
    folder = tmp_path_factory.mktemp("build")
    subprocess.run(
        [sys.executable, "-m", "tools.site.build", folder], cwd=ROOT, check=True
    )
    return folder / "site"


@contextmanager
def served(folder):
    """The address of a server of this machine for a folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def address(site):
    with served(site) as address:
        yield address


@pytest.fixture(params=["server", "files"])
def start(request, site):
    """The front page's address, on a server and as a file."""
    if request.param == "files":
        return (site / "index.html").as_uri()
    return request.getfixturevalue("address") + "index.html"


@pytest.fixture(scope="module")
def open_live(browser, address, site):
    """Opens a page of the site in a tab that lists what it asks for: page.requests."""
    if not (site / "live").exists():
        pytest.skip("the site was built without npm")
    pages = []

    def open_page(name):
        page = browser.new_page()
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(address + name)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def elsewhere(address):
    """What a page asked other servers for."""
    ours = (address, "data:", "blob:")
    return lambda page: [url for url in page.requests if not url.startswith(ours)]
