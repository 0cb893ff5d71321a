"""Reset the exercises of a notebook to their stubs.

Every exercise cell carries its own stub in its metadata, which JupyterLab keeps while
the source is edited. So a reset needs neither git nor the network, and finds a cell
wherever the learner has moved it.
"""

import sys

import nbformat

from tools.notebooks import lessons

OUTPUT = nbformat.v4.new_output("stream", text="Not attempted yet.\n")


def reset_all(files):
    """Reset each notebook and print what was done; returns how many are damaged."""
    damaged = 0
    for file in files or lessons():
        try:
            back, untouched = reset(file)
        except Exception as error:  # nbformat raises many kinds for what is no notebook
            reason = str(error).partition("\n")[0][:80] or type(error).__name__
            print(f"{file} is damaged, or cannot be written: {reason}", file=sys.stderr)
            damaged += 1
            continue
        print(f"{file.stem}: exercises put back {back}, untouched {untouched}")
    return damaged


def reset(file):
    """Put the stubs back, and leave all other cells and an untouched file alone.

    Returns how many exercises were put back and how many were as they should be.
    Raises what nbformat raises if the file is no notebook.
    """
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    exercises = [(n, c) for n, c in enumerate(code, start=1) if "stub" in c.metadata]
    changed = [(n, c) for n, c in exercises if not is_untouched(c)]
    for number, cell in changed:  # what a run from top to bottom would leave here
        cell.source, cell.execution_count = cell.metadata.stub, number
        cell.outputs = [OUTPUT]
    if changed:  # first to a new file: a full disk must not cost a learner the notebook
        new = file.with_name(file.name + ".new")
        nbformat.write(notebook, new)
        new.replace(file)
    return len(changed), len(exercises) - len(changed)


def is_untouched(cell):
    return cell.source == cell.metadata.stub and cell.outputs in ([], [OUTPUT])
