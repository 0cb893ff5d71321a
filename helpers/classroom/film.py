"""A film of a training: frames drawn while it runs, to leaf through later."""

import base64
import math

import ipywidgets as widgets
from IPython.display import display
from matplotlib.figure import Figure

from helpers.maps.panels import PANEL, draw_map
from helpers.maps.pictures import as_png

DPI = 90
CURVES = 4  # inches, their width


class Film:
    """Maps of one scene and two curves, at many steps of a training.

    picture: a PIL image. words: {number of the word: the word} of the maps to show.
    masks: {number of the word: (H, W) bool}: the object that it names, outlined.
    top: the weight that gets the strongest colour, in all frames alike.
    """

    def __init__(self, picture, words, masks, top=0.4):
        self.picture, self.words, self.masks, self.top = picture, words, masks, top
        self.maps, self.right, self.losses, self.pages = {}, {}, {}, {}
        self.screen = widgets.HTML()

    def show(self):
        """Put up the screen on which every new frame appears."""
        display(self.screen)

    def add(self, step, maps, right, losses):
        """Take a frame: maps (T, h, w) at this step; right: {name: share, 0..1};
        losses: one for each step so far."""
        self.maps[step], self.right[step] = maps, right
        self.losses = list(losses)
        self.pages[step] = as_png(self.draw([step]), dpi=DPI)
        self.screen.value = as_html(self.pages[step], f"step {step}")

    def scrubber(self):
        """A slider from the first frame to the last. Where no kernel runs, two words at
        three moments: the first, that nearest to a quarter of the steps, the last."""
        steps = sorted(self.pages)
        slider = widgets.SelectionSlider(
            options=steps, value=steps[-1], description="step"
        )
        slider.layout.width = "min(40em, 95%)"
        page = widgets.HTML()

        def turn(_=None):
            page.value = as_html(self.pages[slider.value], f"step {slider.value}")

        slider.observe(turn, "value")
        turn()
        view = widgets.VBox([slider, page])._repr_mimebundle_()
        page_of_three = as_png(self.draw(self.moments(), [*self.words][:2]), dpi=DPI)
        strip = base64.b64encode(page_of_three).decode()
        words = "The training, step by step: run the notebook to leaf through it."
        display({**view, "text/plain": words, "image/png": strip}, raw=True)

    def moments(self):
        """Up to three steps: the first, about a quarter, the last."""
        steps = sorted(self.pages)
        quarter = min(steps, key=lambda step: abs(step - steps[-1] / 4))
        return sorted({steps[0], quarter, steps[-1]})

    def draw(self, steps, words=None):
        """A Figure: the maps of these words at these steps, and beside them the curves
        up to the last step. As high as two panels: a slide is wide."""
        maps = [(step, word) for word in words or self.words for step in steps]
        columns = max(2, len(steps))
        tall = PANEL * self.picture.height / self.picture.width + 0.4
        rows = math.ceil(len(maps) / columns)
        wide = PANEL * columns + CURVES
        figure = Figure(figsize=(wide, tall * max(2, rows)), layout="constrained")
        left, right = figure.subfigures(1, 2, width_ratios=(wide - CURVES, CURVES))
        self.draw_maps(left.subplots(rows, columns, squeeze=False).ravel(), maps)
        self.draw_curves(right.subplots(2, 1, sharex=True), steps[-1])
        return figure

    def draw_curves(self, panels, step):
        """The loss of every step, and the shares of right words at every frame."""
        above, below = panels
        above.plot(self.losses[:step])
        above.set(title="loss, nats per word", yscale="log")
        steps = [s for s in sorted(self.right) if s <= step]
        for name, style in zip(self.right[step], ("-", "--", ":"), strict=False):
            shares = [self.right[s][name] for s in steps]
            below.plot(steps, shares, style, marker=".", label=name)
        below.set(title="share right, unseen scenes", xlabel="step", ylim=(0, 1.05))
        below.legend(loc="lower right")
        for panel in panels:
            panel.grid(alpha=0.3)

    def draw_maps(self, panels, maps):
        """Maps, each by its step and the number of its word, on one scale; the object
        that the word names is outlined."""
        for panel in panels:
            panel.set_axis_off()
        for panel, (step, number) in zip(panels, maps, strict=False):
            heat, scale = self.maps[step][number], (0, self.top)  # (h, w)
            draw_map(panel, self.picture, heat, self.masks[number], scale=scale)
            word = self.words[number]
            panel.set_title(f"step {step}: {word}  {float(heat.max()):.2f}")


def as_html(png, alt):
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<img alt="{alt}" style="max-width: 100%" src="{source}">'
