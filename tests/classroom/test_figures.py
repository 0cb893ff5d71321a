"""What notebooks share: failing on purpose, shapes as boxes, pictures side by side."""

import numpy as np
import pytest
from PIL import Image

from helpers.classroom import expect_error, show_shapes, side_by_side


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
