"""The controls of the explorer, and how they are laid out."""

from ipywidgets import widgets as w
from traitlets import link

from helpers.overlay import UPSAMPLE

COLORMAPS = ("inferno", "viridis", "cividis", "magma", "gray")
WIDTH = w.Layout(width="210px")
WRAP = w.Layout(flex_flow="row wrap")
MEAN = "mean"  # of all layers, of all heads; None would mean: nothing is chosen


class Controls(w.VBox):
    """Widgets without a picture in them yet; each is an attribute.

    names: what can be chosen as `variant`. uploads: whether to offer an own picture.
    left, right, text, status: HTML, for the picture, its cells, the numbers and what
    there is to tell.
    """

    def __init__(self, names, uploads=True):
        self.variant = dropdown("variant", names)
        self.layer, self.head = dropdown("layer", [MEAN]), dropdown("head", [MEAN])
        self.upsample = dropdown("upsampling", UPSAMPLE)
        self.colormap = dropdown("colours", COLORMAPS)
        self.opacity = w.FloatSlider(0.5, max=1, step=0.05, description="opacity")
        self.shared = w.Checkbox(description="one colour scale for all words")
        self.words = w.ToggleButtons(options=[("", 0)], description="caption")
        self.words.style.button_width = "auto"
        self.word = w.IntSlider(0, max=0, description="word")
        self.play = w.Play(max=0, interval=1200)
        link((self.words, "value"), (self.word, "value"))
        w.jslink((self.play, "value"), (self.word, "value"))
        self.upload = w.FileUpload(accept="image/*", description="Your picture")
        self.save = w.Button(description="Save as PNG")
        self.left, self.right, self.text, self.status = (w.HTML() for _ in range(4))
        files = [self.upload, self.save] if uploads else [self.save]
        super().__init__(
            [
                self.words,
                row(self.play, self.word),
                row(self.variant, self.layer, self.head),
                row(self.upsample, self.colormap, self.opacity),
                self.shared,
                row(self.left, self.right),
                self.text,
                row(*files),
                self.status,
            ]
        )

    def drawn_from(self):
        """The controls that change the picture, but not the caption."""
        style = [self.upsample, self.colormap, self.opacity, self.shared]
        return [self.word, self.layer, self.head, *style]

    def fit(self, caption):
        """Offer the words, layers and heads of a Caption; keep what is chosen, if it
        is still there."""
        word, last = self.word.value, len(caption.words) - 1
        self.words.options = [(word, i) for i, word in enumerate(caption.words)]
        self.word.max = self.play.max = last
        self.word.value = min(word, last)
        counts = [1, 1, *caption.weights.shape[:-2]][-2:]  # L, A
        for control, count in zip((self.layer, self.head), counts, strict=True):
            chosen, choices = control.value, range(count if count > 1 else 0)
            first = MEAN if count > 1 else "only one"
            control.options = [(first, MEAN), *((str(i), i) for i in choices)]
            control.value = chosen if chosen in choices else MEAN
            control.disabled = count == 1

    def title(self):
        """The chosen variant, layer and head in words."""
        parts = [self.variant.value]
        for control, name in ((self.layer, "layer"), (self.head, "head")):
            if not control.disabled:
                mean = control.value == MEAN
                parts.append(f"mean of {name}s" if mean else f"{name} {control.label}")
        return ", ".join(parts)


def dropdown(label, options):
    return w.Dropdown(options=list(options), description=label, layout=WIDTH)


def row(*widgets):
    """Side by side where there is room, below each other where there is not."""
    return w.HBox(widgets, layout=WRAP)
