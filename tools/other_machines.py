"""Run the notebooks as other machines would, and say which outputs flip."""

import os
import subprocess
import sys
from pathlib import Path

from helpers import ROOT
from tools.requirements import EXTRAS, oldest

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
PYTEST = ["-m", "pytest", "-c", "pyproject.toml", "-p", "no:cacheprovider", "-q"]
PACKAGES = ("installed", "newest", "oldest")


def run(files, settings, deps):
    """Run every combination of settings and packages; returns 1 if anything flipped.

    deps: "installed" for the packages of this Python, or, in an environment made under
    build/, the "newest" or the "oldest" that pyproject.toml admits. pytest names each
    cell that prints something else than what is saved.
    """
    files, failed = files or sorted((ROOT / "notebooks").rglob("*.ipynb")), []
    for packages in deps:
        try:
            python = environment(packages)
        except subprocess.CalledProcessError as error:
            failed.append(f"{packages} packages: not installed, {error}")
            continue
        for setting in settings:
            print(f"\n{packages} packages, setting {setting}:", flush=True)
            own = {**os.environ, "PYTHONPATH": str(ROOT), **SETTINGS[setting]}
            command = [python, *PYTEST, *(Path(file).resolve() for file in files)]
            if subprocess.run(command, cwd=ROOT, env=own).returncode:
                failed.append(f"{packages} packages, setting {setting}: see above")
    print(*failed, f"{len(failed)} combinations failed", sep="\n")
    return int(bool(failed))


def environment(packages):
    """The interpreter to use: this one, or that of a new environment."""
    if packages == "installed":
        return sys.executable
    folder = ROOT / "build" / "matrix" / packages
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--upgrade"]
    install += ["--editable", f"{ROOT}[{','.join(EXTRAS)}]"]
    subprocess.run(install + (oldest() if packages == "oldest" else []), check=True)
    return python
