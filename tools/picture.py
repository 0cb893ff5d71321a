"""Draw the two pictures of the README."""

import matplotlib

from helpers import captioning
from helpers.captioning.checkpoints import DATA
from helpers.maps import show_caption
from tools.notebooks import FOLDER


def draw():
    flat = captioning.sample_scenes(1, seed=41, size=(80, 112))[0]
    rendered = captioning.sample_rendered_scenes(1, seed=4, samples=3)[0]
    for name, scene, captioner in (
        ("caption.png", flat, captioning.load_captioner("additive")),
        ("rendered-caption.png", rendered, captioning.load_published()),
    ):
        caption = captioner.caption(scene.image)
        with matplotlib.rc_context(fname=FOLDER / "matplotlibrc"):
            figure = show_caption(scene, caption)
            figure.savefig(DATA / name, dpi=200)  # sharp on every screen
        print(DATA / name, "shows:", " ".join(caption.words))
