"""An explanation as text for a terminal."""

import textwrap
import tomllib

from helpers.inspection.messages.index import FOLDER, NOTEBOOK

WIDTH, MOST = 88, 5
SAID = tomllib.loads((FOLDER / "phrases.toml").read_text(encoding="utf-8"))
SORTING = SAID["sorting"]


def as_text(explanation):
    """All of an explanation, the likeliest causes with their question and remedy."""
    causes = explanation.causes
    paragraphs = heading(explanation)
    if explanation.facts:
        facts = [wrap(f"  {fact}", "    ") for fact in explanation.facts]
        paragraphs.append("\n".join(["The numbers:", *facts]))
    if len(causes) > 1 and not explanation.by_words:
        told = causes[0].told
        paragraphs.append(wrap(SAID["ranked"] if told else SAID["undecided"]))
    shown = causes[: how_many(causes)]
    sure = causes and causes[0].told or explanation.by_words and not explanation.weak
    likely = [place for place, one in enumerate(shown, start=1) if one.told] or [1]
    for place, ranked in enumerate(shown, start=1):
        if sure and place == likely[-1] + 1:
            paragraphs.append(SAID["less"])
        paragraphs.append("\n".join(one_cause(place, ranked)))
    if explanation.sorting:
        lines = [
            wrap(f"  {seen}: {cause.ask} (`explain {cause.id}`)", "    ")
            for seen, cause in explanation.sorting
        ]
        paragraphs.append("\n".join([SAID["sort"], *lines]))
    if rest := [ranked.cause.id for ranked in causes[len(shown) :]]:
        more = "Also known behind it (`python -m helpers explain NAME` says more): "
        paragraphs.append(wrap(more + ", ".join(rest)))
    if causes or explanation.message is None:
        paragraphs.append(wrap(SAID["next"]))
    return "\n\n".join(paragraphs)


def how_many(causes):
    """Three causes are shown, and a few more if they are as likely as the first."""
    close = [one for one in causes[:MOST] if one.score >= causes[0].score - 1]
    return max(3, len(close))


def heading(explanation):
    """What was recognised, in paragraphs."""
    message, causes = explanation.message, explanation.causes
    if message is not None:
        close = f"{SAID['close']} *{message.says[0]}*" if explanation.close else ""
        shapes = "" if message.causes else SAID["not_shapes"]
        hint = SAID["hint"] if explanation.weak and causes else ""
        parts = (close, message.means, message.remedy, shapes, hint)
        return [wrap(part) for part in parts if part]
    if not causes:
        return [wrap(SAID["unknown"])]
    if not explanation.by_words:
        return []  # the entry was asked for by its name
    return [wrap(SAID["weak"] if explanation.weak else SAID["by_words"])]


def one_cause(place, ranked):
    """A cause in lines: what it is, the question, the line to run, before and after."""
    cause = ranked.cause
    lines = [wrap(f"{place}. {cause.cause}", "   ")]
    lines += [
        wrap(f"   Fits:   {reason}", " " * 11)
        for reason in ranked.reasons
        if reason not in ranked.generic
    ]
    lines += [wrap(f"   Ask:    {cause.ask}", " " * 11), *block("Run:", cause.run)]
    lines += block("Before:", cause.before) + block("After:", cause.after)
    return [*lines, f"   Index:  {NOTEBOOK}, entry {cause.id}"]


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
