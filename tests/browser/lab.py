"""A JupyterLab of its own for a test: own settings, own copy of the notebooks."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from helpers import ROOT

CONFIG = ROOT / "jupyter_lab_config.py"  # as `make lab` starts it
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # all cells are drawn
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


@contextmanager
def running_lab(folder, workplace):
    """Start JupyterLab on `folder`; yields a function from a file to its address.

    workplace: an empty folder for its settings and its log.
    """
    for name, values in SETTINGS.items():
        file = workplace / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--config={CONFIG}", f"--port={port}", "--ServerApp.port_retries=0"]
    command += [f"--IdentityProvider.token={token}", "--expose-app-in-browser"]
    log = workplace / "lab.log"
    environment = {**os.environ, **{k: str(workplace / v) for k, v in own.items()}}
    with log.open("w") as out:
        lab = subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=out, env=environment
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token={token}", lab, log)
        yield lambda file: f"http://127.0.0.1:{port}/lab/tree/{file}?token={token}"
    finally:
        lab.terminate()
        lab.wait(20)


def wait_for(address, lab, log):
    for _ in range(240):
        if lab.poll() is not None:
            raise RuntimeError(f"JupyterLab stopped: {Path(log).read_text()[-2000:]}")
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"no JupyterLab after 2 minutes: {log.read_text()[-2000:]}")


SESSION = "window.jupyterapp.shell.currentWidget.sessionContext"
IDLE = f"{SESSION}.session?.kernel?.status === 'idle'"


def ready(page):
    """Wait until the notebook on the page has an idle kernel."""
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext")
    page.wait_for_function(f"{SESSION}.isReady", timeout=120_000)
    page.wait_for_function(IDLE, timeout=120_000)


def run_all(page, address):
    """Open a notebook and run it all, as by hand; returns when its kernel is idle."""
    page.goto(address)
    ready(page)
    run = "window.jupyterapp.commands.execute('notebook:run-all-cells')"
    page.evaluate(run)  # a promise: comes back when the last cell is done
    page.wait_for_function(IDLE, timeout=240_000)
