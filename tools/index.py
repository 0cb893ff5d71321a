"""The error index as a notebook, made from its data in data/errors.

`python -m tools index` writes it and runs it. The site takes its entries apart again.
"""

import copy
import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.inspection.messages.index import FOLDER, read_index
from tools.notebooks import INDEX, METADATA, run_all

IMPORTS = """\
import inspect
import logging
import math

import einops
import matplotlib.pyplot as plt
import numpy as np
import timm
import torch
import torchvision
import transformers
from captum.attr import visualization
from einops import rearrange
from PIL import Image
from torch import nn
from torch.nn.functional import interpolate, pad
from torchvision.transforms.v2 import CenterCrop
from torchvision.transforms.v2.functional import to_image

from helpers.classroom import failing
from helpers.inspection import capture_attention, diagnose
from helpers.maps import Geometry, TokenLayout, overlay

logging.disable(logging.WARNING)  # transformers says here why attentions are empty"""
SETUP = """\
torch.manual_seed(0)
B, T, A, D, h, w = 2, 5, 4, 32, 3, 7
N = h * w
words, cells = torch.randn(B, T, D), torch.randn(B, N, D)  # (B, T, D), (B, N, D)
image = torch.rand(1, 3, 32, 32)  # (B, 3, H, W)
small = {"hidden_size": D, "num_hidden_layers": 2, "num_attention_heads": A}


def tiny_vit():
    config = transformers.ViTConfig(**small, intermediate_size=64, image_size=32)
    return transformers.ViTModel(config).eval()  # random weights: 1 + 2 x 2 tokens"""
PAGE = "error-{}"  # of an entry, on the site
MAIN = 3  # a message is shown in full with its most frequent causes
SEARCH = """\
**Or search**: paste your message into the search field, with your own numbers. Every
page has a cause, the question that decides, and the lines before and after to copy."""
HEADING = re.compile(r"^### (.+)$", re.MULTILINE)


def make_index():
    """Write notebooks/error_index.ipynb and run it."""
    nbformat.write(new_notebook(cells=cells_of(read_index())), INDEX)
    run_all([INDEX])


def cells_of(index):
    """The cells of the notebook, in order, not run."""
    links = [
        f"[{title}](#{anchor(title)}) | {see}" for title, see, *_ in index.sections
    ]
    contents = "".join(f"| {link} |\n" for link in links)
    cells = [new_markdown_cell((text_of("opening") + contents).rstrip())]
    cells += [new_code_cell(IMPORTS), new_code_cell(SETUP)]
    for title, _, text, ids in index.sections:
        for place, name in enumerate(ids):
            above = f"## {title}\n\n{text}".rstrip() + "\n\n" if place == 0 else ""
            cells += entry_cells(index, index.causes[name], above)
    rows = "".join(map(row, (m for m in index.messages if not m.causes)))
    cells.append(new_markdown_cell((text_of("others") + rows).rstrip()))
    return [*cells, new_markdown_cell(text_of("closing").rstrip())]


def text_of(name):
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def entry_cells(index, cause, above=""):
    """An entry: heading and text, a program in plain PyTorch, one with the helpers."""
    cells = [new_markdown_cell(above + f"### {cause.title}\n\n{body(index, cause)}")]
    cells.append(new_code_cell(cause.code))
    if cause.course:
        cells.append(new_markdown_cell("With the course's helpers:"))
        cells.append(new_code_cell(cause.course))
    return cells


def body(index, cause):
    """The text of an entry: cause, question, messages, threads."""
    parts = [f"{cause.cause.strip()}\n\n**{cause.ask}** `{cause.run}`", remedy(cause)]
    main = [m.says[0] for m in index.messages if cause.id in m.causes[:MAIN]]
    said = [text for text in main if text not in cause.title]
    if said:
        parts.append("Also seen as " + "; ".join(map(quoted, said)) + ".")
    threads = ", ".join(map(link, cause.threads))
    parts.append(f"{threads} (entry `{cause.id}`)".strip())
    return "\n\n".join(parts)


def remedy(cause):
    """The lines before and after, to copy."""
    lines = ["# before", cause.before or "...", "# after", cause.after]
    return "\n".join(["```python", *lines, "```"])


def quoted(text):
    """A message as code, also if it has a backtick in it."""
    mark = "``" if "`" in text else "`"
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{mark}{space}{text}{space}{mark}"


def link(thread):
    """owner/name#7 as a link; GitHub leads from issues/7 to a pull request, too."""
    name, number = thread.split("#")
    return f"[{thread}](https://github.com/{name}/issues/{number})"


def row(message):
    said = quoted(message.says[0]).replace("|", "\\|")
    text = f"{message.means} {message.remedy}".replace("|", "\\|")
    return f"| {said} | {text} |\n"


def anchor(title):
    """Jupyter's anchor of a heading."""
    return title.replace(" ", "-")


def pages_of(notebook):
    """{name: notebook} for the site: a page of contents, and one for each entry."""
    index, entries = read_index(), entries_of(notebook)
    first, *_, others, closing = (
        c for c in notebook.cells if c.cell_type == "markdown"
    )
    setup = [cell for cell in notebook.cells if cell.cell_type == "code"][:2]
    asking = first.source[: first.source.index("**Or search**")]
    contents, pages = [asking + SEARCH], {}
    for title, see, _, ids in index.sections:
        lines = []
        for name in ids:
            title_of = index.causes[name].title
            lines.append(f"- [{title_of}]({PAGE.format(name)}.ipynb)")
            cells = [*entries[title_of], other_wordings(index, name), *setup]
            pages[PAGE.format(name)] = page_of(title, cells)
        contents.append(f"## {title}\n\n{see}\n\n" + "\n".join(lines))
    hidden = "```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```"
    parts = [*contents, others.source, closing.source, hidden]
    page = new_markdown_cell("\n\n".join(parts))
    return {INDEX.stem: new_notebook(cells=[page], metadata=METADATA), **pages}


def page_of(section, cells):
    """An entry as a notebook of its own, with its title as the title of the page."""
    text, *rest = copy.deepcopy(cells)
    text.source = text.source[text.source.index("### ") + 2 :]
    back = f"[{section}: other entries]({INDEX.name}#{anchor(section)})"
    notebook = new_notebook(cells=[text, *rest], metadata=METADATA)
    notebook.cells.append(new_markdown_cell(back))
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"  # copies would have the same one twice
    return notebook


def other_wordings(index, name):
    """All wordings of an entry's main messages, for the search, and a heading below."""
    main = [m for m in index.messages if name in m.causes[:MAIN]]
    said = dict.fromkeys(text for message in main for text in message.says)
    lines = [f"- {quoted(text)}" for text in said]
    lines = ["## The message in other words", "", *lines, ""] if said else []
    return new_markdown_cell("\n".join([*lines, "## Set-up of the programs"]))


def entries_of(notebook):
    """{title: cells} of a notebook of the index, without headings of sections."""
    entries, title = {}, None
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if found := HEADING.search(cell.source):
                title = found[1]
                entries[title] = []
            elif cell.source.startswith("## "):
                title = None
        if title:
            entries[title].append(cell)
    return entries
