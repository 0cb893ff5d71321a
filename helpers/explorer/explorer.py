"""The explorer: every map of every word, layer and head, and objects to move."""

import io
import re
from dataclasses import replace
from pathlib import Path

import anywidget
import numpy as np
from PIL import Image
from traitlets import Dict, observe

from helpers.captioning.rendered.scenes import RenderedObject
from helpers.captioning.stop_button import use_threads
from helpers.explorer.weights_to_maps import all_maps, seen_part
from helpers.explorer.worlds import Flat, Rendered
from helpers.maps.caption import Caption
from helpers.maps.overlays import COVER, DRAIN, EVEN, LIFT, palette
from helpers.maps.panels import show_caption
from helpers.maps.pictures import as_png, as_rgb

LIVE = Path(__file__).with_name("live")
MODULES = "dom maps overlay stage own_picture controls explorer widget".split()
SIDE = 448  # pixels: the longer side of the picture as it is shown, at most
DPI = 60  # of the picture for where no kernel runs
INK = {
    "palette": np.frombuffer(palette("ink"), np.uint8).reshape(256, 3).tolist(),
    "cover": COVER,
    "drain": DRAIN,
    "lift": LIFT,
    "even": EVEN,
}


def explore(captioners, image, geometry=None, **chosen):
    """A widget that shows every map of a caption, and moves what is in a Scene.

    captioners: a captioner, a list of them, or {name: captioner}; in a list, a variant
    that was there before gets its place as a number. A captioner has a method `caption`
    that makes a Caption of a PIL image; in its place, a Caption that is already there
    (see `laid_out`). image: a PIL image, or a Scene, whose masks are then compared with
    the maps; for captioners its two objects can be moved. geometry: the Geometry of
    what the model saw, if that is not the whole picture: only that is shown. chosen:
    what is chosen at first: word (a number, from 0), layer and head (a number, or
    "mean"), upsampling, opacity, shared (one colour scale for all words), cells (their
    numbers). Raises ValueError for no captioner at all and for a caption without words,
    TypeError for what is neither a captioner nor a Caption.
    """
    return Explorer(by_name(captioners), image, geometry, chosen)


def by_name(captioners):
    """{name: captioner or Caption}, whatever way they were given."""
    if can_be_shown(captioners):
        captioners = [captioners]
    if not isinstance(captioners, dict):
        named = {}
        for number, one in enumerate(captioners, 1):
            name = getattr(one, "variant", "captured")
            named[f"{name} {number}" if name in named else name] = one
        captioners = named
    if not captioners:
        raise ValueError("no captioner, nothing to explore")
    for one in captioners.values():
        if not can_be_shown(one):
            raise TypeError(
                f"expected a captioner or a Caption, got {type(one).__name__}"
            )
    return captioners


def can_be_shown(one):
    return isinstance(one, Caption) or hasattr(one, "caption")


class Explorer(anywidget.AnyWidget):
    """What `explore` returns.

    caption, image: the Caption that is shown now, and its picture or Scene, as far as
    the model saw it. The browser has all weights of a caption, so it asks the kernel
    only where a captioner is needed: it sets `asked`, and waits until `answered` has
    the number of its question.
    """

    # The JavaScript: a widget must bring it in one piece.
    _esm = "\n".join((LIVE / f"{name}.js").read_text("utf-8") for name in MODULES)
    _esm = re.sub(r"^(import [^;]*;|export (?!default))", "", _esm, flags=re.M)
    _css = "\n".join(file.read_text("utf-8") for file in sorted(LIVE.glob("*.css")))
    world, chosen, seen, asked, answered = (Dict().tag(sync=True) for _ in range(5))

    def __init__(self, captioners, image, geometry, chosen):
        fixed = any(isinstance(one, Caption) for one in captioners.values())
        objects = () if fixed or geometry else getattr(image, "objects", ())
        rendered = isinstance(next(iter(objects), None), RenderedObject)
        self.kind = Rendered if rendered else Flat
        self.captioners, self.geometry, self.first = captioners, geometry, image
        super().__init__(
            world={
                "variants": list(captioners),
                "things": self.kind.things(image) if len(objects) == 2 else None,
                "kept": "" if fixed else "the kernel captioned it",
                "ink": INK,
                **self.kind.choices,
            },
            chosen={"upsampling": "nearest", "shared": False, **chosen},
        )
        self.take(self.world["variants"][0], self.world["things"])

    @observe("asked")
    def answer(self, change):
        """Look at what the browser asks for; what cannot be is said there in words."""
        number, fault = change.new["number"], ""
        try:
            self.take(**change.new)
        except (ValueError, TypeError) as error:
            fault = str(error)
        except Exception as error:  # captioners are anybody's
            fault = f"{type(error).__name__}: {error}"
        self.answered = {"number": number, "fault": fault}

    def take(self, variant, things, photo=None, number=None):
        """Let a captioner look at a photo (bytes), at things that were moved, or at the
        first image."""
        image, geometry, things = self.first, self.geometry, None if photo else things
        with use_threads(1):
            if photo:
                image, geometry = Image.open(io.BytesIO(photo)), None
            elif things != self.world["things"]:
                image = self.kind.scene(things, self.first)
            picture = as_rgb(getattr(image, "image", image))
            caption = self.caption_of(variant, picture)
        image = image if hasattr(image, "masks") else picture
        weights = all_maps(caption, geometry)  # (L, A, T, h, w)
        self.image = image = seen_part(image, geometry) if geometry else image
        self.caption = replace(caption, maps=weights.mean((0, 1)))
        self.seen = {
            "variant": variant,
            "things": things,
            "reach": things and self.kind.reach(things, picture.size[::-1]),
            "photo": bool(photo),
            **as_sent(image, caption.words, weights),
        }

    def caption_of(self, name, picture):
        """The Caption that a variant gives a picture."""
        one = self.captioners[name]
        caption = one if isinstance(one, Caption) else one.caption(picture)
        if not caption.words:
            raise ValueError(f"{name} gives a caption without words: nothing to show")
        return caption

    def _repr_mimebundle_(self, **options):
        """Beside the widget, a picture of its words for where no kernel runs."""
        data, metadata = super()._repr_mimebundle_(**options)
        figure = show_caption(self.image, self.caption, upsample="nearest")
        png = as_png(figure, dpi=DPI)
        text = "The explorer: run this cell to use it."
        return {**data, "text/plain": text, "image/png": png}, metadata


def as_sent(image, words, weights):
    """A PIL image or a Scene, and what was said of it, as the browser gets them.

    weights: (L, A, T, h, w).
    """
    picture = getattr(image, "image", image)
    small = picture.copy()
    small.thumbnail((SIDE, SIDE))
    return {
        "picture": as_png(small, compress_level=1),  # fast: for the browser alone
        "size": {"width": picture.width, "height": picture.height},
        "truth": getattr(image, "words", None),
        "owners": getattr(image, "word_objects", []),
        "masks": getattr(image, "masks", np.zeros(0, bool)).tobytes(),  # (O, H, W)
        "words": words,
        "weights": weights.numpy().tobytes(),
        "shape": dict(zip("LAThw", weights.shape, strict=True)),
    }
