"""The live scene of the front page, as a visitor uses it."""

import re

import pytest

START = "a red star left of a blue circle"


@pytest.fixture(scope="module")
def requests():
    """The addresses that the pages of this module asked for."""
    return []


@pytest.fixture(scope="module")
def context(browser, address, site, requests):
    if not (site / "live").exists():
        pytest.skip("the site was built without npm")
    with browser.new_context(
        viewport={"width": 1280, "height": 900}, has_touch=True
    ) as context:
        context.on("request", lambda request: requests.append(request.url))
        yield context


@pytest.fixture
def scene(context, address):
    page = context.new_page()
    page.goto(address)
    page.locator("#live.ready").wait_for()
    yield Scene(page)
    page.close()


class Scene:
    """The live scene, as it is seen."""

    def __init__(self, page):
        self.page = page
        self.stage = page.locator(".stage canvas")
        self.words = page.get_by_role("radiogroup", name="Words of the caption")

    def handle(self, name):
        return self.page.get_by_role("button", name=re.compile(f"^the {name}: "))

    def calm(self):
        self.page.evaluate("explorer.idle()")

    def caption(self):
        self.calm()
        return " ".join(self.words.get_by_role("radio").all_inner_texts())

    def chosen(self):
        self.calm()
        return self.words.get_by_role("radio", checked=True).inner_text()

    def score(self):
        self.calm()
        return self.page.locator(".score dd").all_inner_texts()

    def picture(self):
        self.calm()
        return self.stage.evaluate("canvas => canvas.toDataURL()")

    def middle(self, name):
        box = self.handle(name).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def at(self, x, y):
        """A place of the scene, in pixels of the page."""
        box = self.stage.bounding_box()
        return box["x"] + x * box["width"] / 112, box["y"] + y * box["height"] / 112

    def say(self, legend, value):
        group = self.page.get_by_role("group", name=legend)
        group.locator(f"input[value='{value}']").check(force=True)
        self.calm()


def test_it_opens_with_a_right_caption_and_a_peak_on_the_object(scene):
    assert scene.caption() == START
    assert scene.page.get_by_text("Right, word for word").is_visible()
    off, mass = scene.score()
    assert off == "0 px" and int(mass.removesuffix(" %")) > 30


def test_drag_by_mouse(scene):
    score = scene.score()
    scene.page.mouse.move(*scene.middle("red star"))
    scene.page.mouse.down()
    scene.page.mouse.move(*scene.at(60, 60), steps=4)
    scene.page.mouse.move(*scene.at(90, 25), steps=4)
    scene.page.mouse.up()
    assert scene.handle("red star").get_attribute("aria-label").endswith("x 90, y 25")
    assert scene.caption() == "a red star above a blue circle"
    assert scene.score() != score


def test_drag_by_touch(scene):
    touch = scene.page.context.new_cdp_session(scene.page)

    def dispatch(kind, *point):
        points = [dict(zip("xy", point, strict=True))] if point else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    dispatch("touchStart", *scene.middle("blue circle"))
    for x in (70, 50, 30, 20):
        dispatch("touchMove", *scene.at(x, 90))
    dispatch("touchEnd")
    label = scene.handle("blue circle").get_attribute("aria-label")
    assert label.endswith("x 20, y 90")
    assert scene.caption() == "a red star above a blue circle"
    assert scene.page.evaluate("scrollY") == 0, "the page did not scroll"


def test_drag_by_keyboard(scene):
    handle = scene.handle("blue circle")
    before = handle.get_attribute("aria-label")
    handle.focus()
    handle.press("ArrowLeft")
    handle.press("Shift+ArrowUp")
    scene.calm()
    x, y = (int(n) for n in re.findall(r"\d+", before))
    assert (
        handle.get_attribute("aria-label") == f"the blue circle: x {x - 1}, y {y - 8}"
    )
    for key in 9 * ["Shift+ArrowLeft"] + 3 * ["Shift+ArrowUp"]:
        handle.press(key)
    assert scene.caption().endswith("red star"), "the circle is named first now"


def test_an_object_stays_in_the_picture(scene):
    handle = scene.handle("red star")
    for _ in range(20):
        handle.press("Shift+ArrowLeft")
    scene.calm()
    assert "x 0," in handle.get_attribute("aria-label")


def test_words_are_buttons_and_on_the_arrow_keys(scene):
    assert scene.chosen() == "star"
    picture = scene.picture()
    scene.words.get_by_role("radio", name="blue").click()
    assert scene.chosen() == "blue" and scene.picture() != picture
    scene.page.keyboard.press("ArrowRight")
    assert scene.chosen() == "circle"
    scene.page.keyboard.press("ArrowRight")
    assert scene.chosen() == "a"
    assert scene.score() == ["–", "–"], "the word names no object"
    scene.page.keyboard.press("ArrowLeft")
    assert scene.chosen() == "circle"


def test_shape_colour_and_size_change_the_caption(scene):
    picture = scene.picture()
    scene.say("Shape", "triangle")
    scene.say("Colour", "green")
    assert scene.caption() == "a green triangle left of a blue circle"
    scene.say("Object", "1")
    scene.say("Colour", "yellow")
    assert scene.caption() == "a green triangle left of a yellow circle"
    after = scene.picture()
    assert after != picture
    scene.page.get_by_label("Size").press("ArrowRight")
    assert scene.picture() != after


def test_layer_head_and_style_change_the_picture(scene):
    assert scene.page.get_by_label("Head").is_disabled()
    scene.page.get_by_label("Attention").select_option("transformer")
    seen = [scene.picture()]
    for label, option in (("Layer", "1"), ("Head", "3"), ("Upsampling", "nearest")):
        scene.page.get_by_label(label).select_option(option)
        seen.append(scene.picture())
    scene.page.get_by_label("one scale for all words").check()
    scene.page.get_by_label("Opacity").press("Home")
    seen.append(scene.picture())
    assert len(set(seen)) == len(seen)
    assert scene.page.locator(".stage text").count() == 0
    scene.page.get_by_label("cells with their percent").check()
    scene.calm()
    numbers = scene.page.locator(".stage text").all_text_contents()
    assert len(numbers) == 14 * 14
    assert sum(map(float, numbers)) == pytest.approx(100, abs=5)


def test_a_scene_in_doubt_is_told(scene):
    scene.page.mouse.move(*scene.middle("red star"))
    scene.page.mouse.down()
    scene.page.mouse.move(*scene.middle("blue circle"), steps=3)
    scene.page.mouse.up()
    assert "lie on one another" in scene.page.locator(".verdict").inner_text()


def drop(scene, name, text):
    """Drop a file on the stage: `text` is JavaScript for its content."""
    scene.page.locator(".stage").evaluate(
        """async (stage, [name, text]) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([await eval(text)], name));
            stage.dispatchEvent(new DragEvent("drop", {dataTransfer}));
        }""",
        [name, text],
    )


def test_a_damaged_picture_gives_a_sentence_and_changes_nothing(scene):
    before = scene.picture()
    drop(scene, "broken.png", "'not a picture'")
    told = scene.page.get_by_text("broken.png was not taken")
    told.wait_for()
    assert "its 13 bytes are no picture" in told.inner_text()
    assert scene.picture() == before and scene.caption() == START


CANVAS = (
    "new Promise(f => Object.assign(document.createElement('canvas'), %s).toBlob(f))"
)


def test_a_picture_is_captioned_and_the_scene_comes_back(scene):
    before = scene.picture()
    drop(scene, "mine.png", CANVAS % "{width: 300, height: 200}")
    scene.page.get_by_text("mine.png: it did not leave this page").wait_for()
    assert scene.picture() != before
    assert scene.handle("red star").count() == 0
    drop(scene, "long.png", CANVAS % "{width: 900, height: 100}")
    scene.page.get_by_text("900 x 100 pixels is too long and narrow").wait_for()
    scene.page.get_by_role("button", name="Back to the scene").click()
    scene.calm()
    assert scene.picture() == before and scene.caption() == START


def test_a_picture_can_be_drawn(scene):
    scene.page.get_by_role("button", name="Draw one").click()
    empty = scene.picture()
    for y in (30, 80):
        scene.page.mouse.move(*scene.at(30, y))
        scene.page.mouse.down()
        scene.page.mouse.move(*scene.at(45, y), steps=3)
        scene.page.mouse.up()
    assert scene.picture() != empty
    assert scene.caption().startswith("a ")


def test_a_file_says_the_command_that_serves_it(browser, site):
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    assert page.get_by_text("python -m http.server").is_visible()
    page.close()


def test_nothing_came_from_elsewhere(requests, address):
    assert any(url.endswith(".wasm.gz") for url in requests)
    ours = (address, "data:", "blob:")
    assert not [url for url in requests if not url.startswith(ours)]
