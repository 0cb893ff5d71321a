"""How Sphinx turns the course into pages. `make site` runs it."""

import os
import sys
from pathlib import Path

from helpers import ROOT

sys.path.insert(0, str(Path(__file__).parent))
SHARED = sorted(ROOT.glob("helpers/explorer/live/*.css"))

project = "Attention maps you can trust"
copyright = "the authors of the course; text and figures CC BY 4.0, code MIT"
language = "en"
extensions = ["myst_nb", "sphinx_copybutton", "pages", "invite"]

# OWNER/NAME on GitHub. With it, each notebook has links that open it on Binder and in
# Colab; GitHub's own workflows set it.
course_repository = os.environ.get("GITHUB_REPOSITORY", "")
# Where the site will stand, for the picture of a shared link; ends with a slash.
html_baseurl = os.environ.get("SITE_URL", "")

# The notebooks are shown as they were committed. Nothing runs, and no page asks
# another server for a script.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
myst_heading_anchors = 3
myst_heading_slug_func = "pages.jupyter_anchor"

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static", *map(str, SHARED)]
html_css_files = [
    *(file.name for file in SHARED),
    *("course.css", "live.css", "figures.css"),
]
html_js_files = [(name, {"defer": "defer"}) for name in ("quiz.js", "wide.js")]
html_favicon = "static/favicon.svg"
html_show_sphinx = False
html_use_index = False
# Without the logo: the title leads the table of contents.
html_sidebars = {"**": ["search-button-field.html", "sbt-sidebar-nav.html"]}
html_theme_options = {
    "home_page_in_toc": True,
    "max_navbar_depth": 1,
    "navbar_persistent": [],  # the search stands above the contents
    "search_as_you_type": True,
    "use_fullscreen_button": False,
    "footer_content_items": ["copyright.html"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
