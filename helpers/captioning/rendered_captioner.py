"""Our own captioner of rendered scenes: convolutions, then the course's transformer."""

from PIL import Image
from torch import nn
from torchvision.transforms.v2.functional import pil_to_tensor

from helpers.captioning.captioners import WIDTH, Captioner
from helpers.captioning.models import Encoder, convolution
from helpers.captioning.rendered_scenes import RENDERED_VOCABULARY
from helpers.maps.pictures import as_rgb

SIZE = (64, 96)  # pixels: what both captioners of rendered scenes take, 8 x 12 cells


class WideEncoder(Encoder):
    """As `Encoder`, but a cell sees 22 x 22 pixels: its own 8 x 8, and 7 on every side.

    A cube and a cylinder look alike through a hole of 10 pixels.
    """

    def __init__(self, width):
        super().__init__(width)
        self.layers = nn.Sequential(
            *convolution(3, 32, kernel=4, stride=2, padding=1),
            *convolution(32, 64, kernel=4, stride=2, padding=1),
            *convolution(64, width, kernel=4, stride=2, padding=1),
        )


class RenderedCaptioner(Captioner):
    """The transformer variant for rendered scenes; a picture is resized to 64 x 96."""

    def __init__(self):
        super().__init__("transformer", RENDERED_VOCABULARY)
        self.encoder = WideEncoder(WIDTH)

    @staticmethod
    def to_input(image):
        """A PIL image as the model takes it: (3, 64, 96) in -1..1."""
        picture = as_rgb(image).resize(SIZE[::-1], Image.Resampling.BILINEAR)
        return pil_to_tensor(picture) / 127.5 - 1  # (3, H, W)
