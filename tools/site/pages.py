"""What Sphinx and MyST-NB do not do by themselves: Jupyter's anchors, and alt text."""

import re

from docutils import nodes


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


def setup(app):
    app.connect("doctree-read", describe_figures)
    app.connect("html-page-context", mend_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
