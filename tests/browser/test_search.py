"""The search of the site: a pasted message leads to the pages of its causes."""

import random
import re
from urllib.parse import quote, urljoin

import pytest

from helpers.inspection.messages.index import read_index

ERROR = "shape '[14, 14]' is invalid for input of size 197"
FIRST = 4  # results that are looked at: each is fetched before the next is shown


def results(browser, start, query):
    """Where the first results of a query lead, in their order."""
    page = browser.new_page()
    page.goto(urljoin(start, f"search.html?q={quote(query)}"))
    links = page.locator("#search-results li a")
    links.first.wait_for()
    page.wait_for_function(
        f"document.querySelectorAll('#search-results li a').length >= {FIRST} || "
        "document.querySelector('#search-progress')?.textContent !== 'Searching'"
    )
    found = [link.get_attribute("href") for link in links.all()[:FIRST]]
    page.close()
    return found


def test_an_error_text_leads_to_the_page_of_its_cause(browser, start):
    page = browser.new_page()
    page.goto(start)
    page.keyboard.press("Control+k")
    page.keyboard.type(ERROR)
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.click()
    page.wait_for_url("**/error-class-token.html*")
    assert ERROR in page.content()


@pytest.mark.parametrize(
    ("entry", "query"),
    [
        ("class-token", "is invalid for input of size"),
        (
            "class-token",
            "RuntimeError: shape '[31, 31]' is invalid for input of size 962",
        ),
        (
            "encoder-width",
            "mat1 and mat2 shapes cannot be multiplied (196x1024 and 76x5)",
        ),
        ("token-count", "Image features and image tokens do not match: tokens: 12"),
        ("nothing-collected", "stack expects a non-empty TensorList"),
        ("index-bounds", "index 5 is out of bounds for dimension 3 with size 5"),
        ("need-weights", "'NoneType' object is not subscriptable"),
        ("need-weights", "TypeError: 'NoneType' object is not subscriptable"),
        ("registers", "shape '[16, 18]' is invalid for input of size 293"),
        ("no-class-token", "shape '[24, 24]' is invalid for input of size 575"),
        ("map-as-tokens", "shape '[2, 9, 9, 9]' is invalid for input of size 59049"),
        (
            "beams-twice",
            "The size of tensor a (5) must match the size of tensor b (25) at "
            "non-singleton dimension 0",
        ),
        (
            "position-code",
            "The size of tensor a (257) must match the size of tensor b (1025) at "
            "non-singleton dimension 1",
        ),
    ],
)
def test_an_entry_is_found_with_a_readers_own_numbers(browser, start, entry, query):
    assert f"error-{entry}.html" in results(browser, start, query)[0]


@pytest.mark.parametrize("end", ["", " at non-singleton dimension 1"])
def test_a_cause_is_found_whose_page_does_not_write_out_the_message(
    browser, start, end
):
    query = f"The size of tensor a (1025) must match the size of tensor b (1024){end}"
    found = results(browser, start, query)
    assert any("error-class-token.html" in link for link in found)


def test_the_same_comes_first_while_one_types(browser, address):
    page = browser.new_page()
    page.goto(address + "notebooks/error-class-token.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("'NoneType' object is not subscriptable")
    first = page.locator("#pst-search-dialog #search-results li a").first
    first.wait_for()
    assert "error-need-weights.html" in first.get_attribute("href")


def with_other_numbers(title, rng):
    """A title as readers see it, with sizes of their own in it."""
    size = r"(?<![\w.])\d{2,}(?![\w.])"
    return re.sub(size, lambda old: str(int(old[0]) + rng.randint(1, 90)), title)


def test_the_title_of_an_entry_leads_to_it_with_other_numbers(browser, address):
    rng, missed = random.Random(11), []
    for cause in rng.sample([*read_index().causes.values()], 20):
        query = with_other_numbers(cause.title.replace("`", ""), rng)
        found = results(browser, address, query)[:3]
        if not any(f"error-{cause.id}.html" in link for link in found):
            missed.append((cause.id, query, found))
    assert not missed


def test_a_question_about_a_lesson_does_not_lead_to_an_error(browser, start):
    assert "error-" not in results(browser, start, "receptive field")[0]
