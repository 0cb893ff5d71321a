"""The explorer: every map of every word, layer and head of a caption, by hand."""

import io
import re
from html import escape
from pathlib import Path

from helpers.captioning.temporary import one_thread
from helpers.explorer.cells import as_cells, as_tiles
from helpers.explorer.controls import Controls, notice
from helpers.explorer.uploads import read_upload
from helpers.explorer.views import (
    all_maps,
    as_img,
    as_one,
    color_bar,
    for_show,
    in_words,
    on_picture,
    scale_of,
)
from helpers.maps.caption import Caption
from helpers.maps.geometry import Geometry
from helpers.maps.pictures import as_rgb


def explore(captioners, image, geometry=None):
    """Widgets that show every map of a caption: an Explorer.

    captioners: a captioner, a list of them, or {name: captioner}; in a list, those of
    one variant are numbered. A captioner has a method `caption` that makes a Caption of
    a PIL image; in its place, a Caption that is already there (see `laid_out`). image:
    a PIL image, or a Scene, whose masks are then compared with the maps. geometry: the
    Geometry of what the model saw, if that is not the whole picture. Raises ValueError
    for no captioner at all and for a caption without words, TypeError for what is
    neither a captioner nor a Caption.
    """
    return Explorer(by_name(captioners), image, geometry)


def numbered(names):
    """The names; those that are there several times get a number each."""
    return [
        f"{name} {names[:i].count(name) + 1}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def by_name(captioners):
    """{name: Captioner or Caption}, whatever way they were given."""
    if can_be_shown(captioners):
        captioners = [captioners]
    if not isinstance(captioners, dict):
        captioners = list(captioners)
        names = [getattr(one, "variant", "captured") for one in captioners]
        captioners = dict(zip(numbered(names), captioners, strict=True))
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


class Explorer(Controls):
    """What `explore` returns. Its controls are attributes, set `.value` as by hand.

    variant, word (a number, from 0), layer and head (a number, or "mean"),
    upsample, colormap, opacity, shared (one colour scale for all words).
    """

    def __init__(self, captioners, image, geometry=None):
        fixed = any(isinstance(one, Caption) for one in captioners.values())
        super().__init__(captioners, uploads=not fixed)
        self.captioners = captioners
        self.look_at(image, geometry)
        self.variant.observe(self.new_caption, "value")
        for control in self.drawn_from():
            control.observe(self.draw, "value")
        self.upload.observe(self.take_upload, "value")
        self.save.on_click(self.keep)

    def look_at(self, image, geometry=None):
        """Caption another picture, or a Scene. Raises what the captioner raises, and
        then leaves all as it was."""
        picture = as_rgb(getattr(image, "image", image))
        geometry = geometry or Geometry.squash(picture.size[::-1])
        captions = {self.variant.value: self.caption_of(self.variant.value, picture)}
        self.scene = image if hasattr(image, "masks") else None
        self.picture, self.captions = picture, captions
        self.shown = for_show(picture, geometry)
        self.new_caption()

    def caption_of(self, name, picture):
        """The Caption that a variant gives a picture."""
        one = self.captioners[name]
        with one_thread():
            caption = one if isinstance(one, Caption) else one.caption(picture)
        if not caption.words:
            raise ValueError(f"{name} gives a caption without words: nothing to show")
        return caption

    def new_caption(self, _=None):
        """Fit the controls to the chosen variant's caption, then draw once."""
        name = self.variant.value
        if name not in self.captions:
            self.captions[name] = self.caption_of(name, self.picture)
        self.caption = None  # while the controls change, nothing is drawn
        self.fit(self.captions[name])
        self.caption = self.captions[name]
        self.draw()

    def draw(self, _=None):
        """Show the map that the controls name."""
        if self.caption is None:
            return
        word, colormap = self.word.value, self.colormap.value
        maps = all_maps(self.caption, self.layer.value, self.head.value)  # (T, h, w)
        scale = scale_of(maps, word, self.shared.value)
        style = {"scale": scale, "colormap": colormap, "opacity": self.opacity.value}
        self.now = on_picture(self.shown, maps[word], self.upsample.value, **style)
        self.now_cells = self.shown, maps[word], scale, colormap
        said = in_words(self.caption.words[word], maps[word], self.mask())
        whose = "all words" if self.shared.value else "this word"
        colors = f"colours from {scale[0]:.3g} to {scale[1]:.3g}, for {whose}"
        self.lines = [f"{self.title()}: {' '.join(self.caption.words)}", said, colors]
        self.left.value = as_img(self.now, f"the map on the picture; {said}")
        self.right.value = as_cells(*self.now_cells, f"the cells; {said}")
        self.text.value = f"{escape(said)}.<br>{color_bar(colormap)} {colors}"

    def mask(self):
        """The mask (H, W) of the object that the chosen word names, if it is known."""
        if self.scene is None or self.caption.words != self.scene.words:
            return None
        owner = self.scene.word_objects[self.word.value]
        return None if owner is None else self.scene.masks[owner]

    def take_upload(self, change):
        """Caption an uploaded picture; what is wrong with it is said in the widget."""
        if not change["new"]:
            return
        file = change["new"][0]
        try:
            self.look_at(read_upload(file["content"]))
            self.tell(f"{file['name']}: a captioner of scenes calls everything a scene")
        except Exception as error:  # whatever a file may hold: the learner is told
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}, "
            self.tell(f"{file['name']} was not taken: {kind}{error}")
        self.upload.value = ()  # or the same file again would be no change

    def tell(self, text):
        self.status.value = notice(text)

    def view(self):
        """What is shown now, as one PIL image: picture, cells and numbers."""
        return as_one([self.now, as_tiles(*self.now_cells)], self.lines)

    def keep(self, _=None):
        """Write the view to a PNG file beside the notebook."""
        name = f"{self.title()} {self.word.value} {self.caption.words[self.word.value]}"
        file = Path(f"view {re.sub(r'[^0-9a-z]+', ' ', name.lower())}.png").resolve()
        try:
            self.view().save(file)
            self.tell(f"saved as {file}")
        except OSError as error:
            self.tell(f"not saved as {file}: {error.strerror}")

    def _repr_mimebundle_(self, **options):
        """Beside the widget, a picture of it for where no kernel runs."""
        png = io.BytesIO()
        self.view().save(png, "PNG")
        return {
            **super()._repr_mimebundle_(**options),
            "text/plain": "The explorer: run this cell to use it.",
            "image/png": png.getvalue(),
        }
