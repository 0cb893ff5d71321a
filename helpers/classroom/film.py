"""A film of a training: frames drawn while it runs, to leaf through later."""

import base64

import ipywidgets as widgets
from IPython.display import display
from matplotlib.figure import Figure

from helpers.maps.panels import PANEL, draw_map
from helpers.maps.pictures import as_png

DPI = 90


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
        """A slider from the first frame to the last. Where no kernel runs, three
        moments: the first, that nearest to a quarter of the steps, the last."""
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
        strip = base64.b64encode(as_png(self.draw(self.moments()), dpi=DPI)).decode()
        words = "The training, step by step: run the notebook to leaf through it."
        display({**view, "text/plain": words, "image/png": strip}, raw=True)

    def moments(self):
        """Up to three steps: the first, about a quarter, the last."""
        steps = sorted(self.pages)
        quarter = min(steps, key=lambda step: abs(step - steps[-1] / 4))
        return sorted({steps[0], quarter, steps[-1]})

    def draw(self, steps):
        """A Figure: one row of maps per step, and the curves up to the last of them."""
        columns, rows = len(self.words), len(steps) + 1
        tall = PANEL * self.picture.height / self.picture.width + 0.8
        figure = Figure(figsize=(PANEL * columns, tall * rows), layout="constrained")
        *above, below = figure.subfigures(rows, 1)
        for row, step in zip(above, steps, strict=True):
            row.suptitle(f"step {step}")
            self.draw_maps(row.subplots(1, columns, squeeze=False)[0], step)
        self.draw_curves(below.subplots(1, 2), steps[-1])
        return figure

    def draw_curves(self, panels, step):
        """The loss of every step, and the shares of right words at every frame."""
        left, right = panels
        left.plot(self.losses[:step])
        left.set(title="loss, nats per word", xlabel="step", yscale="log")
        steps = [s for s in sorted(self.right) if s <= step]
        for name, style in zip(self.right[step], ("-", "--", ":"), strict=False):
            shares = [self.right[s][name] for s in steps]
            right.plot(steps, shares, style, marker=".", label=name)
        right.set(title="share right, scenes never met", xlabel="step", ylim=(0, 1.05))
        right.legend(loc="lower right")
        for panel in panels:
            panel.grid(alpha=0.3)

    def draw_maps(self, panels, step):
        """The named words' maps on one scale, each object outlined."""
        for panel, (number, word) in zip(panels, self.words.items(), strict=True):
            heat, scale = self.maps[step][number], (0, self.top)  # (h, w)
            draw_map(panel, self.picture, heat, self.masks[number], scale=scale)
            panel.set_title(f"{word}  {float(heat.max()):.2f}")


def as_html(png, alt):
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<img alt="{alt}" style="max-width: 100%" src="{source}">'
