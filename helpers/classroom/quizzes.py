"""The quiz at the end of a notebook: questions from data/quiz.toml."""

import html
import re
import tomllib
from pathlib import Path

import ipywidgets as widgets
from IPython.display import display

from helpers import ROOT

FILE = ROOT / "data" / "quiz.toml"

STYLE = Path(__file__).with_name("quiz.css").read_text(encoding="utf-8")
HOW = "<p>Choose an answer with the mouse, or with Tab and the space bar.</p>"


def quiz(number):
    """Show the quiz of notebook `number`, for example "05".

    One output for all places: radio buttons where a kernel runs, elsewhere a list with
    folded answers. Raises ValueError for a number without a quiz.
    """
    questions = read_quiz(number)
    view = as_widgets(questions)._repr_mimebundle_()
    words = f"A quiz with {len(questions)} questions: run the notebook to answer it."
    display({**view, "text/plain": words, "text/html": as_html(questions)}, raw=True)


def read_quiz(number, file=FILE):
    """The questions of one notebook, as a list of dicts.

    Each has "question", a text, and "options": dicts with "text" and, under "right" or
    under "wrong", the reason why. Raises ValueError for a number without a quiz.
    """
    lessons = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    if number not in lessons:
        raise ValueError(f"no quiz {number!r}: there are {', '.join(lessons)}")
    return lessons[number]


def as_widgets(questions):
    """Radio buttons and a verdict for each question, and the score at the end."""
    controls = [radio_buttons(n, q) for n, q in enumerate(questions, start=1)]
    said = [message() for _ in questions]
    score = message()

    def answer(_=None):
        chosen = [
            None if control.index is None else question["options"][control.index]
            for control, question in zip(controls, questions, strict=True)
        ]
        for place, option in zip(said, chosen, strict=True):
            place.value = "" if option is None else paragraph(verdict(option))
        right = sum(option is not None and "right" in option for option in chosen)
        score.value = paragraph(f"<strong>{right} of {len(questions)} right</strong>")

    answer()
    for control in controls:
        control.observe(answer, "index")
    rows = [row for pair in zip(controls, said, strict=True) for row in pair]
    return widgets.VBox([message(f"<style>{STYLE}</style>{HOW}"), *rows, score])


def radio_buttons(number, question):
    """One question: its text is the label of the group, and nothing is chosen yet."""
    control = widgets.RadioButtons(
        options=[plain(option["text"]) for option in question["options"]],
        index=None,
        description=f"{number}. {marked(question['question'])}",
        description_allow_html=True,
        tooltip="",  # without it, pointing at the question shows the word "null"
    )
    return control.add_class("quiz-options")


def message(text=""):
    """A text, or a place for one."""
    return widgets.HTML(text).add_class("quiz-said")


def paragraph(text):
    """Text that a screen reader says when it appears."""
    return f'<p role="status">{text}</p>'


def verdict(option):
    """Right or wrong in words, then the reason, as HTML."""
    word, why = ("Correct.", "right") if "right" in option else ("Not yet.", "wrong")
    return f"<strong>{word}</strong> {marked(option[why])}"


def as_html(questions):
    """The same quiz on paper: the answers are folded away, option by option."""
    lines = ["<p><strong>Quiz.</strong> To answer, run the notebook.</p>", "<ol>"]
    for number, question in enumerate(questions, start=1):
        texts = [f"<li>{marked(o['text'])}</li>" for o in question["options"]]
        reasons = [f"<li>{verdict(o)}</li>" for o in question["options"]]
        lines += [f"<li>{marked(question['question'])}", '<ol type="A">', *texts]
        lines += ["</ol>", f"<details><summary>Answer to question {number}</summary>"]
        lines += ['<ol type="A">', *reasons, "</ol></details></li>"]
    return "\n".join([*lines, "</ol>"])


def marked(text):
    """Text as HTML: escaped, and `code` in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def plain(text):
    """Text without backticks, for a radio button: it shows no HTML."""
    return text.replace("`", "")
