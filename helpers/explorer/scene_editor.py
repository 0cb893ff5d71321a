"""Two objects to move about, and what the captioners make of them, live."""

from dataclasses import replace

from ipywidgets import widgets as w

from helpers.captioning.rendered.arranging import make_rendered_scene
from helpers.captioning.rendered.rays import SOLIDS
from helpers.captioning.rendered.scenes import RenderedObject
from helpers.captioning.scenes import COLORS, SHAPES, SceneObject, make_scene
from helpers.captioning.temporary import one_thread
from helpers.captioning.words import PALETTE
from helpers.explorer.controls import notice, row
from helpers.explorer.explorer import explore

START_WITH = (
    SceneObject("circle", "red", 30, 36, 15),
    SceneObject("star", "blue", 78, 70, 17),
)
RENDERED_START = (
    RenderedObject("sphere", "red", -0.9, 0.2, shiny=True),
    RenderedObject("cone", "blue", 0.8, -0.5, turn=0.4),
)
RADIUS = (8, 28)  # pixels; training had 12 to 18
RENDERED_RADIUS = (0.4, 1.2)  # units of the floor; training had 0.7 to 0.9
FLOOR = (-2.5, 2.5)  # units of the floor: more is out of the picture


def edit_scene(captioners, size=(112, 112), objects=START_WITH):
    """Widgets to change a scene, over an Explorer that follows it: a SceneEditor.

    captioners: as for `explore`. size: (H, W) of the scene in pixels, multiples of 8
    from 64 to 224. objects: two SceneObjects to begin with, or two RenderedObjects for
    a scene with light and shadow, RENDERED_START for instance. Raises ValueError where
    `make_scene` or `make_rendered_scene` refuses them.
    """
    return SceneEditor(captioners, size, objects)


class SceneEditor(w.VBox):
    """What `edit_scene` returns.

    things: for each object a dict of controls, "shape", "color", "x", "y" (on a floor
    "z"), "radius"; status: HTML, why there is no picture of what they say; explorer:
    the Explorer below them.
    """

    def __init__(self, captioners, size, objects):
        self.size, self.objects = size, objects
        self.things = [self.controls(one, n) for n, one in enumerate(objects, start=1)]
        self.explorer = explore(captioners, self.scene())
        for control in (c for thing in self.things for c in thing.values()):
            control.observe(self.follow, "value")
        things = [w.VBox(list(thing.values())) for thing in self.things]
        self.status = w.HTML()
        super().__init__([row(*things), self.status, self.explorer])

    def controls(self, one, number):
        """One object's controls; the number tells the two apart."""
        rendered = isinstance(one, RenderedObject)
        shapes, colors = (SOLIDS, PALETTE) if rendered else (SHAPES, COLORS)
        controls = {
            "shape": w.Dropdown(options=shapes, value=one.shape),
            "color": w.Dropdown(options=list(colors), value=one.color),
            **(floor_sliders(one) if rendered else pixel_sliders(one, self.size)),
        }
        for name, control in controls.items():
            label = "colour" if name == "color" else name  # as in the prose
            control.description = f"{label} {number}"
        return controls

    def scene(self):
        """The Scene that the controls describe."""
        things = [
            replace(one, **{name: c.value for name, c in controls.items()})
            for one, controls in zip(self.objects, self.things, strict=True)
        ]
        rendered = isinstance(things[0], RenderedObject)
        return (make_rendered_scene if rendered else make_scene)(things, self.size)

    def follow(self, _=None):
        """Show the new scene; where there is none, say why and leave the last one."""
        try:
            with one_thread():
                scene = self.scene()
            self.explorer.look_at(scene)
            self.status.value = ""
        except ValueError as error:
            self.status.value = notice(f"{error}. The scene before is shown.")

    def _repr_mimebundle_(self, **options):
        """Beside the widget, a picture of it for where no kernel runs."""
        below = self.explorer._repr_mimebundle_(**options)
        bundle = {**below, **super()._repr_mimebundle_(**options)}
        return {**bundle, "text/plain": "The scene editor: run this cell to use it."}


def pixel_sliders(one, size):
    """The place of a SceneObject, in pixels."""
    H, W = size
    ranges = {"x": (0, W), "y": (0, H), "radius": RADIUS}
    return {
        name: w.IntSlider(int(getattr(one, name)), min=low, max=high)
        for name, (low, high) in ranges.items()
    }


def floor_sliders(one):
    """The place of a RenderedObject, in units of the floor."""
    ranges = {"x": FLOOR, "z": FLOOR, "radius": RENDERED_RADIUS}
    return {
        name: w.FloatSlider(getattr(one, name), min=low, max=high, step=0.1)
        for name, (low, high) in ranges.items()
    }
