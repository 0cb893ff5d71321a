"""Every notebook opened and saved in a real JupyterLab: its file stays as it was."""

import shutil

import pytest

from tools.notebooks import FOLDER, notebook_files

from .lab import ready, running_lab

FIRST, *OTHERS = [str(file.relative_to(FOLDER)) for file in notebook_files()]
NOTEBOOK = "window.jupyterapp.shell.currentWidget.context"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course") / "notebooks"
    hidden = shutil.ignore_patterns(".*")
    return shutil.copytree(FOLDER, folder, ignore=hidden)


@pytest.fixture(scope="module")
def page(browser, folder, tmp_path_factory):
    with running_lab(folder, tmp_path_factory.mktemp("lab")) as address_of:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(address_of(FIRST))
        ready(page)
        yield page
        page.close()


def do(page, command, **arguments):
    command = f"window.jupyterapp.commands.execute('{command}', {arguments})"
    page.evaluate(f"{command}.then(() => true)")  # what it gives is no plain value


@pytest.mark.parametrize("name", [FIRST, *OTHERS])
def test_a_notebook_that_was_opened_and_saved_is_the_same_file(page, folder, name):
    do(page, "docmanager:open", path=name)
    page.wait_for_function(f"{NOTEBOOK}?.path === '{name}'")
    ready(page)
    # By then JupyterLab has written into it what it knows of the kernel.
    page.wait_for_function(f"{NOTEBOOK}.model.getMetadata('language_info').version")
    page.wait_for_function(f"{NOTEBOOK}.model.getMetadata('kernelspec').display_name")
    before = (folder / name).stat().st_mtime_ns
    do(page, "docmanager:save")
    assert (folder / name).stat().st_mtime_ns > before, "it was saved"
    assert (folder / name).read_bytes() == (FOLDER / name).read_bytes()
    do(page, "kernelmenu:shutdown")
    do(page, "application:close")
