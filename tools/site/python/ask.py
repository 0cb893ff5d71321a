"""Runs in the browser: what `explain` finds, as JSON. Needs nothing but the standard
library, and helpers.inspection.messages."""

import json
import re

from helpers.inspection.messages.explain import explain
from helpers.inspection.messages.report import NAMED, heading, notes_of

SHOWN = 6  # causes
FIELDS = ("id", "cause", "ask", "run", "before", "after")


def as_json(text):
    """heading, facts and causes of an explanation, texts without line breaks."""
    found = explain(text)
    of_message, *notes = notes_of(found)
    causes = [
        {name: getattr(ranked.cause, name) for name in FIELDS}
        | {"reasons": ranked.reasons}
        | {"cause": one_line(" ".join([ranked.cause.cause, *said]))}
        for ranked, said in zip(found.causes[:SHOWN], notes, strict=False)
    ]
    facts = [one_line(fact) for fact in (*found.facts, *found.named[:NAMED])]
    said = one_line(" ".join(heading(found, of_message)))
    return json.dumps({"heading": said, "facts": facts, "causes": causes})


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()
