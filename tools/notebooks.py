"""Run the notebooks top to bottom, in place, so that two runs give the same text."""

import base64
import io
import math
import re

import nbclient
import nbformat
from ipykernel.ipkernel import IPythonKernel
from PIL import Image

from helpers import ROOT
from helpers.inspection.messages.index import PARTS
from helpers.maps.pictures import as_png
from tools.slide_types import mark

FOLDER = ROOT / "notebooks"
INDEX = [FOLDER / f"{name}.ipynb" for name in PARTS]
WIDGET = "application/vnd.jupyter.widget-view+json"
TIMEOUT = 1200  # seconds for a cell, as for the tests in pyproject.toml
PNG, JPEG = "image/png", "image/jpeg"
# As JupyterLab writes it when a notebook is opened: opening must not change the file.
# The release of Python is missing, and jupyter_lab_config.py keeps it out.
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python"}
LANGUAGE = {k: v for k, v in IPythonKernel.language_info.items() if k != "version"}
METADATA = {"kernelspec": {**KERNEL, "name": "python3"}, "language_info": LANGUAGE}
# A function, or a class whose __init__ does no more than that of every nn.Module.
STUB = re.compile(
    r"^(def .*:\n    |class .*:\n    def __init__.*:\n {8}super\(\).__init__\(\)\n {8})"
    r"raise NotImplementedError$",
    re.MULTILINE,
)
CHECK = re.compile(r"^checks\.check_\w+\(", re.MULTILINE)


def run_all(files=()):
    """Run the given notebooks, or all of them, one after the other."""
    for file in files or notebook_files():
        notebook = nbformat.read(file, as_version=4)
        nbclient.execute(
            notebook,
            cwd=str(file.parent),
            kernel_name="python3",
            timeout=TIMEOUT,
            startup_timeout=120,
            record_timing=False,
            coalesce_streams=True,
        )
        normalise(notebook)
        if file.resolve() in lessons():
            mark(notebook)
        nbformat.write(notebook, file)
        print(f"ran {file.name}")


def notebook_files():
    """The notebooks, the error index and the solutions, in reading order."""
    return [*lessons(), *INDEX, *sorted(FOLDER.glob("solutions/*.ipynb"))]


def lessons():
    """The numbered notebooks."""
    return sorted(FOLDER.glob("[0-9]*.ipynb"))


def require_run(files):
    """Raise ValueError, naming notebook and cell, if one was not run top to bottom.

    An empty cell is no fault: running gives it no number.
    """
    for file in files:
        cells = nbformat.read(file, as_version=4).cells
        code = [c for c in cells if c.cell_type == "code" and c.source.strip()]
        for number, cell in enumerate(code, start=1):
            ran, errors = cell.execution_count, [o.get("ename") for o in cell.outputs]
            said = f"ran as number {ran}" if ran else "was not run"
            said = f"stopped with {errors[-1]}" if any(errors) else said
            if ran != number or any(errors):
                raise ValueError(
                    f"{file} was not run from top to bottom, its code cell {number} "
                    f"{said}: run it with python -m tools notebooks {file}"
                )


def normalise(notebook):
    """Leave out what changes from run to run or from machine to machine.

    Of the metadata of a cell its tags stay, and what an exercise is reset to.
    """
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        kept = {"tags": cell.metadata.get("tags"), "stub": stub_of(cell)}
        cell.metadata = {name: value for name, value in kept.items() if value}
        for output in list(cell.get("outputs", [])):
            data = output.get("data", {})
            if data.pop(WIDGET, None) and not data.keys() & {"text/html", PNG}:
                cell.outputs.remove(output)  # a control, of which nothing can be read
            if PNG in data:
                data[PNG] = packed(data[PNG])
            if PNG in data and JPEG in data:  # Pillow gives both: one will do
                del data[max(PNG, JPEG, key=lambda kind: len(data[kind]))]


def stub_of(cell):
    """What this cell is reset to: None if it is no exercise.

    The source itself as long as nobody has written into the function; later what was
    remembered then.
    """
    exercise = STUB.search(cell.source) and CHECK.search(cell.source)
    if exercise and cell.cell_type == "code":
        return cell.source
    return cell.metadata.get("stub")


def packed(png):
    """The same picture (base64), pixel for pixel, in as few bytes as Pillow can."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    return base64.b64encode(as_png(picture, optimize=True)).decode()


def print_minutes(files):
    for file in files or lessons():
        print(f"{minutes(file):3} {file.stem}")


def minutes(file):
    """How long a learner takes, in minutes, rounded up to the next five.

    150 words of prose a minute, 20 seconds for each code cell (read, run, look), and
    the minutes that the exercises state.
    """
    notebook = nbformat.read(file, as_version=4)
    text = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    words = sum(len(part.split()) for part in text)
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    exercises = sum(int(n) for n in re.findall(r"\((\d+) minutes\)", "\n".join(text)))
    return math.ceil((words / 150 + cells / 3 + exercises) / 5) * 5
