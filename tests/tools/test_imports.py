"""Who may import whom: helpers stand on floors, and imports run one way.

And how long a file and a function may be, so that both can be read at one go.
"""

import ast
from importlib import import_module

import pytest

from helpers import ROOT

MAY = {
    "maps": set(),
    "captioning": {"maps"},
    "inspection": {"maps"},
    "explorer": {"maps", "captioning", "inspection"},
    "classroom": {"maps", "captioning"},
}
FILES = sorted(ROOT.glob("helpers/*/**/*.py"))
SOURCES = sorted(f for top in ("helpers", "tools") for f in (ROOT / top).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 200, 40  # lines


def imported(file):
    """The modules of the course that a file imports, also inside of functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_a_floor_imports_only_what_lies_below(file):
    floor = file.relative_to(ROOT / "helpers").parts[0]
    for module in imported(file):
        first, *rest = module.split(".")
        assert first not in ("tools", "tests"), module
        if first == "helpers" and rest:
            assert rest[0] == floor or rest[0] in MAY[floor], module


@pytest.mark.parametrize("floor", MAY)
def test_a_floor_names_what_is_there(floor):
    package = import_module(f"helpers.{floor}")
    assert package.__all__ and package.__doc__
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match=f"helpers.{floor} has no 'nothing'"):
        _ = package.nothing


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(ROOT)))
def test_a_file_and_its_functions_are_short(file):
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name
