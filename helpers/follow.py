"""Follow a torchvision transform: which part of a picture its output shows."""

# Steps that leave every pixel at its place.
STILL = (
    "ToTensor PILToTensor ToImage ToPureTensor ToDtype ConvertImageDtype Normalize "
    "Grayscale RGB ColorJitter GaussianBlur Identity"
).split()


class Steps:
    """The input on its way: its size, and the box that it shows of the picture."""

    def __init__(self, size, actions=()):
        self.size = tuple(size)
        self.box = (0.0, 0.0, float(size[1]), float(size[0]))
        for name, *arguments in actions:
            getattr(self, name)(*arguments)

    def resize(self, wanted, longest=None):
        """An int sets the shorter side, as torchvision does, rounding down."""
        if isinstance(wanted, int):
            short, long = sorted(self.size)
            other = int(wanted * long / short)
            if longest is not None and other > longest:
                wanted, other = int(longest * wanted / other), longest
            H, W = self.size
            wanted = (wanted, other) if H <= W else (other, wanted)
        self.size = tuple(wanted)

    def cut(self, top, left, height, width):
        """Rows and columns of the present input; beyond its edges it is padded."""
        x, y, right, bottom = self.box
        down, across = (bottom - y) / self.size[0], (right - x) / self.size[1]
        x, y = x + left * across, y + top * down
        self.box = (x, y, x + width * across, y + height * down)
        self.size = (height, width)

    def crop(self, wanted):
        """The middle; a side that is too short is padded first, as torchvision does."""
        wanted = (wanted, wanted) if isinstance(wanted, int) else tuple(wanted)
        start = []
        for side, want in zip(self.size, wanted, strict=True):
            spare = side - want
            start.append(-((-spare) // 2) if spare < 0 else round(spare / 2))
        self.cut(*start, *wanted)

    def pad(self, padding):
        """int, (x, y) or (left, top, right, bottom)."""
        sides = [padding] if isinstance(padding, int) else list(padding)
        left, top, right, bottom = (sides * 4)[:4]
        H, W = self.size
        self.cut(-top, -left, H + top + bottom, W + left + right)


def steps_of(transform):
    """The steps of a transform that move pixels, as names and arguments of Steps."""
    name = type(transform).__name__
    if hasattr(transform, "transforms") or name == "Sequential":
        for step in getattr(transform, "transforms", transform):
            yield from steps_of(step)
    elif name == "ImageClassification":  # weights.transforms() of torchvision
        yield "resize", one(transform.resize_size)
        yield "crop", one(transform.crop_size)
    elif name == "Resize":
        yield "resize", one(transform.size), transform.max_size
    elif name == "CenterCrop":
        yield "crop", one(transform.size)
    elif name == "Pad":
        yield "pad", transform.padding
    elif name not in STILL:
        raise ValueError(
            f"{name} may move pixels, and how is not known here: use the transform of "
            "evaluation, without chance, or give the box: Geometry(size, box)"
        )


def one(size):
    """torchvision keeps Resize(112) as 112 or as [112]."""
    return size[0] if isinstance(size, list | tuple) and len(size) == 1 else size
