"""Is everything there that the course needs? One line for each part: [OK], [FAIL], or
[MISSING] for what only some of the notebooks need.

Only the standard library is imported at the top: a bare Python, or one too old for the
course, must get lines too, and no traceback.
"""

import importlib
import sys
from importlib import metadata

from helpers.captioning.checkpoints import RENDERED, VARIANTS, find_weights

NEEDED_BY = "notebooks 10 and 11 and the error index need it"  # the extra "models"


def check_setup(details=True):
    """Print the lines; return True if all is well. Takes seconds, needs no network.

    details: whether what is [OK] gets a line each, or all of it one together.
    """
    needed = [check_python(), *check_packages(), *check_data()]
    bad = [f"[FAIL] {text}" for good, text in needed if not good]
    extras = check_packages("models")
    missing = [f"[MISSING] {t}; {NEEDED_BY}" for good, t in extras if not good]
    fine = [f"[OK]   {text}" for good, text in needed + extras if good]
    if not details and fine:
        fine = [f"[OK]   {len(fine)} of {len(needed + extras)} parts of the set-up"]
    print("\n".join([*fine, *bad, *missing]))
    return not bad


def check_python():
    version = sys.version_info
    good = (3, 11) <= version[:2] <= (3, 13)
    remedy = "" if good else ": use Python 3.11, 3.12 or 3.13 (make lab PYTHON=...)"
    return good, f"Python {version.major}.{version.minor}.{version.micro}{remedy}"


def check_packages(extra=""):
    """Every package of pyproject.toml: does it import, is its version in range?

    extra: a group of optional packages; by default those that the whole course needs.
    Where the course is not installed, nobody knows them: one line says so.
    """
    try:
        needs = read_needs(extra)
    except ImportError as error:
        missing = (
            f"the course is not installed in {sys.executable} ({error}): run 'make "
            "lab', or install it as README.md says, and use that Python"
        )
        return [] if extra else [(False, missing)]
    return [check_package(need) for need in needs]


def read_needs(extra):
    """What the installed course requires. Raises ImportError where it is not there."""
    from packaging.requirements import Requirement

    needs = map(Requirement, metadata.requires("attention-map-course"))
    known = {"extra": extra}
    return [n for n in needs if (n.marker.evaluate(known) if n.marker else not extra)]


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
    """Every checkpoint of the course: is it there, and undamaged?"""
    results = []
    for name in (*VARIANTS, *RENDERED):
        try:
            find_weights(name)
            results.append((True, f"captioner {name}"))
        except (OSError, ValueError) as error:
            results.append((False, f"captioner {name}: {error}"))
    return results
