"""Opening a notebook changes nothing in its file: it holds what JupyterLab writes."""

import runpy

import nbformat
import pytest
from ipykernel.ipkernel import IPythonKernel
from jupyter_client.kernelspec import get_kernel_spec

from helpers import ROOT
from tools.notebooks import METADATA, normalise, notebook_files


class Settings(dict):
    """What Jupyter calls `c` in its configuration files."""

    def __getattr__(self, name):
        return self.setdefault(name, Settings())

    __setattr__ = dict.__setitem__


@pytest.fixture
def settings():
    given = Settings()
    file = ROOT / "jupyter_lab_config.py"
    runpy.run_path(str(file), {"get_config": lambda: given})
    return given


def written_by_jupyterlab():
    """What JupyterLab puts into a notebook once its kernel has answered."""
    spec = get_kernel_spec("python3")
    kernel = {"display_name": spec.display_name, "language": spec.language}
    return {
        "kernelspec": {**kernel, "name": "python3"},
        "language_info": dict(IPythonKernel.language_info),
    }


def test_a_notebook_holds_what_jupyterlab_writes_but_for_the_python():
    content = {"metadata": written_by_jupyterlab()}
    assert content["metadata"]["language_info"].pop("version")
    cells = [nbformat.v4.new_markdown_cell("# Title")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    normalise(notebook)
    assert notebook.metadata == content["metadata"]


@pytest.mark.parametrize("version", ["3.11.7", "3.13.1"])
def test_saving_leaves_the_release_of_python_out(settings, version):
    notebook = nbformat.v4.new_notebook(metadata=written_by_jupyterlab())
    notebook.metadata.language_info.version = version
    model = {"type": "notebook", "content": notebook}
    settings.FileContentsManager.pre_save_hook(
        model=model, path="a.ipynb", contents_manager=None
    )
    assert notebook.metadata == METADATA
    text = {"type": "file", "content": "version"}
    settings.FileContentsManager.pre_save_hook(
        model=text, path="a.txt", contents_manager=None
    )
    assert text == {"type": "file", "content": "version"}


@pytest.mark.parametrize(
    "file", notebook_files(), ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_every_notebook_holds_it(file):
    assert nbformat.read(file, as_version=4).metadata == METADATA


def test_make_and_the_readme_start_jupyterlab_with_these_settings():
    for name in ("Makefile", "README.md"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        starts = [line for line in lines if "00_start_here" in line and "lab " in line]
        assert starts
        for line in starts:
            assert "--config=jupyter_lab_config.py" in line
