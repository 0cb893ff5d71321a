"""An explanation as text for a terminal."""

import textwrap
import tomllib
from itertools import chain

from helpers.inspection.messages.index import FOLDER
from helpers.inspection.messages.notes import notes_in, pairs_of

WIDTH, FULL, MANY = 88, 3, 8  # letters of a line, causes in full, and with a title
NOTES, FEW = 3, 2  # of a cause in full or a message, and of one in brief
NAMED, FURTHER = 4, 3  # notes on models and libraries, and of further causes
SAID = tomllib.loads((FOLDER / "phrases.toml").read_text(encoding="utf-8"))


def as_text(explanation):
    """All of an explanation: the likeliest causes in full, of the next the question."""
    causes, facts = explanation.causes, explanation.facts
    of_message, *notes = notes_of(explanation)
    text = explanation.text
    paragraphs = heading(explanation, of_message)
    if facts:
        lines = (wrap(f"  {fact}", "    ") for fact in facts)
        paragraphs.append("\n".join(["The numbers:", *lines]))
    if len(causes) > 1 and explanation.message:
        paragraphs.append(wrap(SAID["ranked" if causes[0].told else "undecided"]))
    shown = causes[:FULL]
    sure = explanation.message and causes and causes[0].told
    likely = max((n for n, one in enumerate(shown, 1) if one.told), default=1)
    for place, ranked in enumerate(shown, 1):
        if sure and place == likely + 1:
            paragraphs.append(SAID["less"])
        lines = one_cause(place, ranked, notes[place - 1], text)
        paragraphs.append("\n".join(lines))
    if more := causes[FULL:MANY]:
        both = enumerate(zip(more, notes[FULL:], strict=True), FULL + 1)
        lines = (in_brief(place, one.cause, said, text) for place, (one, said) in both)
        paragraphs.append("\n".join([SAID["more"], *lines]))
    if named := explanation.named[:NAMED]:
        lines = (wrap(f"   {note}", "   ") for note in named)
        paragraphs.append("\n".join([SAID["named"], *lines]))
    said = {*chain(of_message, *notes), *named}
    if more := [one for one in explanation.beside if one[1] not in said][:FURTHER]:
        lines = (wrap(f"   {name}: {note}", "   ") for name, note in more)
        paragraphs.append("\n".join([SAID["beside"], *lines]))
    if causes or explanation.message is None:
        paragraphs.append(wrap(SAID["next"]))
    return "\n\n".join(paragraphs)


def notes_of(explanation):
    """What is more to say of the message, and of each cause that is shown: a list of
    notes each. None is said twice; an entry that is asked for by its name says all."""
    text, message = explanation.text, explanation.message
    causes = [ranked.cause for ranked in explanation.causes[:MANY]]
    if causes and text.strip() == causes[0].id:
        return [[], [note for _, note in pairs_of(causes[0].notes)]]
    found, said = [], set()
    for place, one in enumerate([message, *causes]):
        notes = notes_in(text, one.notes) if one else []
        new = [note for note in dict.fromkeys(notes) if note not in said]
        found.append(new[: NOTES if place <= FULL else FEW])
        said.update(found[-1])
    return found


def in_brief(place, cause, notes, text):
    """A further cause in two sentences, its line to run, and notes on such a text."""
    lines = [wrap(f"{place}. {cause.id}: {cause.brief}", "   ")]
    lines.append(wrap(f"   Ask:    {cause.ask}", " " * 11))
    run = to_run(cause, text)
    lines += block("Run:", run) if "\n" not in run else []
    return "\n".join([*lines, *(wrap(f"   {one}", " " * 11) for one in noted(notes))])


def to_run(cause, text):
    """The line to run; `pip show` asks for the packages that the text names as well."""
    packages = SAID["packages"].split() if "pip show" in cause.run else ()
    return " ".join([cause.run, *(one for one in packages if one in text.lower())])


def noted(notes):
    return [f"Note:   {note}" for note in notes]


def heading(explanation, notes):
    """What was recognised, in paragraphs. notes: those of the message."""
    message, causes = explanation.message, explanation.causes
    if message is not None:
        close = f"{SAID['close']} *{message.says[0]}*" if explanation.close else ""
        shapes = "" if message.causes else SAID["not_shapes"]
        parts = (close, message.means, message.remedy, *notes, shapes)
        return [wrap(part) for part in parts if part]
    if not causes:
        return [wrap(SAID["unknown"])]
    if explanation.text.strip() == causes[0].cause.id:
        return []  # the entry was asked for by its name
    return [wrap(SAID["weak"])]


def one_cause(place, ranked, notes, text):
    """A cause in lines: what it is, the question, the line to run, the remedy."""
    cause = ranked.cause
    lines = [wrap(f"{place}. {cause.cause}", "   ")]
    lines += [wrap(f"   {one}", " " * 11) for one in noted(notes)]
    lines += [wrap(f"   Fits:   {reason}", " " * 11) for reason in ranked.reasons]
    lines.append(wrap(f"   Ask:    {cause.ask}", " " * 11))
    lines += block("Run:", to_run(cause, text))
    lines += block("Before:", cause.before) if place == 1 else []
    lines += block("After:", cause.after)
    return [*lines, f"   Index:  notebooks/{cause.part}.ipynb, entry {cause.id}"]


def block(name, code):
    """A name and code, on one line if it is one."""
    if "\n" in code:
        return [f"   {name}", textwrap.indent(code, "       ")]
    return [f"   {name:7} {code}"] if code else []


def wrap(text, later=""):
    """Lines of at most 88 letters; spaces in front of the text stay."""
    return textwrap.fill(
        text if text.startswith(" ") else " ".join(text.split()),
        WIDTH,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
