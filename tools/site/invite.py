"""What invites: on a lesson where to run it and a live figure, and a social card."""

from html import escape
from urllib.parse import quote

from helpers import ROOT

BINDER = "https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=lab/tree/{file}"
COLAB = "https://colab.research.google.com/github/{repository}/blob/HEAD/{file}"
CARD = "_images/caption.png"
FIGURES = {  # lesson: its live figure in live/figures.js, and what one does with it
    "01": ("cell", "Live: click a cell, and see which key it is"),
    "02": ("query", "Live: turn a query, and see what it reads from four cells"),
    "04": ("heads", "Live: move the objects, and look through layers and heads"),
}
SCRIPT = '<script type="module" src="{}"></script>'
DESCRIPTION = (
    "Drag a star in your browser, and the caption, the attention maps and their score "
    "follow. A notebook course from a tensor of the wrong size to a map to trust."
)


def run_it(app, page, template, context, doctree):
    """Below the title of a notebook: run it on Binder, in Colab, on your machine."""
    if not (ROOT / f"{page}.ipynb").exists():
        return
    repository, path = app.config.course_repository, context["pathto"]
    names = {"repository": repository, "file": quote(f"{page}.ipynb")}
    places = [(path("about") + "#start", "on your machine")]
    if repository:
        places[:0] = [
            (BINDER.format(**names), "on Binder"),
            (COLAB.format(**names), "in Colab"),
        ]
    links = [f'<a href="{escape(to)}">{where}</a>' for to, where in places]
    line = f'<p class="run-it">Run it: {", ".join(links)}.</p>'
    number = page.removeprefix("notebooks/")[:2]
    if number in FIGURES and app.config.course_live:
        name, summary = FIGURES[number]
        line += f'<details data-figure="{name}"><summary>{summary}</summary><div></div>'
        line += "</details>" + SCRIPT.format(path("live/figures.js", 1))
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{line}", 1)


def social_card(app, page, template, context, doctree):
    """What a link to the page looks like where somebody shares it."""
    picture = app.config.html_baseurl + CARD
    tags = {"og:title": app.config.project, "og:description": DESCRIPTION}
    tags |= {
        "og:type": "website",
        "og:image": picture,
        "twitter:card": "summary_large_image",
    }
    lines = [
        f'<meta property="{name}" content="{escape(text)}">'
        for name, text in tags.items()
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)


def setup(app):
    app.add_config_value("course_repository", "", "html")
    app.add_config_value("course_live", False, "html")
    app.connect("html-page-context", run_it)
    app.connect("html-page-context", social_card)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
