"""The error index as notebooks, made from its data in data/errors.

`python -m tools index` writes and runs its notebooks; only the two cells of set-up are
written in the first itself. On the site each entry has a page of its own, with the
notes that hold in one library or situation alone; here `explain` says those that fit.
"""

import ast
import re
from itertools import chain

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.inspection.messages.index import FOLDER, read_index
from tools.notebooks import INDEX, run_all

SHORT = 8  # lines of a program that stays in one cell
CONTINUED = "error_index_continued"  # how the later notebooks open
WORDINGS = 6  # of an entry in the notebook; its page of the site has all


def make_index():
    """Write the notebooks of the index and run them."""
    setup = nbformat.read(INDEX[0], as_version=4).cells[1:3]
    for file in INDEX:
        cells = cells_of(read_index(), file.stem, setup)
        nbformat.write(new_notebook(cells=cells), file)
    run_all(INDEX)


def cells_of(index, part, setup):
    """The cells of a notebook of the index, in order; setup: those below the first."""
    links = {s: f"{s.part}.ipynb#{anchor(s.title)}" for s in index.sections}
    titles = [(f"[{s.title}]({link})", s.see) for s, link in links.items()]
    opening = part if part == INDEX[0].stem else CONTINUED
    number = f"part {part[-1]} of {len(INDEX)}"
    opening = with_rows(opening, titles).replace("PART", number)
    cells = [new_markdown_cell(opening), *setup]
    for _, title, _, text, ids in (s for s in index.sections if s.part == part):
        entries = [entry_cells(index, index.causes[name]) for name in ids]
        first = entries[0][0]
        first.source = f"## {title}\n\n{text}".rstrip() + f"\n\n{first.source}"
        cells += chain(*entries)
    return [*cells, new_markdown_cell(with_rows("closing"))]


def with_rows(name, rows=()):
    """A text of data/errors, with rows below its table."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    cells = (" | ".join(part.replace("|", "\\|") for part in row) for row in rows)
    return "\n".join([text.rstrip(), *(f"| {row} |" for row in cells)])


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
    more = [f"# with the course's helpers\n{cause.course}"] * bool(cause.course)
    text = new_markdown_cell("\n\n".join(filter(None, parts)))
    return [text, *map(new_code_cell, [*in_cells(cause.code), *more])]


def in_cells(code):
    """A program as one cell, or a long one as two: what fails, and what mends it."""
    lines = code.splitlines()
    if len(lines) <= SHORT or "plt." in code:  # a cell's end shows and closes figures
        return [code]
    last = max(n for n, line in enumerate(lines, 1) if "# before" in line)
    wrong = next(s for s in ast.parse(code).body if s.end_lineno >= last)
    first, second = lines[: wrong.end_lineno], lines[wrong.end_lineno :]
    mixed = "# after" in "".join(first) or "# after" not in "".join(second)
    if mixed or isinstance(wrong, ast.Expr):  # its value would be printed
        return [code]
    return ["\n".join(part).strip("\n") for part in (first, second)]


def messages_of(index, name, first):
    """The messages that have an entry among their first, likeliest, causes."""
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


def read_entries():
    """{id: the cells of its entry} in the notebooks of the index."""
    entries = {}
    for cell in chain(*(nbformat.read(f, as_version=4).cells[3:-1] for f in INDEX)):
        if cell.cell_type == "markdown":
            own = entries[re.search(r"\(entry `(.+)`\)$", cell.source)[1]] = []
        own.append(cell)
    return entries
