"""Notebook 11 in a real JupyterLab, by keyboard and mouse as a learner would."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from helpers.captioning import sample_scenes
from helpers.explorer.controls import HIDDEN
from tools.notebooks import FOLDER

from .lab import run_all, running_lab

NOTEBOOK = "11_explore.ipynb"
SIDES = ("y", "width", "height")
UNSEEN = f" \n{HIDDEN}"
BUTTON = ".widget-toggle-buttons button"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copy(FOLDER / NOTEBOOK, folder)
    return folder


@pytest.fixture(scope="module")
def page(browser, folder, tmp_path_factory):
    with running_lab(folder, tmp_path_factory.mktemp("lab")) as address_of:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(60_000)
        run_all(page, address_of(NOTEBOOK))
        yield page
        page.close()


@pytest.fixture
def explorer(page):
    return Shown(page, 0)


@pytest.fixture
def editor(page):
    return Shown(page, 1)


class Shown:
    """The explorer number `number` on the page, as it is seen."""

    def __init__(self, page, number):
        marks = page.locator(".jp-OutputArea-output", has_text="one colour scale")
        self.page, self.area = page, marks.nth(number)
        self.area.scroll_into_view_if_needed()

    def picture(self):
        return self.area.get_by_alt_text("the map on the picture").get_attribute("src")

    def caption(self):
        words = self.area.locator(BUTTON).all_inner_texts()
        return " ".join(word.strip(UNSEEN) for word in words)

    def chosen(self):
        """The numbers of the words that are highlighted."""
        all_of = self.area.locator(BUTTON).all()
        return [
            number
            for number, button in enumerate(all_of)
            if "mod-active" in button.get_attribute("class")
        ]

    def setting(self, label):
        """What a menu says."""
        menu = self.area.get_by_label(label, exact=True)
        return menu.locator("option:checked").inner_text()

    def told(self, text):
        """What the explorer has to tell, once it tells this."""
        status = self.area.locator("[role=status]", has_text=text)
        status.wait_for()
        return status.inner_text()

    def press(self, label, key):
        """Focus the handle of a slider by its label and press a key."""
        row = self.area.locator(".widget-slider", has_text=label)
        row.locator(".noUi-handle").focus()
        self.page.keyboard.press(key)

    def upload(self, file):
        with self.page.expect_file_chooser() as chooser:
            self.area.get_by_role("button", name="Your picture").click()
        chooser.value.set_files(str(file))

    def choose(self, label, option):
        self.area.get_by_label(label, exact=True).select_option(option)

    def calm(self):
        """The picture, once it has not changed for half a second."""
        last, quiet = self.picture(), 0
        while quiet < 5:
            self.page.wait_for_timeout(100)
            now = self.picture()
            last, quiet = now, quiet + 1 if now == last else 0
        return last

    def after(self, act):
        """The picture before and after something was done that should change it."""
        before = self.calm()
        act()
        for _ in range(100):
            if self.picture() != before:
                break
            self.page.wait_for_timeout(100)
        return before, self.calm()


def test_no_cell_failed_and_nothing_asks_for_a_click(page):
    assert page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
    assert page.locator(".jp-Dialog").count() == 0
    assert page.locator(".jp-RenderedText", has_text="Traceback").count() == 0


def test_the_widgets_stand_as_the_text_left_them(explorer, editor):
    assert explorer.setting("variant") == "additive" and explorer.chosen() == [0]
    assert explorer.setting("upsampling") == "nearest"
    assert not explorer.area.get_by_label("one colour scale").is_checked()
    assert editor.caption() == "a red circle left of a blue star"
    assert editor.setting("variant") == "additive" and editor.chosen() == [0]
    for label, value in (("x 1", "30"), ("x 2", "78"), ("radius 2", "17")):
        row = editor.area.locator(".widget-slider", has_text=label)
        assert row.locator(".widget-readout").inner_text() == value


def test_a_word_that_repeats_is_highlighted_where_it_stands(explorer):
    words = explorer.caption().split()
    first, second = (i for i, word in enumerate(words) if word == "a")
    assert explorer.chosen() == [first] == [0]
    button = explorer.area.locator(BUTTON).nth(second)
    explorer.after(lambda: (button.focus(), button.press("Enter")))
    assert explorer.chosen() == [second]
    explorer.after(lambda: explorer.press("word", "Home"))
    assert explorer.chosen() == [first]


def test_picture_and_cells_lie_side_by_side_at_one_size(explorer):
    picture = explorer.area.get_by_alt_text("the map on the picture").bounding_box()
    cells = explorer.area.locator("svg[role=img]").bounding_box()
    assert all(picture[key] == pytest.approx(cells[key], abs=0.5) for key in SIDES)
    assert picture["x"] + picture["width"] <= cells["x"]


def test_the_word_slider_by_keyboard(explorer):
    explorer.press("word", "Home")
    before, after = explorer.after(lambda: explorer.press("word", "ArrowRight"))
    assert before != after and explorer.chosen() == [1]
    back, again = explorer.after(lambda: explorer.press("word", "ArrowLeft"))
    assert (back, again) == (after, before)


def test_a_word_is_a_button(explorer):
    explorer.press("word", "Home")
    button = explorer.area.locator(BUTTON).nth(2)
    before, after = explorer.after(lambda: (button.focus(), button.press("Enter")))
    assert before != after
    word = button.inner_text().strip(UNSEEN)
    assert f"“{word}”" in explorer.area.inner_text()


def test_another_head_another_picture(explorer):
    explorer.choose("variant", "transformer")
    explorer.choose("layer", "1")
    before, after = explorer.after(lambda: explorer.choose("head", "3"))
    assert before != after
    _, other = explorer.after(lambda: explorer.choose("head", "1"))
    assert other not in (before, after)


def test_the_cells_tell_their_numbers(explorer):
    cells = explorer.area.locator("svg[role=img] title")
    assert cells.count() == 14 * 19
    assert "row 0, column 0: 0." in cells.first.text_content()


def test_moving_an_object_moves_caption_and_map(editor):
    editor.choose("variant", "additive")
    editor.choose("shape 1", "square")
    editor.choose("colour 1", "purple")
    for label, key in (("x 1", "Home"), ("x 2", "End"), ("radius 2", "Home")):
        editor.press(label, key)
    before, after = editor.after(lambda: editor.press("x 1", "PageUp"))
    assert before != after
    assert editor.caption().startswith("a purple square")
    editor.press("x 1", "End")  # past the other one: now that one is named first
    editor.press("x 2", "Home")
    editor.calm()
    assert editor.caption().endswith("purple square")


def test_an_own_picture(explorer, tmp_path):
    other = sample_scenes(1, seed=99, size=(96, 136))[0]
    file = tmp_path / "mine.png"
    other.image.save(file)
    explorer.after(lambda: explorer.upload(file))
    explorer.told("mine.png: a captioner")
    explorer.choose("variant", "additive")
    explorer.calm()
    assert explorer.caption() == " ".join(other.words)


def test_a_file_that_is_no_picture(explorer, tmp_path):
    file = tmp_path / "broken.png"
    file.write_bytes(b"not a picture")
    before = explorer.picture()
    explorer.upload(file)
    said = explorer.told("broken.png was not taken")
    assert "its 13 bytes are no picture" in said and "0x" not in said
    assert explorer.picture() == before


@pytest.mark.parametrize("size", [11_200_000, 120_000_000])
def test_a_file_that_is_too_large_is_said_and_the_next_one_is_taken(
    explorer, tmp_path, size
):
    large, other = tmp_path / f"{size}.png", tmp_path / "next.png"
    large.write_bytes(bytes(size))  # with playwright, the browser reads it from disk
    Image.new("RGB", (96, 64)).save(other)
    explorer.upload(large)
    said = explorer.told(f"{size}.png was not taken")
    assert f"it has {size / 1e6:.1f} MB, and at most 10 MB are taken" in said
    explorer.after(lambda: explorer.upload(other))
    explorer.told("next.png: a captioner")


def test_the_view_is_saved_beside_the_notebook(explorer, folder):
    explorer.area.get_by_role("button", name="Save as PNG").click()
    file = Path(explorer.told("saved as").removeprefix("saved as "))
    assert file.parent == folder.resolve() and file.stat().st_size > 2000
