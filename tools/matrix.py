"""Run the notebooks as other machines would, and say which outputs flip."""

import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from itertools import product
from pathlib import Path

from helpers import ROOT
from tools.requirements import EXTRAS, declared, floor

# Together they take other kernels for nearly all that torch computes: other sums in
# another order, hence other last digits.
SETTINGS = {
    "as-it-is": {},
    "scalar": {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "1"},
    "scalar-2": {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "2"},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "OMP_NUM_THREADS": "2"},
    "avx2-1": {"ATEN_CPU_CAPABILITY": "avx2", "OMP_NUM_THREADS": "1"},
    "sse41": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
}
FOLDER = ROOT / "build" / "matrix"


def add_options(parser):
    parser.set_defaults(function="tools.matrix:run")
    parser.add_argument("files", nargs="*", type=Path, help="default: all notebooks")
    every = list(SETTINGS)
    parser.add_argument("--settings", nargs="+", choices=every, default=every)
    parser.add_argument("--python", nargs="+", default=[sys.executable])
    parser.add_argument(
        "--deps",
        nargs="+",
        choices=("installed", "newest", "oldest"),
        default=["installed"],
        help="packages: those that the interpreter has, or, in an environment made "
        "under build/, the newest or the oldest that pyproject.toml admits",
    )


def run(files, settings, python, deps):
    """Run every combination and print a table; returns 1 if anything flipped."""
    files = files or sorted((ROOT / "notebooks").rglob("*.ipynb"))
    files, rows = [Path(file).resolve() for file in files], []
    for interpreter, packages in product(python, deps):
        try:
            own = environment(interpreter, packages)
        except subprocess.CalledProcessError as error:
            failed = f"not made: {error}"
            rows.append((interpreter, packages, "-", "0 of 0", "-", failed))
            continue
        for setting in settings:
            rows.append((version(own), packages, setting, *play(own, setting, files)))
            print(*rows[-1], sep=" | ", flush=True)
    print(table(rows))
    return int(any(row[-1] for row in rows))


def environment(python, deps):
    """The interpreter to use: the given one, or that of a new environment."""
    if deps == "installed":
        return python
    folder = FOLDER / f"{version(python)}-{deps}"
    own = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([python, "-m", "venv", folder], check=True)
    install = [own, "-m", "pip", "install", "--quiet", "--upgrade"]
    if deps == "oldest":
        floors = folder / "floors.txt"
        floors.write_text("".join(f"{line}\n" for line in oldest()))
        install += ["--constraint", floors]
    install += ["--editable", f"{ROOT}[{','.join(EXTRAS)}]"]
    subprocess.run(install, check=True)
    return own


def oldest():
    """The lower bound of every declared package: ["torch==2.9", ...]."""
    return [f"{name}=={floor(wanted)}" for name, wanted in declared().items()]


def version(python):
    """3.11.7, say, of an interpreter."""
    ask = "import platform; print(platform.python_version())"
    return subprocess.check_output([python, "-c", ask], text=True).strip()


def play(python, setting, files):
    """Run notebooks under a setting: (how many passed, minutes, what flipped)."""
    command = [python, "-m", "pytest", "-c", "pyproject.toml", "-p", "no:cacheprovider"]
    start = time.perf_counter()
    done = subprocess.run(
        [*command, "-q", "-rfE", "--tb=short", *files],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **SETTINGS[setting]},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    minutes = f"{(time.perf_counter() - start) / 60:.1f} min"
    cells = flipped(done.stdout)
    if done.returncode:
        print(done.stdout, flush=True)
        if not cells:
            return f"0 of {len(files)}", minutes, "did not run, see above"
    passed = f"{len(files) - len(cells)} of {len(files)}"
    text = ", ".join(f"{file} {' '.join(found)}" for file, found in cells.items())
    return passed, minutes, text


def flipped(output):
    """The cells that failed, from what pytest printed: {notebook: [numbers]}."""
    cells = defaultdict(list)
    for file, cell in re.findall(r"^(?:FAILED|ERROR) (\S+?)::Cell (\d+)", output, re.M):
        cells[file.removeprefix("notebooks/")].append(cell)
    return dict(cells)


def table(rows):
    """The rows under their headings, in Markdown."""
    head = ("python", "packages", "setting", "passed", "took", "flipped cells")
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
