"""Is everything there that the course needs? One line for each part: [OK], [FAIL], or
[MISSING] for what only some of the notebooks need.
"""

import hashlib
import importlib
import json
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED_BY = "notebooks 09 and 10 and the error index need it"  # the extra "models"


def check_setup():
    """Print the lines; return True if all is well. Takes seconds, needs no network."""
    results = [check_python(), *check_packages(), *check_data()]
    for good, text in results:
        print("[OK]  " if good else "[FAIL]", text)
    for good, text in check_packages("models"):
        print(f"[OK]   {text}" if good else f"[MISSING] {text}; {NEEDED_BY}")
    return all(good for good, _ in results)


def check_python():
    version = sys.version_info
    good = (3, 11) <= version[:2] <= (3, 13)
    remedy = "" if good else ": use Python 3.11, 3.12 or 3.13 (make lab PYTHON=...)"
    return good, f"Python {version.major}.{version.minor}.{version.micro}{remedy}"


def check_packages(extra=""):
    """Every package of pyproject.toml: does it import, is its version in range?

    extra: a group of optional packages; by default those that the whole course needs.
    """
    from packaging.requirements import Requirement

    needs = [Requirement(line) for line in metadata.requires("attention-map-course")]
    if extra:
        with_it = {"extra": extra}
        needs = [n for n in needs if n.marker and n.marker.evaluate(with_it)]
    else:
        needs = [n for n in needs if not n.marker]
    return [check_package(need) for need in needs]


def check_package(need):
    """One package: (is it there in a right version, its name and what to do)."""
    wanted = f"{need.name}{need.specifier}"
    try:
        importlib.import_module({"pillow": "PIL"}.get(need.name, need.name))
        version = metadata.version(need.name)
    except (ImportError, OSError, RuntimeError) as error:  # builds that do not match
        return False, f"{need.name} does not import ({error}): run 'make lab' again"
    if need.specifier.contains(version, prereleases=True):
        return True, f"{need.name} {version}"
    return False, f"{need.name} {version}: needs {wanted}, run 'make lab' again"


def check_data():
    """Every checkpoint of the manifest: is it there, and undamaged?"""
    manifest = ROOT / "data" / "manifest.json"
    if not manifest.exists():
        return [(False, f"{manifest} is missing: restore it with git, or 'make train'")]
    results = []
    for name, entry in json.loads(manifest.read_text()).items():
        file = manifest.parent / entry["file"]
        found = file.exists() and hashlib.sha256(file.read_bytes()).hexdigest()
        good = found == entry["sha256"]
        remedy = "" if good else ": missing or damaged, restore it with git"
        results.append((good, f"captioner {name}{remedy}"))
    return results
