"""What invites: on each lesson a line that says where to run it, and a social card."""

from html import escape
from urllib.parse import quote

from helpers import ROOT

BINDER = "https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=lab/tree/{file}"
COLAB = "https://colab.research.google.com/github/{repository}/blob/HEAD/{file}"
CARD = "_images/caption.png"
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
    app.connect("html-page-context", run_it)
    app.connect("html-page-context", social_card)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
