"""What Sphinx and MyST-NB do not do: Jupyter's anchors, alt text, search by message."""

import json
import re
from itertools import chain
from pathlib import Path

from docutils import nodes
from sphinx.search.en import SearchEnglish

from helpers.inspection.messages.index import read_index


def jupyter_anchor(title):
    """The anchor that Jupyter gives to a heading."""
    return title.replace(" ", "-")


def describe_figures(app, doctree):
    """Give every figure that a cell made an alt text.

    The text comes from the cell below: in this course it says what the figure shows.
    """
    for cell in doctree.findall(nodes.container):
        if "cell" in cell["classes"]:
            images = list(cell.findall(nodes.image))
            for number, image in enumerate(images, 1):
                count = f"Figure {number} of {len(images)}. " if len(images) > 1 else ""
                image["alt"] = count + text_below(cell)


def text_below(cell):
    """The first sentences below a cell, up to about 80 letters.

    Where a new section starts right below, its text is about something else. Then the
    heading above has to do.
    """
    below = cell.next_node(
        lambda node: isinstance(node, (nodes.paragraph, nodes.title)), ascend=True
    )
    if below is None or isinstance(below, nodes.title):
        return f"Figure of the section “{cell.parent.next_node(nodes.title).astext()}”"
    text = ""
    for sentence in re.split(r"(?<=[.?!])\s+", below.astext()):
        text = f"{text} {sentence}".strip()
        if len(text) >= 80:
            break
    return text


def mend_tables(app, page, template, context, doctree):
    """A header without a word is none: a screen reader announces it as a riddle."""
    body = context.get("body", "")
    context["body"] = re.sub(r"<th\b([^>]*)>(<p></p>)?</th>", r"<td\1></td>", body)


class SearchMessages(SearchEnglish):
    """Search in English, for messages that readers paste.

    Every word of a query must be on the page. So sizes such as 392x576 are left out, as
    Sphinx leaves out plain numbers, and so is the kind of the error.
    """

    js_splitter_code = r"""
var splitQuery = (query) =>
  query
    .split(/[^\p{Letter}\p{Number}_]+/gu)
    .filter((term) => term && !/^\d|(Error|Exception|Warning)$/.test(term));
"""


def rank_messages(app, config):
    """Make the search put the pages of a message's causes first, in their order."""
    index = read_index()
    messages = [
        (sorted({*map(wording, message.says)} - {""}), message.causes)
        for message in index.messages
        if message.causes
    ]
    entries = [(one.id, one.title, one.fits) for one in index.causes.values()]
    script = (Path(__file__).parent / "scorer.js").read_text(encoding="utf-8")
    for name, data in (("MESSAGES", messages), ("ENTRIES", entries)):
        script = script.replace(f"{name} = []", f"{name} = {json.dumps(data)}")
    file = Path(app.outdir).parent / "scorer.js"
    file.write_text(script, encoding="utf-8")
    config.html_search_scorer = str(file)


def wording(text):
    """An example of a message in letters alone; what stood for any text is a star."""
    parts = (re.sub("[^a-z]+", " ", part) for part in text.lower().split("..."))
    return "*".join(filter(None, map(str.strip, parts)))


def know_messages(app, doctree):
    """Let the page of an entry have the words of all messages that it is a cause of.

    The search shows only pages that have every word of a query, and an entry need not
    write out each message that it may be behind.
    """
    name = Path(doctree["source"]).stem.removeprefix("error-")
    said = chain(*(m.says for m in read_index().messages if name in m.causes))
    if words := sorted({*re.findall(r"\b(?!\d)\w+", " ".join(said))}):
        doctree += nodes.meta(name="keywords", content=", ".join(words))


def setup(app):
    app.connect("config-inited", rank_messages)
    app.add_search_language(SearchMessages)
    app.connect("doctree-read", describe_figures)
    app.connect("doctree-read", know_messages)
    app.connect("html-page-context", mend_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
