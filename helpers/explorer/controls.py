"""The controls of the explorer, and how they are laid out."""

from html import escape

from ipywidgets import widgets as w
from traitlets import link

from helpers.explorer.uploads import MOST_MB
from helpers.maps.overlays import UPSAMPLE

COLORMAPS = ("ink", "inferno", "viridis", "cividis", "magma", "gray")
WIDTH = w.Layout(width="210px")
WRAP = w.Layout(flex_flow="row wrap")
HIDDEN = "\u200b"  # a space of no width
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
        self.opacity = w.FloatSlider(0.8, max=1, step=0.05, description="opacity")
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
        own = [self.upload, w.HTML(f"up to {MOST_MB} MB")] if uploads else []
        super().__init__(
            [
                self.words,
                row(self.play, self.word),
                row(self.variant, self.layer, self.head),
                row(self.upsample, self.colormap, self.opacity),
                self.shared,
                row(self.left, self.right),
                self.text,
                row(*own, self.save),
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
        self.words.options = [(w, i) for i, w in enumerate(told_apart(caption.words))]
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


def told_apart(words):
    """The words as labels; those that repeat differ in something that nobody sees.

    The browser finds the button to highlight by its label: the first "a" for both.
    """
    return [word + HIDDEN * words[:i].count(word) for i, word in enumerate(words)]


def notice(text):
    """A sentence as HTML; a screen reader says it when it changes."""
    return f'<span role="status">{escape(text)}</span>'


def dropdown(label, options):
    return w.Dropdown(options=list(options), description=label, layout=WIDTH)


def row(*widgets):
    """Side by side where there is room, below each other where there is not."""
    return w.HBox(widgets, layout=WRAP)
