"""The stop button in the training cell of notebook 02."""

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import pytest

from helpers import ROOT
from helpers.captioning import training

FILE = ROOT / "notebooks/02_additive_attention.ipynb"


@pytest.fixture
def cells():
    """The code cells: those above the training cell, that cell, and those below it."""
    notebook = nbformat.read(FILE, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    (place,) = [i for i, source in enumerate(code) if "losses = train(" in source]
    return code[:place], code[place], code[place + 1 :]


@pytest.fixture
def stop_at(monkeypatch):
    """Presses the stop button while a step's scenes are drawn."""
    matplotlib.use("Agg")
    draw_batch, when = training.training_batch, {}

    def pressed(count, seed, size):
        if seed == when["step"]:
            raise KeyboardInterrupt
        return draw_batch(count, seed, size)

    monkeypatch.setattr(training, "training_batch", pressed)
    yield lambda step: when.update(step=step)
    plt.close("all")


def test_stopping_keeps_what_there_is_and_running_again_starts_anew(
    cells, stop_at, capsys
):
    above, training_cell, below = cells
    names = {}
    stop_at(3)
    for source in above:
        exec(source, names)
    exec(training_cell, names)
    assert "Stopped after 3 of 600 steps" in capsys.readouterr().out
    first = names["losses"]
    assert len(first) == 3 and list(names["film"].pages) == [0, 3]
    for source in below:
        exec(source, names)
    stop_at(1)
    exec(training_cell, names)
    assert names["losses"] == first[:1] and list(names["film"].pages) == [0, 1]


def test_stopping_before_the_first_step(cells, stop_at):
    above, training_cell, below = cells
    names = {}
    stop_at(0)
    for source in [*above, training_cell, *below]:
        exec(source, names)
    assert names["losses"] == [] and list(names["film"].pages) == [0]
