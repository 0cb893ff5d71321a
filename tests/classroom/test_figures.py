"""What notebooks share: failing on purpose, shapes as boxes, pictures side by side."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib_inline.backend_inline import _fetch_figure_metadata
from PIL import Image

from helpers import ROOT
from helpers.classroom import (
    expect_error,
    show_shapes,
    side_by_side,
)

STYLE = ROOT / "notebooks" / "matplotlibrc"


def fail():
    raise ValueError("expected 3, got 5")


def test_an_expected_error_is_printed(capsys):
    expect_error(fail, ValueError, "expected 3")
    assert capsys.readouterr().out == "ValueError: expected 3, got 5\n"


@pytest.mark.parametrize(
    ("action", "kind", "text", "said"),
    [
        (fail, TypeError, "expected 3", "expected TypeError"),
        (fail, ValueError, "expected 4", "expected 'expected 4'"),
        (lambda: None, ValueError, "expected 3", "nothing failed"),
    ],
)
def test_no_error_or_another_one_is_not_let_through(action, kind, text, said):
    with pytest.raises(AssertionError, match=said):
        expect_error(action, kind, text)


def test_axes_that_collide_are_marked_in_words_too():
    rows = {"keys": [("B", 2), ("N", 15)], "state": [("B", 2)]}
    figure = show_shapes(rows, clash=[("keys", "N")], title="a clash")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["keys", "B = 2", "N = 15 !", "state", "B = 2"]
    starts = [box.get_x() for box in figure.axes[0].patches]
    assert starts == [0, 1, 1], "lined up at the right"
    assert figure.axes[0].get_title() == "a clash"


def test_pictures_stand_in_rows_and_empty_panels_stay_empty():
    pictures = {f"no. {i}": Image.new("RGB", (30, 20)) for i in range(4)}
    pictures["array"] = np.zeros((20, 30))
    figure = side_by_side(pictures, columns=3)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [*pictures, ""] and len(figure.axes) == 6
    assert [len(axes.images) for axes in figure.axes] == [1] * 5 + [0]


def test_an_object_is_outlined_and_a_point_crossed():
    mask = np.zeros((20, 30), bool)
    mask[5:15, 8:20] = True
    picture = Image.new("RGB", (30, 20), (200, 210, 220))
    figure = side_by_side({"plain": picture, "marked": (picture, mask, (25, 10))})
    plain, marked = figure.axes
    assert not plain.collections and not plain.lines
    edge = np.concatenate(marked.collections[0].get_paths()[0].to_polygons())  # x, y
    assert np.allclose(edge.min(0), (8, 5), atol=0.6)
    assert np.allclose(edge.max(0), (20, 15), atol=0.6)
    assert {tuple(line.get_xydata()[0]) for line in marked.lines} == {(25, 10)}
    assert plain.get_xlim() == marked.get_xlim() == (0, 30)


def luminance(color):
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in matplotlib.colors.to_rgb(color)
    ]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("page", ["white", "#111111"])
def test_the_style_of_the_notebooks_is_read_on_a_white_and_on_a_dark_page(page):
    style = matplotlib.rc_params_from_file(STYLE, use_default_template=False)
    for key in ("text.color", "axes.labelcolor", "xtick.labelcolor"):
        pair = sorted([luminance(page), luminance(style[key])])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) > 3.8, key


def test_the_style_of_the_notebooks_puts_no_slab_behind_a_figure():
    with matplotlib.rc_context(fname=STYLE):
        figure, panel = plt.subplots()
        panel.plot([0, 1])
        assert _fetch_figure_metadata(figure) is None
        assert figure.get_facecolor()[3] == panel.get_facecolor()[3] == 0
        plt.close(figure)
