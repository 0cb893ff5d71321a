"""Two objects to move about, and what the captioners make of them, live."""

from ipywidgets import widgets as w

from helpers.captioning.scenes import COLORS, SHAPES, SceneObject, make_scene
from helpers.captioning.temporary import one_thread
from helpers.explorer.controls import notice, row
from helpers.explorer.explorer import explore

START_WITH = (
    SceneObject("circle", "red", 30, 36, 15),
    SceneObject("star", "blue", 78, 70, 17),
)
RADIUS = (8, 28)  # pixels; training had 12 to 18


def edit_scene(captioners, size=(112, 112), objects=START_WITH):
    """Widgets to change a scene, over an Explorer that follows it: a SceneEditor.

    captioners: as for `explore`. size: (H, W) of the scene in pixels, multiples of 8
    from 64 to 224. objects: two SceneObjects to begin with. Raises ValueError where
    `make_scene` refuses them.
    """
    return SceneEditor(captioners, size, objects)


class SceneEditor(w.VBox):
    """What `edit_scene` returns.

    things: for each object a dict of controls, "shape", "color", "x", "y", "radius";
    status: HTML, why there is no picture of what they say; explorer: the Explorer below
    them.
    """

    def __init__(self, captioners, size, objects):
        self.size = size
        self.things = [self.controls(one, n) for n, one in enumerate(objects, start=1)]
        self.explorer = explore(captioners, self.scene())
        for control in (c for thing in self.things for c in thing.values()):
            control.observe(self.follow, "value")
        things = [w.VBox(list(thing.values())) for thing in self.things]
        self.status = w.HTML()
        super().__init__([row(*things), self.status, self.explorer])

    def controls(self, one, number):
        """One object's controls; the number tells the two apart."""
        H, W = self.size
        sliders = {
            "x": (one.x, 0, W),
            "y": (one.y, 0, H),
            "radius": (one.radius, *RADIUS),
        }
        controls = {
            "shape": w.Dropdown(options=SHAPES, value=one.shape),
            "color": w.Dropdown(options=list(COLORS), value=one.color),
        }
        for name, (value, low, high) in sliders.items():
            controls[name] = w.IntSlider(int(value), min=low, max=high)
        for name, control in controls.items():
            label = "colour" if name == "color" else name  # as in the prose
            control.description = f"{label} {number}"
        return controls

    def scene(self):
        """The Scene that the controls describe."""
        return make_scene(
            [SceneObject(**{k: c.value for k, c in t.items()}) for t in self.things],
            self.size,
        )

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
