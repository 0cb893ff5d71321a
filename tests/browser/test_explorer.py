"""Notebook 11 in a real JupyterLab, by mouse, touch and keyboard as a learner would."""

import re
import shutil
import time
from contextlib import contextmanager

import pytest
from PIL import Image

from helpers.captioning import load_captioner, sample_scenes
from tools.notebooks import FOLDER

from .lab import SESSION, run_all, running_lab

NOTEBOOK = "11_explore.ipynb"
FLAT, RENDERED = (152, 112), (192, 128)  # W, H
WAIT = """import pathlib, time
pathlib.Path("begun").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.1)
pathlib.Path("ended").touch()
"""
EXECUTE = f"{SESSION}.session.kernel.requestExecute"
ACTIVE = "jupyterapp.shell.currentWidget.content.activeCellIndex"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="module")
def page(browser, folder, tmp_path_factory):
    shutil.copy(FOLDER / NOTEBOOK, folder)
    with running_lab(folder, tmp_path_factory.mktemp("lab")) as address_of:
        view = {"width": 1280, "height": 1000}
        with browser.new_context(viewport=view, has_touch=True) as context:
            page = context.new_page()
            page.set_default_timeout(60_000)
            run_all(page, address_of(NOTEBOOK))
            page.locator(".explorer .handle").nth(5).wait_for(state="attached")
            yield page


@pytest.fixture
def shown(page):
    """The explorers, in their order on the page."""
    return [Shown(page, number) for number in range(4)]


class Shown:
    """The explorer number `number` on the page, as it is seen."""

    def __init__(self, page, number):
        self.page, self.area = page, page.locator(".explorer").nth(number)
        self.stage = self.area.locator(".stage canvas")
        self.words = self.area.get_by_role("radiogroup", name="Words of the caption")

    def handle(self, name):
        return self.area.get_by_role("button", name=re.compile(f"^the {name}: "))

    def place(self, name):
        """x and y of an object, in pixels of the scene."""
        label = self.handle(name).get_attribute("aria-label")
        return tuple(int(n) for n in re.findall(r"\d+", label))

    def at(self, place, size):
        """A place of a scene of (W, H) pixels, in pixels of the page."""
        self.stage.scroll_into_view_if_needed()
        box = self.stage.bounding_box()
        x, y = (part / side for part, side in zip(place, size, strict=True))
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def drag(self, name, to, size):
        mouse = self.page.mouse
        mouse.move(*self.at(self.place(name), size))
        mouse.down()
        mouse.move(*self.at(to, size), steps=15)
        mouse.up()

    def picture(self):
        return self.stage.evaluate("canvas => canvas.toDataURL()")

    def calm(self):
        """The picture, once all is answered and shown."""
        self.area.and_(self.page.locator("[aria-busy=false]")).wait_for()
        return self.picture()

    def caption(self):
        self.calm()
        return " ".join(self.words.get_by_role("radio").all_inner_texts())

    def told(self):
        self.calm()
        return self.area.locator(".verdict").inner_text()


def test_no_cell_failed_and_nothing_asks_for_a_click(page):
    assert page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
    assert page.locator(".jp-Dialog").count() == 0
    assert page.locator(".jp-RenderedText", has_text="Traceback").count() == 0


def test_it_begins_as_the_text_says(shown):
    first, scene = shown[0], sample_scenes(1, seed=11, size=(112, 152))[0]
    assert first.caption() == " ".join(scene.words)
    assert "Right, word for word" in first.told()
    assert first.area.get_by_label("Upsampling").input_value() == "nearest"
    assert not first.area.get_by_label("one scale for all words").is_checked()


def test_an_object_is_dragged_by_mouse(shown):
    made = shown[1]
    assert made.caption() == "a red circle left of a blue star"
    before = made.picture()
    made.drag("red circle", (130, 36), FLAT)
    assert made.place("red circle") == (130, 36)
    assert made.caption() == "a blue star left of a red circle"
    assert made.picture() != before and "Right, word for word" in made.told()


def test_an_object_is_dragged_by_touch(page, shown):
    made, touch = shown[1], page.context.new_cdp_session(page)

    def dispatch(kind, *point):
        points = [dict(zip("xy", point, strict=True))] if point else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    dispatch("touchStart", *made.at(made.place("red circle"), FLAT))
    for x in (110, 90, 60, 30):
        dispatch("touchMove", *made.at((x, 30), FLAT))
    dispatch("touchEnd")
    assert made.place("red circle") == (30, 30)
    assert made.caption() == "a red circle left of a blue star"


def test_an_object_is_moved_by_keys_and_the_notebook_stays(page, shown):
    made, active = shown[1], page.evaluate(ACTIVE)
    x, y = made.place("blue star")
    for key in ("ArrowRight", "Shift+ArrowDown", "ArrowUp", "ArrowUp"):
        made.handle("blue star").press(key)
    assert made.place("blue star") == (x + 1, y + 6)
    assert made.handle("blue star").evaluate("one => one === document.activeElement")
    assert page.evaluate(ACTIVE) == active, "the arrow keys chose another cell"


def test_a_scene_in_doubt_is_told_and_the_last_one_stays(shown):
    made = shown[1]
    made.drag("blue star", (60, 60), FLAT)
    assert "beyond doubt" in made.told() and "picture before is shown" in made.told()
    made.drag("blue star", (100, 60), FLAT)
    assert "Right, word for word" in made.told()


@contextmanager
def kernel_at_work(page, folder):
    """The kernel has a cell in hand all the while; files tell so, not its status."""
    page.evaluate(f"code => void {EXECUTE}({{code}})", WAIT)
    begun, go, ended = (folder / name for name in ("begun", "go", "ended"))
    deadline = time.monotonic() + 60
    while not begun.exists():
        assert time.monotonic() < deadline, "the kernel did not begin in a minute"
        page.wait_for_timeout(100)
    try:
        yield
        assert not ended.exists()
    finally:
        go.touch()  # else every test after this one would wait in vain


def test_words_and_style_need_no_kernel_and_moves_wait_for_it(page, shown, folder):
    made = shown[1]
    seen = [made.calm()]
    with kernel_at_work(page, folder):
        made.words.get_by_role("radio", name="star").click()
        seen.append(made.calm())
        page.keyboard.press("ArrowLeft")
        made.words.get_by_role("radio", name="blue", checked=True).wait_for()
        for box in ("one scale for all words", "cells with their percent"):
            made.area.get_by_label(box).check()
        made.area.get_by_label("Opacity").press("Home")
        seen.append(made.calm())
        x, _ = made.place("blue star")
        for _ in range(5):
            made.handle("blue star").press("Shift+ArrowRight")
    assert len(set(seen)) == len(seen)
    numbers = made.area.locator(".stage text").all_text_contents()
    assert len(numbers) == 14 * 19
    assert sum(map(float, numbers)) == pytest.approx(100, abs=5)
    assert made.calm() not in seen, "the answer came, to the last of the moves"
    assert made.place("blue star")[0] == x + 40 and "Right" in made.told()


def test_another_head_another_picture(shown):
    first = shown[0]
    assert first.area.get_by_label("Head").is_disabled()
    first.area.get_by_label("Attention").select_option("transformer")
    seen = [first.calm()]
    for label, option in (("Layer", "1"), ("Head", "3"), ("Head", "1")):
        first.area.get_by_label(label).select_option(option)
        seen.append(first.calm())
    assert len(set(seen)) == len(seen)
    first.area.get_by_label("Attention").select_option("additive")
    assert first.caption() and first.area.get_by_label("Head").is_disabled()


def test_solids_are_dragged_over_their_floor_and_what_was_captured_is_not(shown):
    solid, captured = shown[2:]
    assert solid.caption() == captured.caption() == "a red sphere left of a blue cone"
    solid.drag("red sphere", (90, 42), RENDERED)
    assert solid.caption() == "a red sphere behind a blue cone"
    solid.drag("red sphere", (90, 5), RENDERED)
    assert "stands out of the picture" in solid.told()
    assert captured.area.locator(".handle, input[type=file]").count() == 0


def test_a_picture_of_ones_own(shown, tmp_path):
    first, upload = shown[0], shown[0].area.locator("input[type=file]")
    mine = sample_scenes(1, seed=99, size=(96, 136))[0].image.resize((448, 316))
    mine.save(tmp_path / "mine.png")
    Image.new("RGB", (900, 60)).save(tmp_path / "long.png")
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    before = first.calm()
    for name, said in (
        ("broken.png", "broken.png was not taken: its 13 bytes are no picture"),
        ("long.png", "pixels is too long and narrow for this model"),
        ("mine.png", "mine.png: the kernel captioned it"),
    ):
        upload.set_input_files(tmp_path / name)
        first.area.locator(".told", has_text=said).wait_for()
        assert (first.calm() == before) == (name != "mine.png")
    assert first.caption() == " ".join(load_captioner("additive").caption(mine).words)
    assert first.handle("black star").count() == 0
    first.area.get_by_role("button", name="Back to the scene").click()
    assert first.calm() == before


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_screen_reader_and_weak_eyes_can_use_it(page, shown, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    command = f"'apputils:change-theme', {{theme: '{theme}'}}"
    page.evaluate(f"jupyterapp.commands.execute({command})")
    page.wait_for_function(f"document.body.dataset.jpThemeName === '{theme}'")
    assert all(one.calm() for one in shown)
    found = axe.run(page, context=".explorer").response["violations"]
    assert not found, [(rule["id"], rule["nodes"][0]["html"]) for rule in found]
