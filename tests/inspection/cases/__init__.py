"""Messages and symptoms from public threads, to score `explain` with."""

import tomllib
from pathlib import Path


def read_cases(folder, kind, files=()):
    """The cases of one kind in the given files, or in all files of a folder."""
    cases = []
    for file in files or sorted(folder.glob("*.toml")):
        cases += tomllib.loads(Path(file).read_text(encoding="utf-8"))[kind]
    return cases
