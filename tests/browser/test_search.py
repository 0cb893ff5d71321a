"""The search of the site: a pasted message leads to the pages of its causes."""

from urllib.parse import quote, urljoin

import pytest

ERROR = "shape '[14, 14]' is invalid for input of size 197"


def results(browser, start, query):
    """Where the results of a query lead, in their order."""
    page = browser.new_page()
    page.goto(urljoin(start, f"search.html?q={quote(query)}"))
    links = page.locator("#search-results li a")
    links.first.wait_for()
    page.wait_for_function(
        "document.querySelector('#search-progress')?.textContent !== 'Searching'"
    )
    return [link.get_attribute("href") for link in links.all()]


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
    ],
)
def test_an_entry_is_found_with_a_readers_own_numbers(browser, start, entry, query):
    assert f"error-{entry}.html" in results(browser, start, query)[0]


def test_a_question_about_a_lesson_does_not_lead_to_an_error(browser, start):
    assert "error-" not in results(browser, start, "receptive field")[0]
