"""The error index on the site: a page of contents, and one for each entry.

So a search leads to the entry, and not to the top of a very long page.
"""

from functools import partial

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from helpers.inspection.messages.index import read_index
from helpers.inspection.messages.notes import pairs_of
from tools.index import (
    anchor,
    messages_of,
    quoted,
    read_entries,
    with_rows,
)
from tools.notebooks import INDEX, METADATA

TO_COPY = "```python\n# before\n{}\n# after\n{}\n```"
FIRST = "```{{admonition}} {}\n:class: tip\n{}\n```"  # what holds in a whole section
ASK = "In a terminal, with the course installed: `python -m helpers explain {}`"
page_of = partial(new_notebook, metadata=METADATA)


def make_pages():
    """{name: notebook} for the site: a page of contents, and one for each entry."""
    index, entries = read_index(), read_entries()
    opening, *setup = nbformat.read(INDEX[0], as_version=4).cells[:3]
    contents = [opening.source.split("**Or")[0] + with_rows("search")]
    pages = {}
    for section in index.sections:
        _, title, see, said, ids = section
        back = f"[{title}: other entries]({INDEX[0].name}#{anchor(title)})"
        lines = [f"## {title}\n\n{see}\n\n{said}".rstrip() + "\n"]
        for name in ids:
            cause, (first, *rest) = index.causes[name], entries[name]
            lines.append(f"- [{cause.title}](error-{name}.ipynb)\\\n  {cause.brief}")
            top = new_markdown_cell(top_of(section, cause, first.source))
            cells = [top, *rest, other_wordings(index, name), *setup]
            pages[f"error-{name}"] = page_of(cells=[*cells, new_markdown_cell(back)])
        contents.append("\n".join(lines))
    hidden = "```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```"
    said = (m for m in index.messages if not m.causes)
    others = [(quoted(m.says[0]), in_short(m)) for m in said]
    named = (folded_notes(*group) for group in index.names.items())
    contents += [with_rows("names"), *named, with_rows("others", others)]
    contents += [with_rows("closing"), hidden]
    page = page_of(cells=[new_markdown_cell("\n\n".join(contents))])
    return {INDEX[0].stem: page} | pages


def top_of(section, cause, text):
    """The text of an entry, its section's, lines to copy, notes, and how to ask."""
    parts = [
        text[text.index("### ") + 2 :],
        section.text and FIRST.format(section.title, section.text),
        TO_COPY.format(cause.before or "...", cause.after),
        folded_notes("In one library or situation", cause.notes),
        ASK.format(cause.id),
    ]
    return "\n\n".join(filter(None, parts))


def folded_notes(title, notes):
    """Notes as a list to open; "" without any."""
    if not notes:
        return ""
    lines = [f"- {note}" for _, note in pairs_of(notes)]
    head = f"<details><summary>{title} ({len(lines)})</summary>"
    return "\n".join([head, "", *lines, "", "</details>"])


def in_short(message):
    notes = (note for _, note in pairs_of(message.notes))
    return " ".join([message.means, message.remedy, *notes])


def other_wordings(index, name):
    """All wordings of an entry's main messages, for the search, and a heading below."""
    main = messages_of(index, name, 2)
    said = dict.fromkeys(f"- {quoted(text)}" for m in main for text in m.says)
    lines = ["## The message in other words", "", *said, ""] if said else []
    return new_markdown_cell("\n".join([*lines, "## Set-up of the programs"]))
