"""Is everything there that the course needs? One [OK] or [FAIL] line for each part."""

import hashlib
import importlib
import json
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def check_setup():
    """Print the lines; return True if all is well. Takes seconds, needs no network."""
    results = [check_python(), *check_packages(), *check_data()]
    for good, text in results:
        print("[OK]  " if good else "[FAIL]", text)
    return all(good for good, _ in results)


def check_python():
    version = sys.version_info
    good = (3, 11) <= version[:2] <= (3, 13)
    remedy = "" if good else ": use Python 3.11, 3.12 or 3.13 (make lab PYTHON=...)"
    return good, f"Python {version.major}.{version.minor}.{version.micro}{remedy}"


def check_packages():
    """Every package of pyproject.toml: does it import, is its version in range?"""
    from packaging.requirements import Requirement

    results = []
    for line in metadata.requires("attention-map-course"):
        need = Requirement(line)
        if need.marker:  # an extra, not needed to take the course
            continue
        module = {"pillow": "PIL"}.get(need.name, need.name)
        try:
            importlib.import_module(module)
            version = metadata.version(need.name)
            good = need.specifier.contains(version, prereleases=True)
            remedy = "" if good else f": the course needs {need}, run 'make lab' again"
        except ImportError as error:
            good, version, remedy = False, "", f"does not import ({error}): 'make lab'"
        results.append((good, f"{need.name} {version}{remedy}"))
    return results


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
