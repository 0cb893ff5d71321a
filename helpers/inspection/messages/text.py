"""An explanation as text for a terminal."""

import textwrap

from helpers.inspection.messages.index import NOTEBOOK

WIDTH, MOST = 88, 5
UNKNOWN = (
    "This message is unknown here, and no entry of the index sounds like it. What can "
    "be said is said of its numbers alone."
)
BY_WORDS = (
    "No known message in this text. By its words it sounds like one of these; let the "
    "questions decide."
)
WEAK = (
    "No known message in this text. Some of its words occur in these entries, which is "
    "no more than a hint: ask their questions first, and trust your own answers."
)
NEXT = (
    "Go on with `trace_shapes(model, images)` for every shape up to the line that "
    "fails, `python -m helpers diagnose SHAPE --image HxW` for what a weights tensor "
    "is, and `capture_attention(model)` for weights that are missing (all in "
    "helpers.inspection)."
)


def as_text(explanation):
    """All of an explanation, the likeliest causes with their question and remedy."""
    lines = heading(explanation)
    if explanation.facts:
        lines += ["", "The numbers:"]
        for fact in explanation.facts:
            lines += wrap(f"  {fact}", "    ")
    if len(explanation.causes) > 1 and not explanation.weak:
        lines += ["", "Likeliest first; the question decides:"]
    shown = explanation.causes[: how_many(explanation.causes)]
    for place, ranked in enumerate(shown, start=1):
        lines += ["", *one_cause(place, ranked, with_remedy=not explanation.weak)]
    rest = [ranked.cause.id for ranked in explanation.causes[len(shown) :]]
    if rest:
        more = "Also known behind it (`python -m helpers explain NAME` says more): "
        lines += ["", *wrap(more + ", ".join(rest))]
    if explanation.about_shapes is not False:
        lines += ["", *wrap(NEXT)]
    return "\n".join(lines)


def how_many(causes):
    """Three causes are shown, and a few more if they are as likely as the first."""
    close = [one for one in causes[:MOST] if one.score >= causes[0].score - 1]
    return max(3, len(close))


def heading(explanation):
    message = explanation.message
    if message is None:
        asked = explanation.causes and not explanation.by_words
        if not explanation.causes:
            return wrap(UNKNOWN)
        return [] if asked else wrap(WEAK if explanation.weak else BY_WORDS)
    lines = wrap(message.means)
    if message.remedy:
        lines += ["", *wrap(message.remedy)]
    if not message.causes:
        lines += ["", *wrap("This is not about the shape of an attention map.")]
    return lines


def one_cause(place, ranked, with_remedy=True):
    """A cause in lines: what it is, the question, the line to run, before and after."""
    cause = ranked.cause
    lines = wrap(f"{place}. {cause.cause}", "   ")
    for reason in ranked.reasons:
        lines += wrap(f"   Fits:   {reason}", "           ")
    lines += wrap(f"   Ask:    {cause.ask}", "           ")
    lines += block("Run:", cause.run)
    if with_remedy:
        lines += block("Before:", cause.before) + block("After:", cause.after)
    return [*lines, f"   Index:  {NOTEBOOK}, entry {cause.id}"]


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
