"""Our own captioner of rendered scenes: convolutions, then the course's transformer."""

from PIL import Image
from torch import nn
from torchvision.transforms.v2.functional import pil_to_tensor

from helpers.captioning.captioners import WIDTH, Captioner
from helpers.captioning.checkpoints import DATA, RENDERED, load_weights
from helpers.captioning.models import Encoder, convolution
from helpers.captioning.words import RENDERED_VOCABULARY
from helpers.maps.pictures import as_rgb

INPUT_SIZE = (64, 96)  # pixels: what both captioners take, 8 x 12 cells


class WideEncoder(Encoder):
    """As `Encoder`, but a cell sees 14 x 14 pixels: its own 8 x 8, and 3 on every side,
    and one layer more thinks about what it sees."""

    def __init__(self, width):
        super().__init__(width)
        self.layers = nn.Sequential(
            *convolution(3, 32, kernel=4, stride=2, padding=1),
            *convolution(32, 64, kernel=4, stride=2, padding=1),
            *convolution(64, width, kernel=2, stride=2, padding=0),
            *convolution(width, width, kernel=1, stride=1, padding=0),
        )


class RenderedCaptioner(Captioner):
    """The transformer variant for rendered scenes; a picture is resized to 64 x 96."""

    def __init__(self):
        super().__init__("transformer", RENDERED_VOCABULARY)
        self.variant = "convolutions + transformer"
        self.encoder = WideEncoder(WIDTH)

    @staticmethod
    def to_input(image):
        """A PIL image as the model takes it: (3, 64, 96) in -1..1."""
        picture = as_rgb(image).resize(INPUT_SIZE[::-1], Image.Resampling.BILINEAR)
        return pil_to_tensor(picture) / 127.5 - 1  # (3, H, W)


def load_rendered(folder=DATA):
    """The shipped `RenderedCaptioner`; raises what `load_captioner` raises."""
    captioner = RenderedCaptioner()
    load_weights(captioner, RENDERED[0], folder)
    return captioner.eval()
