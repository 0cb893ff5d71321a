"""The error index as notebooks, made from its data in data/errors.

`python -m tools index` writes and runs both of its notebooks; only the two cells of
set-up are written in the first itself. The site takes the entries apart again.
"""

from functools import partial
from itertools import chain, islice

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.inspection.messages.index import FOLDER, read_index
from tools.notebooks import INDEX, METADATA, run_all

TO_COPY = "\n\n```python\n# before\n{}\n# after\n{}\n```"  # on a page of the site
WORDINGS = 6  # of an entry in the notebook; its page of the site has all
page_of = partial(new_notebook, metadata=METADATA)


def make_index():
    """Write the notebooks of the index and run them."""
    index, setup = read_index(), nbformat.read(INDEX[0], as_version=4).cells[1:3]
    for file in INDEX:
        cells = cells_of(index, file.stem, setup)
        nbformat.write(new_notebook(cells=cells), file)
    run_all(INDEX)


def cells_of(index, part, setup):
    """The cells of a notebook of the index, in order; setup: those below the first."""
    opening = "opening" if part == INDEX[0].stem else "opening_more"
    own = [section for section in index.sections if section.part == part]
    listed = index.sections if opening == "opening" else own
    titles = [(f"[{s.title}]({place_of(s, part)})", s.see) for s in listed]
    cells = [with_rows(opening, titles), *setup]
    for _, title, _, text, ids in own:
        entries = [entry_cells(index, index.causes[name]) for name in ids]
        first = entries[0][0]
        first.source = f"## {title}\n\n{text}".rstrip() + f"\n\n{first.source}"
        cells += chain(*entries)
    return [*cells, with_rows("closing")]


def place_of(section, here):
    """The link to a section, from the notebook `here`."""
    other = f"{section.part}.ipynb" if section.part != here else ""
    return f"{other}#{anchor(section.title)}"


def with_rows(name, rows=()):
    """A text of data/errors, with rows below its table."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    for row in rows:
        said, means = (part.replace("|", "\\|") for part in row)
        text += f"| {said} | {means} |\n"
    return new_markdown_cell(text.rstrip())


def entry_cells(index, cause):
    """An entry: heading and text, a program in plain PyTorch, one with the helpers."""
    main = [message.says[0] for message in messages_of(index, cause.id, 1)]
    said = [quoted(text) for text in main if text not in cause.title][:WORDINGS]
    parts = [
        f"### {cause.title}",
        f"{' '.join(cause.cause.split())}\n\n**{cause.ask}** `{cause.run}`",
        f"Also seen as {'; '.join(said)}." if said else "",
        f"{', '.join(map(link, cause.threads))} (entry `{cause.id}`)".strip(),
    ]
    cells = [new_markdown_cell("\n\n".join(filter(None, parts)))]
    cells.append(new_code_cell(cause.code))
    if cause.course:
        cells.append(new_code_cell(f"# with the course's helpers\n{cause.course}"))
    return cells


def messages_of(index, name, first):
    """The messages that have an entry among their first, most frequent, causes."""
    return [m for m in index.messages if name in m.causes[:first]]


def quoted(text):
    """A message as code, also if it has a backtick in it."""
    mark = "``" if "`" in text else "`"
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{mark}{space}{text}{space}{mark}"


def link(thread):
    """owner/name#7 as a link; GitHub leads from issues/7 to a pull request, too."""
    name, number = thread.split("#")
    return f"[{thread}](https://github.com/{name}/issues/{number})"


def anchor(title):
    """Jupyter's anchor of a heading."""
    return title.replace(" ", "-")


def make_pages():
    """{name: notebook} for the site: a page of contents, and one for each entry."""
    index, entries = read_index(), read_entries()
    opening, *setup = nbformat.read(INDEX[0], as_version=4).cells[:3]
    contents = [opening.source.split("**Or")[0] + with_rows("search").source]
    pages = {}
    for _, title, see, _, ids in index.sections:
        back = f"[{title}: other entries]({INDEX[0].name}#{anchor(title)})"
        lines = [f"## {title}\n\n{see}\n"]
        for name in ids:
            cause, (first, *rest) = index.causes[name], entries[name]
            lines.append(f"- [{cause.title}](error-{name}.ipynb)\\\n  {cause.brief}")
            top = new_markdown_cell(first.source[first.source.index("### ") + 2 :])
            top.source += TO_COPY.format(cause.before or "...", cause.after)
            cells = [top, *rest, other_wordings(index, name), *setup]
            pages[f"error-{name}"] = page_of(cells=[*cells, new_markdown_cell(back)])
        contents.append("\n".join(lines))
    hidden = "```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```"
    said = [m for m in index.messages if not m.causes]
    others = [(quoted(m.says[0]), f"{m.means} {m.remedy}") for m in said]
    contents += [
        with_rows("others", others).source,
        with_rows("closing").source,
        hidden,
    ]
    page = new_markdown_cell("\n\n".join(contents))
    return {INDEX[0].stem: page_of(cells=[page]), **pages}


def other_wordings(index, name):
    """All wordings of an entry's main messages, for the search, and a heading below."""
    main = messages_of(index, name, 2)
    said = dict.fromkeys(f"- {quoted(text)}" for m in main for text in m.says)
    lines = ["## The message in other words", "", *said, ""] if said else []
    return new_markdown_cell("\n".join([*lines, "## Set-up of the programs"]))


def read_entries():
    """{id: the cells of its entry} in the notebooks of the index."""
    index, entries = read_index(), {}
    for file in INDEX:
        cells = iter(nbformat.read(file, as_version=4).cells[3:])
        own = [s.ids for s in index.sections if s.part == file.stem]
        for name in chain(*own):
            length = len(entry_cells(index, index.causes[name]))
            entries[name] = list(islice(cells, length))
    return entries
