"""An explanation as text for a terminal."""

import re
import textwrap

from helpers.inspection.messages.index import NOTEBOOK

WIDTH = 88
UNKNOWN = (
    "This message is unknown here, and no entry of the index sounds like it. What can "
    "be said is said of its numbers alone."
)
BY_WORDS = (
    "No known message in this text. By its words it sounds like one of these; let the "
    "questions decide."
)
NEXT = (
    "Go on with `trace_shapes(model, images)` for every shape up to the line that "
    "fails, `python -m helpers diagnose SHAPE --image HxW` for what a weights tensor "
    "is, and `capture_attention(model)` for weights that are missing (all in "
    "helpers.inspection)."
)


def as_text(explanation, shown):
    """All of an explanation, the likeliest causes with their question and remedy."""
    lines = heading(explanation)
    if explanation.facts:
        lines += ["", "The numbers:", *(f"  {fact}" for fact in explanation.facts)]
    if len(explanation.causes) > 1:
        lines += ["", "Likeliest first; the question decides:"]
    for place, ranked in enumerate(explanation.causes[:shown], start=1):
        lines += ["", *one_cause(place, ranked, full=place <= 3)]
    rest = [first_sentence(one.cause) for one in explanation.causes[shown:]]
    if rest:
        lines += ["", *wrap("Also seen: " + " ".join(rest))]
    if explanation.about_shapes is not False:
        lines += ["", *wrap(NEXT)]
    return "\n".join(lines)


def heading(explanation):
    message = explanation.message
    if message is None:
        asked = explanation.causes and not explanation.by_words
        return [] if asked else wrap(BY_WORDS if explanation.causes else UNKNOWN)
    lines = wrap(message.means)
    if message.remedy:
        lines += ["", *wrap(message.remedy)]
    if not message.causes:
        lines += ["", *wrap("This is not about the shape of an attention map.")]
    return lines


def one_cause(place, ranked, full):
    """A cause in lines: what it is, the question, the line to run, before and after."""
    cause = ranked.cause
    lines = wrap(f"{place}. {cause.cause}", "   ")
    lines += [f"   Fits:   {reason}" for reason in ranked.reasons]
    lines += wrap(f"   Ask:    {cause.ask}", "           ")
    lines += block("Run:", cause.run)
    if full:
        lines += block("Before:", cause.before) + block("After:", cause.after)
    return [*lines, f"   Index:  {NOTEBOOK}, entry {cause.id}"]


def first_sentence(cause):
    return (
        re.split(r"(?<=[.:])\s", cause.cause.strip(), maxsplit=1)[0].rstrip(":.") + "."
    )


def block(name, code):
    if not code:
        return []
    if "\n" not in code:
        return [f"   {name:7} {code}"]
    return [f"   {name}", *textwrap.indent(code, "       ").splitlines()]


def wrap(text, later="", first=""):
    return textwrap.wrap(
        " ".join(text.split()) if not text.startswith(" ") else text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
