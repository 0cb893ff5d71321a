"""The quizzes: what data/quiz.toml holds, and what a learner sees."""

import re
import tomllib

import ipywidgets as widgets
import nbformat
import pytest

from helpers.classroom import quiz
from helpers.classroom.quizzes import (
    FILE,
    as_html,
    as_widgets,
    marked,
    plain,
    read_quiz,
)
from tools.notebooks import WIDGET, lessons

NUMBERS = list(tomllib.loads(FILE.read_text(encoding="utf-8")))
QUESTION = """
[[07]]
question = "Is `a < b`?"
[[07.options]]
text = "yes & `no`"
wrong = "no <b>"
[[07.options]]
text = "no"
right = "as it is"
[[07.options]]
text = "perhaps"
wrong = "it is not"
"""


@pytest.fixture
def written(tmp_path):
    """Writes a quiz of one's own, and gives back its file."""

    def write(text):
        file = tmp_path / "quiz.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def parts(view):
    """The radio buttons, what is said below each, and the score."""
    _, *rows, score = view.children
    return rows[::2], rows[1::2], score


def said(widget):
    """The text of an HTML widget, without its tags."""
    return re.sub("<[^>]+>", "", widget.value)


@pytest.mark.parametrize("file", lessons(), ids=lambda file: file.name)
def test_a_lesson_ends_with_its_own_quiz(file):
    last = nbformat.read(file, as_version=4).cells[-1]
    assert (
        last.source == f'from helpers.classroom import quiz\n\nquiz("{file.name[:2]}")'
    )
    [output] = last.outputs
    assert set(output.data) == {"text/plain", "text/html"}
    assert output.data["text/html"] == as_html(read_quiz(file.name[:2]))


@pytest.mark.parametrize("number", NUMBERS)
def test_the_questions_are_complete(number):
    questions = read_quiz(number)
    assert 3 <= len(questions) <= 5
    assert len({question["question"] for question in questions}) == len(questions)
    for question in questions:
        assert question.keys() == {"question", "options"}
        assert question["question"].endswith(("?", "."))
        options = question["options"]
        assert 3 <= len(options) <= 4
        assert len({plain(option["text"]) for option in options}) == len(options)
        assert sorted("right" in option for option in options)[-2:] == [False, True]
        for option in options:
            assert option.keys() in ({"text", "right"}, {"text", "wrong"})
        reasons = [o.get("right") or o.get("wrong") for o in question["options"]]
        assert all(reason.endswith((".", "!")) for reason in reasons)
        assert len(set(reasons)) == len(reasons)
        texts = [question["question"], *(o["text"] for o in question["options"])]
        assert all(text.count("`") % 2 == 0 for text in texts + reasons)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_right_answer_has_no_fixed_place(number):
    places = {
        ["right" in option for option in question["options"]].index(True)
        for question in read_quiz(number)
    }
    assert len(places) > 1


@pytest.mark.parametrize("number", NUMBERS)
def test_each_choice_gets_its_own_answer(number):
    questions = read_quiz(number)
    controls, answers, score = parts(as_widgets(questions))
    assert len(controls) == len(answers) == len(questions)
    for question, control, answer in zip(questions, controls, answers, strict=True):
        assert control.index is None and answer.value == ""
        for place, option in enumerate(question["options"]):
            control.index = place
            word = "Correct." if "right" in option else "Not yet."
            reason = option.get("right") or option["wrong"]
            assert f"<strong>{word}</strong> {marked(reason)}</p>" in answer.value


def test_the_score_follows_every_change():
    questions = read_quiz("05")
    controls, _, score = parts(as_widgets(questions))
    right = [
        ["right" in option for option in question["options"]].index(True)
        for question in questions
    ]
    count = len(questions)
    assert said(score) == f"0 of {count} right"
    for done, (control, place) in enumerate(zip(controls, right, strict=True), 1):
        control.index = place
        assert said(score) == f"{done} of {count} right"
    controls[0].index = (right[0] + 1) % 3
    assert said(score) == f"{count - 1} of {count} right"


def test_every_control_is_labelled_and_no_output_widget_is_used(written):
    view = as_widgets(read_quiz("07", written(QUESTION)))
    controls, _, _ = parts(view)
    assert [c.description for c in controls] == ["1. Is <code>a &lt; b</code>?"]
    assert controls[0].options == ("yes & no", "no", "perhaps")
    assert not any(isinstance(child, widgets.Output) for child in view.children)


def test_the_static_form_is_escaped_and_complete(written):
    page = as_html(read_quiz("07", written(QUESTION)))
    assert "<li>Is <code>a &lt; b</code>?" in page
    assert "<li>yes &amp; <code>no</code></li>" in page
    assert "<strong>Not yet.</strong> no &lt;b&gt;</li>" in page
    assert "<strong>Correct.</strong> as it is</li>" in page
    assert "<b>" not in page and "<script" not in page
    for tag in ("ol", "li", "details", "summary", "code", "strong", "p"):
        opened = len(re.findall(f"<{tag}[ >]", page))
        assert opened == page.count(f"</{tag}>") > 0


def test_one_output_in_three_forms_and_the_same_every_time(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "helpers.classroom.quizzes.display", lambda data, raw: shown.append(data)
    )
    quiz("00")
    quiz("00")
    first, second = shown
    assert first.pop(WIDGET)["model_id"] != second.pop(WIDGET)["model_id"]
    count = len(read_quiz("00"))
    words = f"A quiz with {count} questions: run the notebook to answer it."
    assert first == second
    assert first == {"text/plain": words, "text/html": as_html(read_quiz("00"))}


def test_an_unknown_number_lists_what_there_is():
    with pytest.raises(ValueError, match=r"no quiz '5': there are 00, 01, .*10"):
        quiz("5")


def test_plain_and_marked():
    assert plain("call `f()` & go") == "call f() & go"
    assert marked("call `f(<x>)` & go") == "call <code>f(&lt;x&gt;)</code> &amp; go"
