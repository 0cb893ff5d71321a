"""What can be done on the site without a kernel: ask about a message, answer a quiz."""

import pytest

from helpers.inspection import diagnose
from helpers.inspection.messages.explain import explain

MESSAGE = "RuntimeError: shape '[16, 16]' is invalid for input of size 257"


@pytest.fixture(scope="module")
def asking(open_live):
    page = open_live("ask.html")
    page.get_by_text("Ready.").wait_for(timeout=120_000)
    return page


def ask(page, text):
    page.get_by_label("Message, traceback or symptom").fill(text)
    page.get_by_role("button", name="Explain it").click()


def test_a_pasted_message_gives_the_causes_that_python_finds(asking):
    ask(asking, MESSAGE)
    asking.get_by_text("the likeliest first").wait_for()
    causes = [ranked.cause for ranked in explain(MESSAGE).causes]
    articles = asking.locator(".found article")
    assert 2 <= articles.count() <= len(causes)
    for article, cause in zip(articles.all(), causes, strict=False):
        link = article.get_by_role("link").get_attribute("href")
        assert link.endswith(f"notebooks/error-{cause.id}.html")
    assert "257 - 256 = 1" in asking.locator(".found").inner_text()


def test_another_message_replaces_the_first(asking):
    ask(asking, "'NoneType' object is not subscriptable")
    first = explain("'NoneType' object is not subscriptable").causes[0].cause.id
    asking.locator(f".found a[href$='error-{first}.html']").wait_for()
    assert "257" not in asking.locator(".found").inner_text()


def test_what_is_unknown_is_called_unknown(asking):
    ask(asking, "xyzzy plugh")
    asking.get_by_role("status").filter(has_text="unknown").wait_for()
    assert asking.locator(".found article").count() == 0


def test_a_shape_gives_what_the_doctor_says(asking):
    shape = asking.get_by_label("Shape of the weights")
    shape.fill("torch.Size([1, 12, 197, 197])")
    asking.get_by_label("Image height and width").fill("224x224")
    asking.get_by_role("button", name="Ask the doctor").click()
    best = diagnose((1, 12, 197, 197), (224, 224)).reasons[0]
    found = asking.locator("#answer")
    found.get_by_text(best).wait_for()
    assert "counted only" in found.inner_text()
    assert "12\theads" in found.get_by_role("table").inner_text()
    shape.fill("0")
    shape.press("Enter")
    found.get_by_text("there are no weights in it").wait_for()
    asking.get_by_label("Patch").fill("0")
    shape.press("Enter")
    asking.get_by_text("sizes and counts are whole numbers from 1, got 0").wait_for()


def test_python_came_from_this_server(asking, elsewhere):
    assert any(url.endswith("pyodide.asm.wasm") for url in asking.requests)
    assert not elsewhere(asking)


@pytest.fixture
def lesson(browser, start):
    page = browser.new_page()
    page.goto(start.replace("index.html", "notebooks/01_from_image_to_grid.html"))
    yield page
    page.close()


def test_a_quiz_is_answered_by_a_click(lesson):
    options = lesson.locator("li:has(> ol .option)").first
    assert not lesson.get_by_text("Answer to question 1").is_visible()
    verdicts = []
    for option in options.locator(".option").all():
        option.click()
        assert option.get_attribute("aria-pressed") == "true"
        verdicts.append(options.get_by_role("status").inner_text().split(".")[0])
    assert verdicts.count("Correct") == 1
    assert verdicts.count("Not yet") == len(verdicts) - 1 >= 2


def test_a_lesson_says_where_to_run_it(lesson):
    link = lesson.locator(".run-it").get_by_role("link", name="on your machine")
    link.click()
    lesson.wait_for_url("**/about.html#start")


def test_code_can_be_copied(lesson):
    assert lesson.locator(".highlight button.copybtn").count() > 5


@pytest.fixture
def open_figure(open_live):
    def open_fold(name):
        fold = open_live(f"notebooks/{name}.html").locator("details[data-figure]")
        fold.locator("summary").first.click()
        return fold

    return open_fold


def test_a_cell_is_followed_to_its_key(open_figure):
    figure = open_figure("01_from_image_to_grid")
    figure.get_by_role("button", name="row 4, column 7").click()
    said = figure.get_by_role("status")
    assert "is key 4 × 10 + 7 = 47" in said.inner_text()
    figure.page.keyboard.press("ArrowUp")
    assert "is key 3 × 10 + 7 = 37" in said.inner_text()


def test_a_query_turns_to_another_cell(open_figure):
    figure = open_figure("02_additive_attention")
    said = figure.get_by_role("status")
    assert "red star" in said.inner_text()
    figure.get_by_label("query 0").press("Home")
    assert "blue circle" in said.inner_text()
    weights = figure.locator("tr td:nth-child(4)").all_inner_texts()
    assert sum(float(w) for w in weights if w) == pytest.approx(1, abs=0.03)


def test_the_heads_of_the_transformer_are_live(open_figure):
    figure = open_figure("04_transformer_attention")
    figure.get_by_text("Right, word for word").wait_for()
    assert figure.get_by_label("Attention").input_value() == "transformer"
    assert figure.get_by_label("Layer").input_value() == "1"
