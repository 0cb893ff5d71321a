"""How soon the live scene answers, in Chromium, and how much it brings along.

    make site && .venv/bin/python -m tools.benchmarks.live

Times the first picture from a local server, and moves: from an arrow key on an object
to the next picture with its caption. Counts the bytes of the live scene, and those that
come before the first picture, as a server that compresses would send them.
"""

import functools
import gzip
import http.server
import shutil
import statistics
import threading
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from helpers import ROOT
from helpers.captioning import VARIANTS

SITE = ROOT / "build" / "site"
LOADS, MOVES = 5, 60
MOVE = """async key => {
    const handle = document.querySelector(".handle");
    const start = performance.now();
    handle.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    await new Promise(resolve => explorer.onShow = resolve);
    return performance.now() - start;
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main():
    handler = functools.partial(Quiet, directory=SITE)
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        address = f"http://127.0.0.1:{server.server_port}/"
        firsts, paths = zip(
            *(load(browser, address) for _ in range(LOADS)), strict=True
        )
        print(f"first picture: median {statistics.median(firsts):.0f} ms of {LOADS}")
        sizes(paths[-1])
        page = browser.new_page()
        page.goto(address)
        page.locator("#live.ready").wait_for()
        for variant in VARIANTS:
            time_moves(page, variant)
        server.shutdown()


def load(browser, address):
    """Milliseconds to the first picture with an empty cache, and what was asked for."""
    page, paths = browser.new_page(), []
    page.on("request", lambda request: paths.append(urlsplit(request.url).path))
    page.goto(address)
    page.locator("#live.ready").wait_for()
    first = page.evaluate("explorer.first")
    page.close()
    return first, paths


def sizes(paths):
    """Print the bytes of the live scene, and of what the first picture needed."""
    files = [file for file in (SITE / "live").rglob("*") if file.is_file()]
    print(f"live scene in all: {sum(f.stat().st_size for f in files) / 1e6:.1f} MB")
    first = [SITE / path.lstrip("/") for path in paths if not path.endswith("/")]
    packed = sum(len(gzip.compress(file.read_bytes())) for file in map(Path, first))
    print(f"before the first picture, compressed: {packed / 1e6:.1f} MB")


def time_moves(page, variant):
    page.get_by_label("Attention").select_option(variant)
    page.evaluate("explorer.idle()")
    times = []
    for number in range(MOVES):
        key = "ArrowRight" if number % 20 < 10 else "ArrowLeft"
        times.append(page.evaluate(MOVE, key))
        page.evaluate("explorer.idle()")
    times = times[5:]  # the first ones warm up
    print(
        f"{variant}: a move is answered in {statistics.median(times):.0f} ms in the "
        f"median, {max(times):.0f} ms at most, of {len(times)}"
    )


if __name__ == "__main__":
    main()
