"""What the tests in a browser share."""

import shutil

import pytest

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
