"""What is live on the site: JavaScript, the captioners, Python, and what runs them."""

import gzip
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

from helpers import ROOT
from helpers.captioning import START, VARIANTS, VOCABULARY, WORD_ID
from helpers.captioning.arranging import CLEAR
from helpers.captioning.captioners import (
    LONGEST_CAPTION,
    LONGEST_SHAPE,
    SIDES,
    USUAL_SIDE,
)
from helpers.captioning.models import STRIDE
from helpers.captioning.words import END
from helpers.explorer import INK, Flat

SOURCES = Path(__file__).with_name("live")
SHARED = ROOT / "helpers/explorer/live"  # with the widget of notebook 11
PYTHON = Path(__file__).with_name("python")
PYODIDE = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "pyodide-lock.json",
    "python_stdlib.zip",
)


def missing():
    """What this machine lacks for the live scene, as a sentence; "" if nothing."""
    if shutil.which("npm") is None:
        return "npm is missing (install Node.js)"
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        return f"{error.name} is missing (pip install --editable '.[site]')"
    return ""


def install(target):
    """Write all of the live scene into the folder `target`, or nothing at all.

    Returns "", or a sentence if npm cannot fetch the runtime.
    """
    from tools.site.export import export_captioner

    ignore = shutil.ignore_patterns("package*.json", "node_modules", "*.css")
    for folder in (SOURCES, SHARED):
        shutil.copytree(folder, target, ignore=ignore, dirs_exist_ok=True)
    try:
        fetch_runtimes(target)
    except subprocess.CalledProcessError:
        shutil.rmtree(target)
        return "npm could not fetch its packages (is there a network?)"
    pack_course(target / "python" / "course.zip")
    (target / "models").mkdir()
    for variant in VARIANTS:
        export_captioner(variant, target / "models")
    text = json.dumps(course())
    (target / "course.json").write_text(text, encoding="utf-8")
    return ""


def fetch_runtimes(target):
    """Get the packages that package-lock.json names, and keep what a page needs."""
    packages = target / "npm"
    packages.mkdir()
    for file in SOURCES.glob("package*.json"):
        shutil.copy(file, packages)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    command[0] = shutil.which("npm")  # on Windows a .cmd
    subprocess.run(command, cwd=packages, check=True, stdout=subprocess.DEVNULL)
    onnx, python = target / "ort", target / "python"
    onnx.mkdir()
    dist = packages / "node_modules/onnxruntime-web/dist"
    shutil.copy(dist / "ort.wasm.bundle.min.mjs", onnx)
    wasm = (dist / "ort-wasm-simd-threaded.wasm").read_bytes()
    (onnx / "runtime.wasm.gz").write_bytes(gzip.compress(wasm))
    python.mkdir()
    for name in PYODIDE:
        shutil.copy(packages / "node_modules/pyodide" / name, python)
    shutil.rmtree(packages)


def pack_course(file):
    """The part of the course that needs no torch, for Python in the browser: what reads
    messages, and the doctor, on what stands in for torch."""
    parts = ["messages/*.py", "shapes/[!_]*.py", "__init__.py"]
    files = [f for part in parts for f in (ROOT / "helpers/inspection").glob(part)]
    others = ("__init__.py", "maps/token_layout.py")
    files += [ROOT / "helpers" / f for f in others]
    files += [*(ROOT / "data/errors").glob("*.toml")]
    files += [ROOT / "data/doctor.toml", ROOT / "data/families.toml"]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in files:
            archive.write(one, one.relative_to(ROOT).as_posix())
        for one in PYTHON.glob("*.py"):
            archive.write(one, one.name)


def course():
    """What JavaScript has to know of the captioners and their scenes."""
    return {
        "variants": VARIANTS,
        "vocabulary": VOCABULARY,
        "start": WORD_ID[START],
        "end": WORD_ID[END],
        "longest": LONGEST_CAPTION,
        "stride": STRIDE,
        "sides": SIDES,
        "longestShape": LONGEST_SHAPE,
        "usualSide": USUAL_SIDE,
        **Flat.choices,
        "clear": CLEAR,
        "ink": INK,
    }
